// Conformal intervals of a forecaster: the errors of forecasts of rows that a fit did not see, and
// bounds for new forecasts from them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "forecast/forecaster_impl.h"
#include "forecast/interval_options.h"
#include "forecast/origins.h"

namespace nd::forecast {

/// What a calibration found; never changed once made.
struct Calibration {
  IntervalOptions options;  ///< every default filled in
  int64_t horizon = 0;
  std::vector<std::string> ids;  ///< of all series
  std::vector<double> units;     ///< per series: its mean step, without the rows of the windows
  std::vector<int64_t> series;   ///< those that have errors: indices of `ids`
  /// Per model y - ŷ [series, windows, horizon, columns], in order of time, NaN where y is missing;
  /// the columns are calibrated_columns(). Empty for quantiles and distributions that are not
  /// calibrated, as in the reference.
  std::vector<std::vector<double>> errors;
  bool absolute = false;  ///< the errors are |y - ŷ|: a checkpoint of the reference has no signs
};

/// Columns of one model whose errors are kept.
ForecastColumns calibrated_columns(const ModelConfig& model, const IntervalOptions& options);

/// With every default filled in. Throws E0010 for values out of range; `place` opens the message.
IntervalOptions checked(IntervalOptions options, bool compat, const char* place);

/// Mean |y_t - y_(t-1)| where both are known, the unit of pooled errors; 0 where none are.
double mean_step(std::span<const double> values);

struct CalibrationRequest {
  const char* place;  ///< of the public call, for messages
  int64_t horizon = 0;
  int64_t val_size = 0;
  int threads = 1;
  const CancelToken* cancel = nullptr;
  std::function<void()> check = {};  ///< called at every step; ends the calibration by throwing
  std::shared_ptr<const Transfer> transfer = {};  ///< of its fit
  std::shared_ptr<const Teaching> teaching = {};  ///< of its fit
};

/// Fits copies of the models before the last windows of `panel` and forecasts them. Throws E0003
/// where no series has a row before them.
std::shared_ptr<const Calibration> calibrate(std::shared_ptr<const ForecasterConfig> config,
                                             std::shared_ptr<const data::Panel> panel,
                                             const IntervalOptions& options,
                                             const CalibrationRequest& request);

/// Forecasts whose bounds are to be calibrated.
struct IntervalCall {
  const char* place;  ///< of the public call, for messages
  const ForecasterConfig& config;
  const Calibration& calibration;
  const data::Panel& panel;         ///< original scale
  const Scales& scales;             ///< by what it is scaled for networks
  std::span<const Origin> origins;  ///< in order of series, then of time
  int64_t horizon;
  const QuantileRequest& asked;
};

/// Turns the columns that networks gave into those that were asked for. Adaptive radii follow the
/// rows of the panel, each from the moment it is known. Throws E0005 for more steps than were
/// calibrated, E0010 for levels that were not or that need more windows, E0011 for a series without
/// errors of its own.
std::vector<std::vector<double>> with_intervals(const IntervalCall& call,
                                                std::vector<std::vector<double>> values);

/// Throws E0005 for more steps than were calibrated.
void check_interval_horizon(const IntervalCall& call);
/// The series of each origin: its place among the errors, or, where they are pooled, among all
/// series of the calibration; kUnknownSeries: another one. Throws E0011 as with_intervals().
inline constexpr size_t kUnknownSeries = static_cast<size_t>(-1);
std::vector<size_t> known_series(const IntervalCall& call);
/// What pooled errors are multiplied by for a forecast from `origin`, whose series is `known`.
double unit_of(const IntervalCall& call, const Origin& origin, size_t known);

/// Errors of a model with a single forecast as marginals of its steps.
struct ErrorMarginals {
  std::vector<double> probabilities;  ///< ascending
  std::vector<double> offsets;        ///< y - ŷ [origins, horizon, probabilities]
};
/// Throws E0011 for a series without errors at a step, as where all its targets are missing.
ErrorMarginals error_marginals(const IntervalCall& call, size_t model);

}  // namespace nd::forecast
