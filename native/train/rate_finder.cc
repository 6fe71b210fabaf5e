#include "train/rate_finder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/trial.h"

namespace nd::train {

namespace {
constexpr double kMemory = 0.8;      // of the running mean that tells when a test is over
constexpr double kNoise = 4;         // times the mean change from step to step
constexpr double kWidth = 1.0 / 20;  // of the smoothing, in points

/// Tells when the loss has exploded.
class Watch {
 public:
  /// False: the test is over.
  bool take(double loss) {
    if (!std::isfinite(loss)) return false;
    const double before = ceiling();
    if (count_ > 0) changes_ += std::abs(loss - last_);
    last_ = loss;
    ++count_;
    mean_ = kMemory * mean_ + (1 - kMemory) * loss;
    const double now = mean_ / (1 - std::pow(kMemory, static_cast<double>(count_)));
    if (count_ == 1) first_ = now;
    lowest_ = std::min(lowest_, now);
    return now <= before;
  }
  /// All that was gained is lost, or, where nothing was gained, the loss has doubled; not by
  /// chance.
  double ceiling() const {
    if (count_ < 2) return std::numeric_limits<double>::infinity();
    const double gained = first_ - lowest_, noise = changes_ / static_cast<double>(count_ - 1);
    return first_ + std::max(std::abs(first_) - gained, kNoise * noise);
  }

 private:
  int64_t count_ = 0;
  double mean_ = 0, first_ = 0, last_ = 0, changes_ = 0,
         lowest_ = std::numeric_limits<double>::infinity();
};
}  // namespace

std::vector<double> smooth_losses(std::span<const double> losses, double ceiling) {
  const auto count = static_cast<int64_t>(losses.size());
  const double width = std::max(1.0, kWidth * static_cast<double>(count));
  const auto reach = static_cast<int64_t>(std::ceil(3 * width));
  std::vector<double> smoothed;
  for (int64_t i = 0; i < count; ++i) {
    // As far to both sides as there are points, else the ends lean to the side that there is.
    const int64_t near = std::min({reach, i, count - 1 - i});
    double sum = 0, weights = 0;
    for (int64_t j = i - near; j <= i + near; ++j) {
      const double d = static_cast<double>(j - i) / width, weight = std::exp(-0.5 * d * d);
      sum += weight * std::min(losses[static_cast<size_t>(j)], ceiling);
      weights += weight;
    }
    smoothed.push_back(sum / weights);
  }
  return smoothed;
}

std::optional<double> steepest_rate(std::span<const double> rates,
                                    std::span<const double> smoothed) {
  std::optional<double> best;
  double steepest = 0, lowest = std::numeric_limits<double>::infinity();
  // The ends are hardly smoothed: noise of single batches.
  const size_t count = rates.size(),
               margin =
                   std::max<size_t>(1, static_cast<size_t>(kWidth * static_cast<double>(count)));
  for (size_t i = margin; i + margin < count; ++i) {
    lowest = std::min(lowest, smoothed[i - 1]);
    if (smoothed[i + 1] > lowest) continue;  // the way back from an explosion
    const double slope =
        (smoothed[i + 1] - smoothed[i - 1]) / (std::log(rates[i + 1]) - std::log(rates[i - 1]));
    if (slope < steepest) steepest = slope, best = rates[i];
  }
  return best;
}

RateCurve find_learning_rate(const TrainRequest& request, FloatBuffer& parameters,
                             const RateRange& range) {
  Trial trial(request, parameters);
  RateCurve curve;
  Watch watch;
  const double span = std::log(range.to / range.from);
  double previous = std::numeric_limits<double>::quiet_NaN();
  for (int64_t i = 0; i < range.steps && !curve.diverged; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(range.steps - 1);
    const double rate = i + 1 == range.steps ? range.to : range.from * std::exp(share * span);
    const double loss = trial.step(rate);
    curve.diverged = !watch.take(loss);
    if (std::isfinite(loss)) curve.rates.push_back(rate), curve.losses.push_back(loss);
    if (request.on_progress)
      request.on_progress({i + 1, range.steps, std::isfinite(loss) ? loss : previous,
                           std::numeric_limits<double>::quiet_NaN()});
    previous = loss;
  }
  curve.smoothed = smooth_losses(curve.losses, watch.ceiling());
  curve.suggestion = steepest_rate(curve.rates, curve.smoothed);
  return curve;
}

}  // namespace nd::train
