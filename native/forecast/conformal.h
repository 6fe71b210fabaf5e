// The statistics of conformal prediction: how far the next score will reach, from those before it.
// Vovk, Gammerman and Shafer (2005); Romano, Patterson and Candès, Conformalized Quantile
// Regression (2019); Angelopoulos, Candès and Tibshirani, Conformal PID Control (2023).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace nd::forecast {

/// The radius that the next of exchangeable scores exceeds with probability at most 1 - level: the
/// ⌈(n + 1) · level⌉-th smallest of n scores. None where n is too small. Reorders `scores`.
std::optional<double> conformal_radius(std::vector<double>& scores, double level);
/// The least number of scores that have such a radius.
int64_t scores_needed(double level);

/// Quantile q in [0, 1] of at least one value, linear between order statistics (NumPy's default).
/// Reorders `values`.
double linear_quantile(std::vector<double>& values, double q);

/// A radius that follows what happens: after each score it grows where the score was beyond it and
/// shrinks where it was not, so that over any sequence of bounded scores, exchangeable or not, the
/// share within it tends to the level (quantile tracking: the P of conformal PID control). Chosen
/// over adaptive conformal inference (Gibbs and Candès 2021), which moves the level instead: that
/// needs all scores, sorted, at each step, and gives infinite intervals after a run of misses. This
/// one is O(1) in time and memory and always finite.
class RadiusTracker {
 public:
  /// Starts as the conformal radius of earlier scores in order of time: the first of them give
  /// where it begins (the largest where they are too few), the others are followed. `rate`: how far
  /// it moves, in units of the largest recent score.
  RadiusTracker(double level, double rate, const std::vector<double>& earlier);
  double radius() const { return radius_; }
  void update(double score);
  double scale() const { return scale_; }

 private:
  double level_, rate_, radius_ = 0, scale_ = 0;
};

/// The rate of an adaptive radius when none is given.
constexpr double kTrackingRate = 0.1;

}  // namespace nd::forecast
