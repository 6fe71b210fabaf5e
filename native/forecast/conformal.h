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

/// A radius that follows what happens: a multiple of the mean size of recent scores, so that it
/// widens at once where they grow. After each score the multiple grows where the score was beyond
/// the radius and shrinks where it was not, so that the share within it tends to the level,
/// exchangeable or not, as long as scores do not outgrow their recent mean without end (quantile
/// tracking: the P of conformal PID control, on scores in units of their recent size). Chosen over
/// adaptive conformal inference (Gibbs and Candès 2021), which moves the level instead: that needs
/// all scores, sorted, at each step, and gives infinite intervals after a run of misses. This one
/// is O(1) in time and memory and always finite.
class RadiusTracker {
 public:
  struct State {
    double multiple = 0;  ///< radius / unit
    double unit = 0;      ///< mean size of recent scores; 0 before the first that is not 0
    double reach = 0;     ///< the largest recent score, in units
  };
  /// Starts as the conformal radius of earlier scores in order of time: the first of them give
  /// where it begins (the largest where they are too few), the others are followed. `rate`: how far
  /// the multiple moves, in units of the reach.
  RadiusTracker(double level, double rate, const std::vector<double>& earlier);
  /// One that goes on from the state of another.
  RadiusTracker(double level, double rate, const State& state);
  double radius() const { return state_.multiple * state_.unit; }
  void update(double score);
  const State& state() const { return state_; }

 private:
  double level_, rate_;
  State state_;
};

/// The rate of an adaptive radius when none is given.
constexpr double kTrackingRate = 0.1;

}  // namespace nd::forecast
