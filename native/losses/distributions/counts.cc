#include "losses/distributions/counts.h"

#include <algorithm>

#include "losses/distributions/families.h"
#include "nn/gamma.h"

namespace nd {
namespace distribution {
// log Γ(r + y) - log Γ(r) cancels in float32 when r = 1/α is large: the data are nearly Poisson
// then, and a fit goes there by itself. With Stirling's formula the large parts cancel on paper:
// what is left is (r + y)·(log(1 + αm) - log(1 + αy)) + ½·log(1 + αy) and two remainders.
Var NegativeBinomial::negative_log_likelihood(const Var* raw, Var loc, Var scale, Var y) const {
  Graph& graph = *y.graph;
  const Var zero = graph.constant(0.0), one = graph.constant(1.0);
  if (compat) {
    Var p[2];
    map(raw, loc, scale, p);
    const Var total = p[0], probability = p[1];
    return log_gamma(total) + log_gamma(y + 1.0) - log_gamma(total + y) - y * log(probability) -
           total * log(1.0 - probability);
  }
  Var mean, alpha;
  mean_and_alpha(raw, loc, scale, mean, alpha);
  const Var r = one / alpha, positive = greater(y, zero);
  // log(1 + αx) = softplus(log α + log x), exact however small the product is.
  const Var log_alpha = log(alpha), log_mean = log(mean);
  const Var of_mean = softplus(log_alpha + log_mean);
  const Var of_y = where(positive, softplus(log_alpha + log(where(positive, y, one))), zero);
  return log_gamma(y + 1.0) - y * log_mean + y + (r + y) * (of_mean - of_y) + of_y * 0.5 +
         stirling_remainder(r) - stirling_remainder(r + y);
}

}  // namespace distribution

namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

class PoissonDistribution final : public Distribution {
 public:
  explicit PoissonDistribution(bool compat) : family_{1e-10, compat} {}
  std::vector<std::string> names() const override { return {"-loc"}; }
  void parameters(std::span<const double> raw, double loc, double scale,
                  std::span<double> out) const override {
    family_.map(raw.data(), loc, scale, out.data());
  }
  double mean(std::span<const double> p) const override { return p[0]; }
  double quantile(std::span<const double> p, double q) const override {
    return count_quantile<Poisson>(p.data(), q);
  }
  bool supports(double y) const override { return is_count(y); }
  std::string_view support() const override { return kCountSupport; }
  double nearest(double y) const override { return std::max(y, 0.0); }
  bool linear() const override { return true; }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    Var rate;
    family_.map(in.raw.data(), in.loc, in.scale, &rate);
    return Poisson::negative_log_likelihood(&rate, in.target);
  }

 private:
  Poisson family_;
};

class NegativeBinomialDistribution final : public Distribution {
 public:
  explicit NegativeBinomialDistribution(bool compat) : family_{compat} {}
  std::vector<std::string> names() const override {
    return {"-total_count", family_.compat ? "-logits" : "-probs"};
  }
  void parameters(std::span<const double> raw, double loc, double scale,
                  std::span<double> out) const override {
    family_.map(raw.data(), loc, scale, out.data());
  }
  double mean(std::span<const double> p) const override { return NegativeBinomial::mean(p.data()); }
  double quantile(std::span<const double> p, double q) const override {
    return count_quantile<NegativeBinomial>(p.data(), q);
  }
  bool supports(double y) const override { return is_count(y); }
  std::string_view support() const override { return kCountSupport; }
  double nearest(double y) const override { return std::max(y, 0.0); }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    return family_.negative_log_likelihood(in.raw.data(), in.loc, in.scale, in.target);
  }

 private:
  NegativeBinomial family_;
};

}  // namespace

std::shared_ptr<const Distribution> poisson_distribution(bool compat) {
  return std::make_shared<PoissonDistribution>(compat);
}
std::shared_ptr<const Distribution> negative_binomial_distribution(bool compat) {
  return std::make_shared<NegativeBinomialDistribution>(compat);
}

}  // namespace nd
