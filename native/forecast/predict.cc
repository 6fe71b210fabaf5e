#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "forecast/forecaster_impl.h"
#include "parallel/team.h"
#include "train/evaluation.h"
#include "train/trainer.h"

namespace nd::forecast {

namespace {
/// Statistics by which `panel` is scaled: those of the fit for the fitted panel, refitted or looked
/// up for another one.
std::vector<data::SeriesStatistics> statistics_for(const data::Panel& panel, bool own,
                                                   const State& state,
                                                   const ForecasterConfig& config, bool refit) {
  if (own) return state.statistics;
  if (refit || config.series_scaler == data::SeriesScaler::none)
    return panel_statistics(config.series_scaler, panel);
  std::unordered_map<std::string, size_t> known;
  for (size_t i = 0; i < state.ids.size(); ++i) known.emplace(state.ids[i], i);
  std::vector<data::SeriesStatistics> statistics;
  for (const std::string& id : panel.ids()) {
    const auto found = known.find(id);
    if (found == known.end()) {
      throw Error(Code::data,
                  "[predict] received the series \"" + id +
                      "\", which the fit did not see; expected fitted series only, because "
                      "refitSeriesScaler is false");
    }
    statistics.push_back(state.statistics[found->second]);
  }
  return statistics;
}

void check_frequency(const data::Panel& panel, const State& state) {
  if (panel.frequency().text() == state.frequency.text() && panel.calendar() == state.calendar)
    return;
  throw Error(Code::data, "[predict] received a panel of frequency " + panel.frequency().text() +
                              (panel.calendar() ? " (calendar time)" : " (integer time)") +
                              ", expected " + state.frequency.text() +
                              (state.calendar ? " (calendar time)" : " (integer time)") +
                              ", the frequency of the fit");
}

train::BatchOptions batch_options(const ModelConfig& model, const ModelState& state) {
  train::BatchOptions options;
  options.layout = train::window_layout(*model.network, Use::predict, model.train, 0);
  options.scaler = model.window_scaler;
  options.revin = state.revin;
  options.exclude_insample_y = model.train.exclude_insample_y;
  options.compat = model.train.compat;
  return options;
}

/// One window per series; those of a multivariate model in the order of the series that it learned.
std::vector<data::WindowRef> windows_of(const ModelConfig& model, const data::WindowLayout& layout,
                                        const std::vector<std::string>& fitted,
                                        const data::Panel& panel) {
  std::vector<data::WindowRef> windows = data::prediction_windows(panel, layout);
  if (!model.network->spec().capabilities.multivariate || panel.ids() == fitted) return windows;
  train::check_series(model.network->geometry(), panel.series_count(), "predict", model.alias);
  std::unordered_map<std::string, size_t> places;
  for (size_t s = 0; s < panel.ids().size(); ++s) places.emplace(panel.ids()[s], s);
  std::vector<data::WindowRef> ordered;
  for (const std::string& id : fitted) {
    const auto found = places.find(id);
    if (found == places.end()) {
      throw Error(Code::data, "[predict] " + model.alias + ": received no series \"" + id +
                                  "\", expected the series of the fit: a multivariate model "
                                  "forecasts them together");
    }
    ordered.push_back(windows[found->second]);
  }
  return ordered;
}

/// Forecasts one model over all series into its columns, in original scale.
void predict_model(const ModelConfig& model, const ModelState& state,
                   const std::vector<std::string>& fitted, const data::Panel& scaled,
                   std::span<const data::SeriesStatistics> statistics, const CancelToken* cancel,
                   parallel::Team& team, std::span<std::vector<double>> columns) {
  const train::BatchOptions options = batch_options(model, state);
  const std::vector<data::WindowRef> windows = windows_of(model, options.layout, fitted, scaled);
  check_internal(windows.size() == static_cast<size_t>(scaled.series_count()),
                 "one prediction window per series");
  const int64_t H = options.layout.horizon, Q = model.network->geometry().outputs;
  const int64_t batch =
      train::inference_batch(model.train.inference_windows_batch_size,
                             static_cast<int64_t>(windows.size()) / options.layout.series);
  train::WindowForecaster forecaster(*model.network, options, batch, &team);
  const auto capacity = static_cast<size_t>(forecaster.capacity());
  for (size_t begin = 0; begin < windows.size(); begin += capacity) {
    if (cancel != nullptr) cancel->check();
    const size_t n = std::min(windows.size() - begin, capacity);
    const std::span<const double> out = forecaster.run(scaled, std::span(windows).subspan(begin, n),
                                                       state.parameters->span(), cancel);
    for (size_t row = 0; row < n * static_cast<size_t>(H); ++row) {
      const auto series = static_cast<size_t>(windows[begin + row / static_cast<size_t>(H)].series);
      const size_t step = row % static_cast<size_t>(H);
      for (size_t q = 0; q < static_cast<size_t>(Q); ++q) {
        const double value = out[row * static_cast<size_t>(Q) + q] * statistics[series].scale +
                             statistics[series].shift;
        if (!std::isfinite(value)) {
          throw Error(
              Code::diverged,
              "[predict] " + model.alias + " gave a forecast of " + std::to_string(value) +
                  " for the series \"" + scaled.ids()[series] +
                  "\"; expected finite values. Are its values far outside those of the fit? "
                  "Try scalerType: 'robust' or localScaler: 'standard'");
        }
        columns[q][series * static_cast<size_t>(H) + step] = value;
      }
    }
  }
}
}  // namespace

ForecastTable Forecaster::predict(std::shared_ptr<const data::Panel> panel,
                                  const PredictRequest& request) const {
  const auto state = impl_->require("predict");
  const ForecasterConfig& config = *impl_->config;
  const bool own = panel == nullptr;
  if (own) panel = state->panel;
  if (panel == nullptr) {
    throw Error(Code::empty,
                "[predict] the file was saved without data (includeData: false); pass the panel to "
                "forecast");
  }
  if (panel->rows() == 0)
    throw Error(Code::empty, "[predict] received no data, expected a panel with at least one row");
  check_frequency(*panel, *state);

  const auto statistics = statistics_for(*panel, own, *state, config, request.refit_series_scaler);
  data::Panel scaled = panel->tail(config.longest_input());
  if (config.series_scaler != data::SeriesScaler::none) scale_panel(scaled, statistics);

  ForecastTable table;
  table.ids = panel->ids();
  table.horizon = config.horizon;
  table.calendar = panel->calendar();
  table.columns = columns();
  const size_t rows = table.ids.size() * static_cast<size_t>(config.horizon);
  table.values.assign(table.columns.size(), std::vector<double>(rows));
  table.times.reserve(rows);
  for (int64_t s = 0; s < panel->series_count(); ++s) {
    for (int64_t k = 1; k <= config.horizon; ++k) {
      table.times.push_back(panel->frequency().advance(panel->last_time(s), k));
    }
  }
  const parallel::ScopedFlushDenormals flush;
  parallel::Team team(std::max(1, request.threads));
  size_t column = 0;
  for (size_t i = 0; i < config.models.size(); ++i) {
    const auto count = static_cast<size_t>(config.models[i].network->geometry().outputs);
    predict_model(config.models[i], state->models[i], state->ids, scaled, statistics,
                  request.cancel, team, std::span(table.values).subspan(column, count));
    column += count;
  }
  return table;
}

}  // namespace nd::forecast
