#include <algorithm>

#include "losses/distributions/families.h"
#include "losses/distributions/math.h"

namespace nd {
namespace {

/// Whether something happens; the network's output is the logit of its probability.
class Bernoulli final : public Distribution {
 public:
  /// `compat`: the column of the probability is called as in the reference.
  explicit Bernoulli(bool compat) : compat_(compat) {}
  std::vector<std::string> names() const override { return {compat_ ? "-logits" : "-probs"}; }

  void parameters(std::span<const double> raw, double /*loc*/, double /*scale*/,
                  std::span<double> out) const override {
    out[0] = distribution::sigmoid(raw[0]);
  }
  double mean(std::span<const double> p) const override { return p[0]; }
  double quantile(std::span<const double> p, double q) const override {
    return 1 - p[0] >= q ? 0 : 1;
  }
  bool supports(double y) const override { return y == 0 || y == 1; }
  std::string_view support() const override { return "0 or 1"; }
  double nearest(double y) const override { return std::clamp(y, 0.0, 1.0); }
  bool linear() const override { return true; }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    return softplus(in.raw[0]) - in.target * in.raw[0];
  }

 private:
  bool compat_;
};
}  // namespace

std::shared_ptr<const Distribution> bernoulli_distribution(bool compat) {
  return std::make_shared<Bernoulli>(compat);
}

}  // namespace nd
