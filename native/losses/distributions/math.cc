#include "losses/distributions/math.h"

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <numbers>

#include "losses/distributions/boost_policy.h"

namespace nd::distribution {

double normal_quantile(double q) {
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * q, BoostPolicy());
}

double normal_cdf(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double poisson_cdf(double k, double rate) {
  return boost::math::gamma_q(k + 1, rate, BoostPolicy());
}

double negative_binomial_cdf(double k, double total_count, double p) {
  return boost::math::ibetac(k + 1, total_count, p, BoostPolicy());
}

}  // namespace nd::distribution
