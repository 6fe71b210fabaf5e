#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace nd::train {

namespace {
constexpr double kStepFactor = 0.5;            // gamma of the reference's StepLR
constexpr double kFactor = 0.1;                // of torch's MultiStepLR and ReduceLROnPlateau
constexpr double kExponentialEnd = 0.01;       // share that is left after all steps
constexpr int64_t kDescents = 4, kRises = 10;  // of cosine restarts and cycles without a period
constexpr double kThreshold = 1e-4;            // of torch's ReduceLROnPlateau
constexpr double kLeastChange = 1e-8;          // the same: smaller reductions are left out

// Defaults of torch's OneCycleLR.
constexpr double kRisingShare = 0.3, kInitialDivisor = 25, kFinalDivisor = 1e4;

/// Half a cosine: `from` at share 0, `to` at share 1.
double anneal(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}

/// config.lr_factor, or the default of its schedule.
double factor_of(const TrainConfig& config, int64_t steps) {
  if (config.lr_factor > 0) return config.lr_factor;
  switch (config.lr_schedule) {
    case LrSchedule::step:
      return kStepFactor;
    case LrSchedule::exponential:
      return std::pow(kExponentialEnd, 1 / static_cast<double>(steps));
    default:
      return kFactor;
  }
}

/// config.lr_period, or one of `parts` equal parts of `steps`.
int64_t period_of(const TrainConfig& config, int64_t steps, int64_t parts) {
  return config.lr_period > 0 ? config.lr_period : std::max<int64_t>(1, steps / parts);
}
}  // namespace

double step_lr(double base, int64_t step, int64_t step_size, double gamma) {
  return base * std::pow(gamma, static_cast<double>(step / step_size));
}

double multi_step_lr(double base, int64_t step, std::span<const int64_t> milestones, double gamma) {
  const auto passed = std::count_if(milestones.begin(), milestones.end(),
                                    [step](int64_t milestone) { return milestone <= step; });
  return base * std::pow(gamma, static_cast<double>(passed));
}

double exponential_lr(double base, int64_t step, double gamma) {
  return base * std::pow(gamma, static_cast<double>(step));
}

double polynomial_lr(double base, int64_t step, int64_t total, double power) {
  const double left = static_cast<double>(std::max<int64_t>(0, total - step));
  return base * std::pow(left / static_cast<double>(total), power);
}

double cosine_lr(double base, double minimum, int64_t step, int64_t period) {
  return anneal(base, minimum, static_cast<double>(step) / static_cast<double>(period));
}

double cosine_restarts_lr(double base, double minimum, int64_t step, int64_t period,
                          int64_t factor) {
  if (factor == 1) return cosine_lr(base, minimum, step % period, period);
  while (step >= period) {
    step -= period;
    period *= factor;
  }
  return cosine_lr(base, minimum, step, period);
}

double cyclic_lr(double lowest, double highest, int64_t step, int64_t rise) {
  const int64_t place = step % (2 * rise), height = rise - std::abs(place - rise);
  return lowest + (highest - lowest) * static_cast<double>(height) / static_cast<double>(rise);
}

double one_cycle_lr(double peak, int64_t step, int64_t total) {
  const double first = peak / kInitialDivisor, last = first / kFinalDivisor;
  const double t = static_cast<double>(step), end = static_cast<double>(total - 1);
  const double top = kRisingShare * static_cast<double>(total) - 1;  // below 0 in tiny fits
  if (t <= top) return top > 0 ? anneal(first, peak, t / top) : peak;
  return anneal(peak, last, (t - top) / (end - top));
}

double linear_lr(double base, double factor, int64_t step, int64_t warmup) {
  if (step >= warmup) return base;
  return base * (factor + (1 - factor) * static_cast<double>(step) / static_cast<double>(warmup));
}

double learning_rate(const TrainConfig& config, int64_t step, int64_t steps) {
  const double base = config.learning_rate;
  if (step < config.warmup_steps)
    return linear_lr(base, config.warmup_factor, step, config.warmup_steps);
  const int64_t t = step - config.warmup_steps,
                rest = std::max<int64_t>(1, steps - config.warmup_steps);
  switch (config.lr_schedule) {
    case LrSchedule::step:
      if (config.num_lr_decays <= 0) return base;
      return step_lr(base, t, std::max<int64_t>(1, rest / config.num_lr_decays),
                     factor_of(config, rest));
    case LrSchedule::multi_step:
      return multi_step_lr(base, t, config.lr_milestones, factor_of(config, rest));
    case LrSchedule::exponential:
      return exponential_lr(base, t, factor_of(config, rest));
    case LrSchedule::polynomial:
      return polynomial_lr(base, t, rest, config.lr_power);
    case LrSchedule::cosine:
      return cosine_lr(base, config.min_learning_rate, t, rest);
    case LrSchedule::cosine_restarts:
      return cosine_restarts_lr(base, config.min_learning_rate, t,
                                period_of(config, rest, kDescents), config.lr_period_factor);
    case LrSchedule::cyclic:
      return cyclic_lr(config.min_learning_rate, base, t, period_of(config, rest, kRises));
    case LrSchedule::one_cycle:
      return one_cycle_lr(base, t, rest);
    case LrSchedule::plateau:
      break;
  }
  return base;
}

void Plateau::validated(double loss) {
  if (loss < state_.best * (1 - kThreshold)) {
    state_.best = loss, state_.waited = 0;
  } else if (++state_.waited > patience_) {
    const double lower = std::max(state_.rate * factor_, minimum_);
    if (state_.rate - lower > kLeastChange) state_.rate = lower;
    state_.waited = 0;
  }
}

Schedule::Schedule(const TrainConfig& config, int64_t steps)
    : config_(config),
      steps_(steps),
      plateau_(config.learning_rate, factor_of(config, steps), config.lr_patience,
               config.min_learning_rate) {}

double Schedule::rate(int64_t step) const {
  if (config_.lr_schedule == LrSchedule::plateau && step >= config_.warmup_steps)
    return plateau_.rate();
  return learning_rate(config_, step, steps_);
}

void Schedule::validated(double loss) {
  if (config_.lr_schedule == LrSchedule::plateau) plateau_.validated(loss);
}

}  // namespace nd::train
