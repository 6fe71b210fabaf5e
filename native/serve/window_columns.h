// Exogenous columns of windows, as callers of a predictor give them: checked against what the model
// reads, and made the panel that batches are gathered from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/features.h"
#include "data/panel.h"

namespace nd::serve {

/// Columns beside the values of windows, by name. Texts are categories.
struct WindowColumns {
  /// Future columns [count, length + H], historic ones [count, length].
  std::vector<data::Feature> features{};
  /// [count]; of a multivariate model [N], one for each of its series.
  std::vector<data::Feature> statics{};
  bool empty() const { return features.empty() && statics.empty(); }
};

/// What a model reads beside the values of its windows.
struct ColumnReading {
  std::string model;  ///< alias, for messages
  data::Exogenous names;
  bool recurrent = false;  ///< inputs of a step are what is known of the step that it forecasts
  /// Scales and encodes a panel as the networks of the forecaster see it.
  std::function<data::Panel(data::Panel)> prepare{};
};

/// `count` windows of `length` steps and the `horizon` steps after each; `series`: N of the model.
struct WindowCounts {
  int64_t count, length, horizon, series;
};

/// A panel with one series per window. Throws E0004 for a column that is missing, that lacks the
/// steps to come or that the model does not read, E0002 for another number of values than the
/// windows have, E0011 for values that are not finite and for texts where numbers are read.
data::Panel window_panel(const ColumnReading& reading, const WindowColumns& given,
                         std::span<const double> windows, const WindowCounts& counts);

}  // namespace nd::serve
