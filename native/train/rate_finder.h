// The range test of learning rates (Smith, "Cyclical learning rates for training neural networks",
// WACV 2017): a short training whose rate grows exponentially; where the loss falls fastest is a
// good rate.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "train/trainer.h"

namespace nd::train {

struct RateRange {
  double from = 1e-7, to = 1;  ///< 0 < from < to
  int64_t steps = 100;         ///< at least 10
};

struct RateCurve {
  std::vector<double> rates;         ///< of the steps that were taken, ascending
  std::vector<double> losses;        ///< before each step
  std::vector<double> smoothed;      ///< the same without the noise of batches, smooth_losses()
  std::optional<double> suggestion;  ///< none where the loss never fell
  bool diverged = false;             ///< the test ended before `to`: the loss had exploded
};

/// Gaussian mean over neighbours with a deviation of a twentieth of the points: no lag, so that a
/// rate is not blamed for what an earlier one did. What lies above `ceiling` counts as that.
std::vector<double> smooth_losses(std::span<const double> losses, double ceiling);

/// The rate at which `smoothed` falls most per factor of the rate, below all that was before it;
/// none when it never falls.
std::optional<double> steepest_rate(std::span<const double> rates,
                                    std::span<const double> smoothed);

/// Trains `parameters` (initialised; afterwards worth nothing). The test ends when the loss is not
/// finite, or a running mean of it lies above that of the first step by as much as that is
/// (less what had been gained since), and by more than chance. `request` of trial_request().
RateCurve find_learning_rate(const TrainRequest& request, FloatBuffer& parameters,
                             const RateRange& range);

}  // namespace nd::train
