// The quantiles that a loss of implicit quantiles is shown while it trains.
#pragma once

#include <vector>

#include "base/philox.h"
#include "graph/plan.h"
#include "losses/implicit.h"

namespace nd::train {

class QuantileFeed {
 public:
  explicit QuantileFeed(const QuantileDraws& draws);
  /// Draws a quantile for every step of the windows of `plan`, a function of (seed, number); does
  /// nothing for a plan that reads none.
  void feed(Plan& plan, uint64_t seed, uint32_t number);

 private:
  /// The quantile of the beta distribution at u in [0, 1).
  double level(double u) const;

  QuantileDraws draws_;
  std::vector<double> table_;  // of the distribution; empty where it is uniform
  std::vector<double> cosines_;
};

}  // namespace nd::train
