#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nd::train {

namespace {
constexpr double kDecayFactor = 0.5;  // gamma of the reference's StepLR

// Defaults of torch's OneCycleLR.
constexpr double kRisingShare = 0.3, kInitialDivisor = 25, kFinalDivisor = 1e4;

/// Half a cosine: `from` at share 0, `to` at share 1.
double anneal(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}
}  // namespace

double step_lr(double base, int64_t step, int64_t step_size, double gamma) {
  return base * std::pow(gamma, static_cast<double>(step / step_size));
}

double cosine_lr(double base, double minimum, int64_t step, int64_t period) {
  return anneal(base, minimum, static_cast<double>(step) / static_cast<double>(period));
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
    case LrSchedule::cosine:
      return cosine_lr(base, config.min_learning_rate, t, rest);
    case LrSchedule::one_cycle:
      return one_cycle_lr(base, t, rest);
    case LrSchedule::step:
      break;
  }
  if (config.num_lr_decays <= 0) return base;
  return step_lr(base, t, std::max<int64_t>(1, rest / config.num_lr_decays), kDecayFactor);
}

}  // namespace nd::train
