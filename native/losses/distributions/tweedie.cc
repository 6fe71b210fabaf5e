#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>

#include "losses/distributions/boost_policy.h"
#include "losses/distributions/families.h"
#include "losses/distributions/math.h"

namespace nd {
namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

constexpr double kLargestLog = 37;

/// A Poisson number of gamma jumps (Tweedie, 1984): zeros and positive amounts, variance mean^ρ.
/// Parameters log μ, and ρ behind it.
class Tweedie final : public Distribution {
 public:
  Tweedie(double rho, bool compat) : rho_(rho), compat_(compat) {}
  std::vector<std::string> names() const override { return {"-log_mu"}; }

  void parameters(std::span<const double> raw, double loc, double /*scale*/,
                  std::span<double> out) const override {
    const auto clamp = [](double x, double least) { return std::clamp(x, least, kLargestLog); };
    if (compat_) {
      out[0] = clamp(clamp(softplus(raw[0]), 1e-9) + std::log(loc), 1e-9);
    } else {
      out[0] = clamp(raw[0] + (loc > 0 ? std::log(loc) : 0), -kLargestLog);
    }
  }
  double mean(std::span<const double> p) const override { return std::exp(p[0]); }
  double quantile(std::span<const double> p, double q) const override {
    const double mu = std::exp(p[0]), rate = std::pow(mu, 2 - rho_) / (2 - rho_);
    if (std::exp(-rate) >= q) return 0;
    const double deviation = std::pow(mu, rho_ / 2);
    double high = mu + deviation;
    while (cdf(high, mu, rate) < q) high += high;
    // To 1e-12 of the answer: every step of the search is a sum over the number of jumps.
    double low = 0;
    while (high - low > 1e-12 * high) {
      const double middle = low + (high - low) / 2;
      if (!(middle > low && middle < high)) break;
      (cdf(middle, mu, rate) >= q ? high : low) = middle;
    }
    return high;
  }
  bool supports(double y) const override { return y >= 0 && std::isfinite(y); }
  std::string_view support() const override { return "a number of at least 0"; }
  double nearest(double y) const override { return std::max(y, 0.0); }
  bool linear() const override { return true; }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    Graph& graph = *in.z.graph;
    const Var least = graph.constant(compat_ ? 1e-9 : -kLargestLog),
              most = graph.constant(kLargestLog), zero = graph.constant(0.0);
    const auto clamp = [&](Var x) { return minimum(maximum(x, least), most); };
    Var log_mu;
    if (compat_) {
      log_mu = clamp(clamp(softplus(in.raw[0])) + log(in.loc));
    } else {
      const Var positive = greater(in.loc, zero);
      log_mu = clamp(in.raw[0] +
                     where(positive, log(where(positive, in.loc, graph.constant(1.0))), zero));
    }
    return exp(log_mu * (2 - rho_)) / (2 - rho_) -
           in.target * exp(log_mu * (1 - rho_)) / (1 - rho_);
  }

 private:
  /// P(Y <= y) = Σ_n P(N = n)·P(Γ(n·α, 1/β) <= y), over the numbers of jumps that matter.
  double cdf(double y, double mu, double rate) const {
    const double alpha = (2 - rho_) / (rho_ - 1), beta = std::pow(mu, 1 - rho_) / (rho_ - 1);
    const double spread = 9 * std::sqrt(rate) + 20;
    const double first = std::max(1.0, std::floor(rate - spread)), last = rate + spread;
    double sum = first == 1 ? std::exp(-rate) : 0;
    double weight =
        std::exp(first * std::log(rate) - rate - boost::math::lgamma(first + 1, BoostPolicy()));
    for (double n = first; n <= last; ++n) {
      sum += weight * boost::math::gamma_p(n * alpha, beta * y, BoostPolicy());
      weight *= rate / (n + 1);
    }
    return sum;
  }

  double rho_;
  bool compat_;
};
}  // namespace

std::shared_ptr<const Distribution> tweedie_distribution(double rho, bool compat) {
  return std::make_shared<Tweedie>(rho, compat);
}

}  // namespace nd
