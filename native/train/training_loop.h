// The steps of a fit, one after the other: draw windows, run the plan, clip, step; validate, hand
// out checkpoints, stop.
#pragma once

#include "train/trainer.h"

namespace nd::train {

/// train() of a request that has been checked and has steps to take.
TrainResult run_training_loop(const TrainRequest& request, FloatBuffer& parameters);

}  // namespace nd::train
