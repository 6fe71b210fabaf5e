// Every family of distributions, by hand (see models/list.h for why). `compat` restores the
// reference's defects (docs/compatibility.md).
#pragma once

#include "losses/distributions/distribution.h"

namespace nd {

std::shared_ptr<const Distribution> normal_distribution();
std::shared_ptr<const Distribution> student_t_distribution();
std::shared_ptr<const Distribution> poisson_distribution(bool compat);
std::shared_ptr<const Distribution> negative_binomial_distribution(bool compat);
std::shared_ptr<const Distribution> bernoulli_distribution(bool compat);
std::shared_ptr<const Distribution> tweedie_distribution(double rho, bool compat);
/// A spline through `quantiles`, `pieces` linear ones between two of them.
std::shared_ptr<const Distribution> isqf_distribution(std::vector<double> quantiles, int64_t pieces,
                                                      bool compat);

/// K components of one family with equal or learned weights.
struct MixtureOptions {
  int64_t components = 1;
  bool weighted = false;             ///< weights are outputs too
  bool batch_correlation = false;    ///< a component holds for all windows of a batch
  bool horizon_correlation = false;  ///< a component holds for the whole horizon
  bool compat = false;
};
std::shared_ptr<const Distribution> gaussian_mixture(const MixtureOptions& options);
std::shared_ptr<const Distribution> poisson_mixture(const MixtureOptions& options);
std::shared_ptr<const Distribution> negative_binomial_mixture(const MixtureOptions& options);

}  // namespace nd
