// Intervals for streams: bounds around forecasts whose radii learn from every value that arrives,
// so that coverage holds while the series changes. Beside a predictor, whose forecasts they take.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "forecast/conformal.h"

namespace nd::serve {

/// Not thread-safe: whoever shares one calls it from one thread at a time.
class AdaptiveIntervals {
 public:
  /// `levels`: coverage in percent, each in (0, 100), ascending. `rate`: how far radii move, as a
  /// share of the largest recent error.
  AdaptiveIntervals(int64_t horizon, std::vector<double> levels, double rate);

  int64_t horizon() const { return horizon_; }
  const std::vector<double>& levels() const { return levels_; }

  /// Where the radii of a series begin: its errors y - ŷ [windows, horizon], in order of time.
  /// Forgets what it has learned of the series.
  void start(const std::string& series, std::span<const double> errors);
  /// Bounds [levels, 2 (low, high), steps] of a forecast of the next steps, at most `horizon`,
  /// which is kept until their values have arrived. Throws E0002 for another number of steps, E0011
  /// for one that is not finite.
  void forecast(const std::string& series, std::span<const double> point, std::span<double> bounds);
  /// The next value of a series: every kept forecast of it is judged, O(levels) for each. A value
  /// that is not finite is a step without a value.
  void update(const std::string& series, double value);

  /// Everything, as load() reads it.
  nlohmann::ordered_json save() const;
  /// Throws E0006 for what save() does not write.
  static AdaptiveIntervals load(const nlohmann::json& json);

 private:
  struct Pending {
    int64_t next;  ///< step whose value arrives next
    std::vector<double> point;
  };
  struct Series {
    std::vector<forecast::RadiusTracker> trackers;  ///< [levels, 2, horizon]
    std::deque<Pending> pending;
  };
  Series& series(const std::string& name);
  std::vector<forecast::RadiusTracker> fresh(std::span<const double> errors) const;
  size_t place(size_t level, size_t side, int64_t step) const {
    return (level * 2 + side) * static_cast<size_t>(horizon_) + static_cast<size_t>(step);
  }

  int64_t horizon_;
  std::vector<double> levels_;
  double rate_;
  std::unordered_map<std::string, Series> all_;
};

}  // namespace nd::serve
