#include <numbers>

#include "losses/distributions/families.h"
#include "losses/distributions/location_scale.h"

namespace nd {
namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

class Normal final : public LocationScale<Normal> {
 public:
  std::vector<std::string> names() const override { return {"-loc", "-scale"}; }
  Role role(size_t i) const { return i == 0 ? Role::location : Role::scale; }

  template <class T>
  void map(const T* raw, T* out) const {
    out[0] = raw[0];
    out[1] = softplus(raw[1]) + 0.2;
  }

  double mean(std::span<const double> p) const override { return p[0]; }
  double quantile(std::span<const double> p, double q) const override {
    return p[0] + p[1] * normal_quantile(q);
  }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    const std::vector<Var> p = mapped(in);
    const Var t = (in.z - p[0]) / p[1];
    return t * t * 0.5 + log(p[1]) + log(in.scale) + 0.5 * std::log(2 * std::numbers::pi);
  }
};
}  // namespace

std::shared_ptr<const Distribution> normal_distribution() { return std::make_shared<Normal>(); }

}  // namespace nd
