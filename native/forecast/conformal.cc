#include "forecast/conformal.h"

#include <algorithm>
#include <cmath>

namespace nd::forecast {

namespace {
/// Levels such as 1 - 0.05 are not exact: ranks of whole numbers must not be missed by a rounding.
constexpr double kRounding = 1e-9;
constexpr size_t kWarmUp = 20;        // scores that only say where a tracker begins
constexpr double kForgetting = 0.99;  // of the largest score, per step
constexpr double kRemembered = 0.9;   // of the mean size of scores, per step

double order_statistic(std::vector<double>& values, size_t rank) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}
}  // namespace

std::optional<double> conformal_radius(std::vector<double>& scores, double level) {
  const double rank = std::ceil(static_cast<double>(scores.size() + 1) * level - kRounding);
  if (rank > static_cast<double>(scores.size())) return {};
  return order_statistic(scores, static_cast<size_t>(std::max(rank, 1.0)) - 1);
}

int64_t scores_needed(double level) {
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(level / (1 - level) - kRounding)));
}

double linear_quantile(std::vector<double>& values, double q) {
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double low = order_statistic(values, below);
  if (below + 1 >= values.size()) return low;
  const double high =
      *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(below) + 1, values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

RadiusTracker::RadiusTracker(double level, double rate, const State& state)
    : level_(level), rate_(rate), state_(state) {}

RadiusTracker::RadiusTracker(double level, double rate, const std::vector<double>& earlier)
    : level_(level), rate_(rate) {
  const auto warm = static_cast<std::ptrdiff_t>(std::min(earlier.size(), kWarmUp));
  std::vector<double> first(earlier.begin(), earlier.begin() + warm);
  double sum = 0, largest = 0;
  for (const double score : first) {
    sum += std::abs(score);
    largest = std::max(largest, std::abs(score));
  }
  if (sum > 0) {
    const double radius = conformal_radius(first, level).value_or(*std::ranges::max_element(first));
    const double unit = sum / static_cast<double>(first.size());
    state_ = {radius / unit, unit, largest / unit};
  }
  for (auto score = earlier.begin() + warm; score != earlier.end(); ++score) update(*score);
}

void RadiusTracker::update(double score) {
  const double size = std::abs(score);
  if (state_.unit == 0) {
    if (size > 0) state_ = {1, size, 1};
    return;
  }
  const double missed = score > radius() ? 1 : 0;
  // The score counts in its own unit, so that it is at most 1 / (1 - kRemembered).
  state_.unit = kRemembered * state_.unit + (1 - kRemembered) * size;
  if (state_.unit == 0) return;
  state_.reach = std::max(size / state_.unit, kForgetting * state_.reach);
  state_.multiple += rate_ * state_.reach * (missed - (1 - level_));
}

}  // namespace nd::forecast
