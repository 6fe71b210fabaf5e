// Learning rates as closed forms of the step, equal to what torch.optim.lr_scheduler reaches step
// by step: nothing to keep, any step can be asked for.
#pragma once

#include <cstdint>

#include "train/config.h"

namespace nd::train {

/// StepLR: base · gamma^⌊step / step_size⌋.
double step_lr(double base, int64_t step, int64_t step_size, double gamma);

/// CosineAnnealingLR (Loshchilov and Hutter, SGDR, ICLR 2017): from base at step 0 to `minimum` at
/// step `period`.
double cosine_lr(double base, double minimum, int64_t step, int64_t period);

/// OneCycleLR (Smith and Topin, arXiv:1708.07120): by cosines from peak / 25 up to `peak` in the
/// first 30 % of `total` steps, then down to peak / 250 000 at the last one.
double one_cycle_lr(double peak, int64_t step, int64_t total);

/// LinearLR: from factor · base at step 0 to base at step `warmup` and later.
double linear_lr(double base, double factor, int64_t step, int64_t warmup);

/// The rate of one step (from 0) of a fit of `steps`: a linear warm-up of config.warmup_steps, then
/// config.lr_schedule over the steps that are left.
double learning_rate(const TrainConfig& config, int64_t step, int64_t steps);

}  // namespace nd::train
