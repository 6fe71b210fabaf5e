// The mixtures: GMM, PMM and NBMM of Olivares et al. ("Probabilistic hierarchical forecasting with
// deep Poisson mixtures", 2021).
#include <algorithm>
#include <numbers>

#include "losses/distributions/counts.h"
#include "losses/distributions/mixture.h"

namespace nd {
namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

class GaussianMixture final : public Mixture {
 public:
  explicit GaussianMixture(const MixtureOptions& options) : Mixture(options, 2) {}
  std::vector<std::string> names() const override { return names_of({"-mu", "-std"}); }

  double quantile(std::span<const double> p, double q) const override {
    const double z = normal_quantile(q);
    double low = 0, high = 0;
    for (size_t k = 0; k < components(); ++k) {
      const auto own = component(p, k);
      const double one = own[0] + z * own[1];
      low = k == 0 ? one : std::min(low, one), high = k == 0 ? one : std::max(high, one);
    }
    if (low == high) return low;
    return solve_quantile(
        [&](double y) {
          return mixed(p, [y](const auto& own) { return normal_cdf((y - own[0]) / own[1]); });
        },
        q, low, high);
  }

 protected:
  Var log_likelihood(const LikelihoodInputs& in, const Var* raw) const override {
    const Var deviation = softplus(raw[1]) + 0.2, t = (in.z - raw[0]) / deviation;
    return neg(t * t * 0.5 + log(deviation) + log(in.scale) + 0.5 * std::log(2 * std::numbers::pi));
  }
  void map_component(const double* raw, double loc, double scale, double* out) const override {
    out[0] = raw[0] * scale + loc;
    out[1] = (softplus(raw[1]) + 0.2) * scale;
  }
  double component_mean(const double* p) const override { return p[0]; }
};

/// Of Poisson or negative binomial components.
template <class Family>
class CountMixture : public Mixture {
 public:
  CountMixture(const MixtureOptions& options, Family family)
      : Mixture(options, Family::kSize), family_(family) {}

  double quantile(std::span<const double> p, double q) const override {
    double low = 0, high = 0;
    for (size_t k = 0; k < components(); ++k) {
      const double one = count_quantile<Family>(component(p, k).data(), q);
      low = k == 0 ? one : std::min(low, one), high = k == 0 ? one : std::max(high, one);
    }
    if (low == high) return low;
    return smallest_count(
        [&](double y) {
          return mixed(p, [y](const auto& own) { return Family::cdf(own.data(), y); });
        },
        q, low - 1, high);
  }
  bool supports(double y) const override { return is_count(y); }
  std::string_view support() const override { return kCountSupport; }
  double nearest(double y) const override { return std::max(y, 0.0); }

 protected:
  const Family& family() const { return family_; }
  void map_component(const double* raw, double loc, double scale, double* out) const override {
    family_.map(raw, loc, scale, out);
  }
  double component_mean(const double* p) const override { return Family::mean(p); }

 private:
  Family family_;
};

class PoissonMixture final : public CountMixture<Poisson> {
 public:
  explicit PoissonMixture(const MixtureOptions& options)
      : CountMixture(options, Poisson{1e-3, options.compat}) {}
  std::vector<std::string> names() const override { return names_of({"-lambda"}); }

 protected:
  Var log_likelihood(const LikelihoodInputs& in, const Var* raw) const override {
    Var rate;
    family().map(raw, in.loc, in.scale, &rate);
    return neg(Poisson::negative_log_likelihood(&rate, in.target));
  }
};

class NegativeBinomialMixture final : public CountMixture<NegativeBinomial> {
 public:
  explicit NegativeBinomialMixture(const MixtureOptions& options)
      : CountMixture(options, NegativeBinomial{options.compat, options.compat}) {}
  std::vector<std::string> names() const override { return names_of({"-total_count", "-probs"}); }

 protected:
  Var log_likelihood(const LikelihoodInputs& in, const Var* raw) const override {
    return neg(family().negative_log_likelihood(raw, in.loc, in.scale, in.target));
  }
};

}  // namespace

std::shared_ptr<const Distribution> gaussian_mixture(const MixtureOptions& options) {
  return std::make_shared<GaussianMixture>(options);
}
std::shared_ptr<const Distribution> poisson_mixture(const MixtureOptions& options) {
  return std::make_shared<PoissonMixture>(options);
}
std::shared_ptr<const Distribution> negative_binomial_mixture(const MixtureOptions& options) {
  return std::make_shared<NegativeBinomialMixture>(options);
}

}  // namespace nd
