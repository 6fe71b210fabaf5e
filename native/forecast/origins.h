// Forecasts from any moments of a panel: the one engine of prediction, cross-validation and
// insample forecasts, which differ only in the moments that they ask for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forecast/forecaster_impl.h"
#include "losses/columns.h"
#include "train/batch.h"

namespace nd::forecast {

/// A moment of one series: the forecast begins at `row` (from the series' first), and whatever is
/// at or after it is not read.
struct Origin {
  int32_t series;
  int64_t row;
};

/// What forecasts are computed with, and for how many steps.
struct OriginsRequest {
  const char* place;  ///< of the public call, for messages
  int64_t horizon =
      0;  ///< steps, at least 1; those beyond the models' own are forecast recursively
  int threads = 1;
  const CancelToken* cancel = nullptr;
  QuantileRequest quantiles = {};  ///< empty: the columns of each loss
  std::vector<QuantileRequest> by_model =
      {};  ///< instead of it, per model; empty: the same for all
};

/// Forecasts of every model from every origin in original scale, per column [origins · horizon].
/// `panel` is the original, `scales` are those of its series. Where a model was trained for a
/// shorter horizon it reads its own point forecasts as history, as often as needed; a recurrent
/// network simply goes on. Throws E0002 and E0011 when the series are not those that a multivariate
/// model learned, E0004 for exogenous columns that are missing, E0005 for a longer horizon of a
/// model without a point forecast or with historic columns, E0009 for forecasts that are not
/// finite.
std::vector<std::vector<double>> forecast_origins(const State& state, const data::Panel& panel,
                                                  const Scales& scales,
                                                  std::span<const Origin> origins,
                                                  const OriginsRequest& request);

/// What predict() and simulate() ask forecast_origins() for.
OriginsRequest origins_request(const State& state, const PredictRequest& request,
                               const char* place);
/// The rows of a panel that forecasts from its ends read, with the future columns of `request`.
data::Panel ends_panel(const State& state, const data::Panel& panel, const PredictRequest& request,
                       const OriginsRequest& origins);
/// Forecasts from the ends of a panel, with the future columns of `request`; `scales` are those of
/// its series.
std::vector<std::vector<double>> forecast_ends(const State& state, const data::Panel& panel,
                                               const Scales& scales, const PredictRequest& request,
                                               const OriginsRequest& origins);

/// How the windows of a model are read for a forecast.
train::BatchOptions batch_options(const ModelConfig& model, const ModelState& state);
/// The model, able to forecast `horizon` steps at a time: a recurrent network has the same weights
/// for any.
ModelConfig with_horizon(const ModelConfig& model, int64_t horizon);

/// Columns of all models that forecast_origins() gives.
std::vector<std::string> column_names(const ForecasterConfig& config, const QuantileRequest& asked,
                                      const char* place);

/// The table of forecasts from `origins`, in order of series, still without values: blocks and
/// their times.
ForecastTable empty_table(const data::Panel& panel, std::span<const Origin> origins,
                          int64_t horizon, std::vector<std::string> columns);
/// Cutoffs and what happened, for a table whose forecasts end within the panel.
void add_actual(const data::Panel& panel, std::span<const Origin> origins, ForecastTable& table);

/// The end of every series: the origins of predict().
std::vector<Origin> ends_of(const data::Panel& panel);

}  // namespace nd::forecast
