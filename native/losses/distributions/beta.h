// The beta distribution, of which implicit quantiles are drawn.
#pragma once

namespace nd::distribution {

/// The q-quantile of the density x^(alpha - 1)·(1 - x)^(beta - 1) on [0, 1].
double beta_quantile(double q, double alpha, double beta);

}  // namespace nd::distribution
