#include "losses/distributions/distribution.h"

#include "ops/ops.h"

namespace nd {

Var Distribution::loss(const LikelihoodInputs& in) const {
  return sum_all(negative_log_likelihood(in) * in.weight) * in.inverse_sum;
}

}  // namespace nd
