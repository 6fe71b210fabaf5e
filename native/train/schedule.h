// Learning rates as closed forms of the step, equal to what torch.optim.lr_scheduler reaches step
// by step: nothing to keep, any step can be asked for. The one that listens to validation is a
// class.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "train/config.h"

namespace nd::train {

/// StepLR: base · gamma^⌊step / step_size⌋.
double step_lr(double base, int64_t step, int64_t step_size, double gamma);

/// MultiStepLR: base · gamma^(number of `milestones` at or before step).
double multi_step_lr(double base, int64_t step, std::span<const int64_t> milestones, double gamma);

/// ExponentialLR: base · gamma^step.
double exponential_lr(double base, int64_t step, double gamma);

/// PolynomialLR: base · (1 - step / total)^power, 0 from step `total` on.
double polynomial_lr(double base, int64_t step, int64_t total, double power);

/// CosineAnnealingLR (Loshchilov and Hutter, SGDR, ICLR 2017): from base at step 0 to `minimum` at
/// step `period`.
double cosine_lr(double base, double minimum, int64_t step, int64_t period);

/// CosineAnnealingWarmRestarts (SGDR): descents of `period`, period · factor, period · factor² …
/// steps from base towards `minimum`.
double cosine_restarts_lr(double base, double minimum, int64_t step, int64_t period,
                          int64_t factor);

/// CyclicLR (Smith, WACV 2017), triangular: `rise` steps up from `lowest` to `highest`, as many
/// down, and again.
double cyclic_lr(double lowest, double highest, int64_t step, int64_t rise);

/// OneCycleLR (Smith and Topin, arXiv:1708.07120): by cosines from peak / 25 up to `peak` in the
/// first 30 % of `total` steps, then down to peak / 250 000 at the last one.
double one_cycle_lr(double peak, int64_t step, int64_t total);

/// LinearLR: from factor · base at step 0 to base at step `warmup` and later.
double linear_lr(double base, double factor, int64_t step, int64_t warmup);

/// The rate of one step (from 0) of a fit of `steps`: a linear warm-up of config.warmup_steps, then
/// config.lr_schedule over the steps that are left; of LrSchedule::plateau its highest rate.
double learning_rate(const TrainConfig& config, int64_t step, int64_t steps);

/// ReduceLROnPlateau: times `factor` when more than `patience` validations in a row were not better
/// than the best by a ten-thousandth, never below `minimum`.
class Plateau {
 public:
  struct State {
    double rate = 0, best = std::numeric_limits<double>::infinity();
    int64_t waited = 0;
  };
  Plateau(double base, double factor, int64_t patience, double minimum)
      : factor_(factor), minimum_(minimum), patience_(patience), state_{base} {}
  double rate() const { return state_.rate; }
  void validated(double loss);
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  double factor_, minimum_;
  int64_t patience_;
  State state_;
};

/// The rates of a fit of `steps`.
class Schedule {
 public:
  Schedule(const TrainConfig& config, int64_t steps);
  double rate(int64_t step) const;
  /// After each validation.
  void validated(double loss);
  const Plateau::State& state() const { return plateau_.state(); }
  void restore(const Plateau::State& state) { plateau_.restore(state); }

 private:
  const TrainConfig& config_;
  int64_t steps_;
  Plateau plateau_;
};

}  // namespace nd::train
