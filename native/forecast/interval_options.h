// What fit({ intervals }) asks for: how bounds are made from the errors of forecasts of rows that
// were not learned from (split conformal prediction).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nd::forecast {

enum class IntervalMethod {
  error,  ///< one radius for both bounds: quantiles of |y - ŷ|, or of how far y left [lo, hi]
  distribution,  ///< each bound by the signed errors on its side: intervals that are not symmetric
  adaptive       ///< as distribution, and the radius follows what happens (conformal.h)
};

struct IntervalOptions {
  std::optional<IntervalMethod> method;  ///< default: error; compat: distribution
  int64_t windows = 0;                   ///< of the calibration; 0 = 20, compat: 2
  int64_t step_size = 1;                 ///< rows between them
  /// Intervals of quantile and distribution models that are calibrated, in percent; empty = those
  /// of their losses. Around the forecast of a point model any can be asked for later.
  std::vector<double> levels;
  /// Errors of all series together, each in units of its mean step |y_t - y_(t-1)|.
  bool pooled = false;
};

/// Of options that are complete, as checked() gives them.
nlohmann::ordered_json intervals_json(const IntervalOptions& options);
/// Throws E0010 for an unknown method.
IntervalOptions intervals_from_json(const nlohmann::json& json);

}  // namespace nd::forecast
