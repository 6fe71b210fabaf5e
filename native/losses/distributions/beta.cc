#include "losses/distributions/beta.h"

#include <boost/math/special_functions/beta.hpp>

#include "losses/distributions/boost_policy.h"

namespace nd::distribution {

double beta_quantile(double q, double alpha, double beta) {
  return boost::math::ibeta_inv(alpha, beta, q, BoostPolicy());
}

}  // namespace nd::distribution
