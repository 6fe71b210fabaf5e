// Can this network learn at all? A network that cannot repeat a handful of windows by heart will
// not learn a panel: its rate is too small or too large, its scaler does not fit, its inputs are
// blind.
#pragma once

#include <vector>

#include "train/trainer.h"

namespace nd::train {

struct OneBatchOptions {
  int64_t steps = 2000;
  double tolerance = 0.01;
  int64_t windows = 8;
};

/// Losses are normalised: a network that forecasts the mean of the batch's targets has 1, a perfect
/// one 0. Of a distribution, whose likelihood has no end, the loss is the squared error of its
/// mean.
struct OneBatchResult {
  bool passed = false;         ///< the last loss is below the tolerance
  std::vector<double> losses;  ///< before each step; the first one below the tolerance ends them
};

/// Trains `parameters` (initialised; afterwards worth nothing) on one batch of `windows` windows
/// without dropout, at config.learning_rate, which falls by a cosine. `request` of trial_request().
/// Throws E0011 when all targets of the batch are the same.
OneBatchResult check_one_batch(TrainRequest request, FloatBuffer& parameters,
                               const OneBatchOptions& options);

}  // namespace nd::train
