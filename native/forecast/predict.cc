#include <algorithm>
#include <unordered_map>

#include "forecast/intervals.h"

namespace nd::forecast {

namespace {
std::string describe(const data::Frequency& frequency, bool calendar) {
  return frequency.text() + (calendar ? " (calendar time)" : " (integer time)");
}

[[noreturn]] void throw_no_future(const ForecasterConfig& config,
                                  const std::vector<std::string>& columns, const char* place) {
  std::string list;
  for (const std::string& name : columns) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  std::string models;
  bool several = false;
  for (const ModelConfig& model : config.models) {
    if (model.exogenous.names().futr.empty()) continue;
    several = !models.empty();
    models += (several ? ", " : "") + model.alias;
  }
  throw Error(Code::features, "[" + std::string(place) + "] " + models +
                                  (several ? " read" : " reads") + " the future column(s) " + list +
                                  " (futrExog), received no option future; expected a table with "
                                  "their values at each step to come: makeFutureFrame() gives its "
                                  "rows");
}
}  // namespace

Scales scales_for(const data::Panel& panel, bool own, const State& state, bool refit) {
  const ForecasterConfig& config = *state.config;
  if (own) return state.scales;
  if (refit || config.series_scaler == data::SeriesScaler::none) {
    Scales scales = panel_scales(config, panel);
    if (!refit || !config.compat) scales.statics = state.scales.statics;
    return scales;
  }
  std::unordered_map<std::string, int64_t> known;
  const std::vector<std::string>& fitted = *state.ids;
  for (size_t i = 0; i < fitted.size(); ++i) known.emplace(fitted[i], static_cast<int64_t>(i));
  std::vector<int64_t> places;
  for (const std::string& id : panel.ids()) {
    const auto found = known.find(id);
    if (found == known.end()) {
      throw Error(Code::data,
                  "[predict] received the series \"" + id +
                      "\", which the fit did not see; expected fitted series only, because "
                      "refitSeriesScaler is false");
    }
    places.push_back(found->second);
  }
  return scales_of(state.scales, places);
}

std::shared_ptr<const data::Panel> panel_of(const State& state,
                                            std::shared_ptr<const data::Panel> panel,
                                            const char* place) {
  const std::string opening = std::string("[") + place + "] ";
  if (panel == nullptr) panel = state.panel;
  if (panel == nullptr) {
    throw Error(Code::empty,
                opening +
                    "the file was saved without data (includeData: false); pass the panel to "
                    "forecast");
  }
  if (panel->rows() == 0)
    throw Error(Code::empty, opening + "received no data, expected a panel with at least one row");
  if (panel->frequency().text() != state.frequency.text() || panel->calendar() != state.calendar) {
    throw Error(Code::data, opening + "received a panel of frequency " +
                                describe(panel->frequency(), panel->calendar()) + ", expected " +
                                describe(state.frequency, state.calendar) +
                                ", the frequency of the fit");
  }
  return panel;
}

data::Panel ends_panel(const State& state, const data::Panel& panel, const PredictRequest& request,
                       const OriginsRequest& origins) {
  const ForecasterConfig& config = *state.config;
  data::Panel tail = panel.tail(config.longest_input());
  if (const auto futr = config.future_columns(); !futr.empty()) {
    if (request.future == nullptr) throw_no_future(config, futr, origins.place);
    data::set_future(tail, *request.future, futr, std::max(origins.horizon, config.horizon),
                     origins.place);
  }
  return tail;
}

std::vector<std::vector<double>> forecast_ends(const State& state, const data::Panel& panel,
                                               const Scales& scales, const PredictRequest& request,
                                               const OriginsRequest& origins) {
  const data::Panel tail = ends_panel(state, panel, request, origins);
  return forecast_origins(state, tail, scales, ends_of(tail), origins);
}

OriginsRequest origins_request(const State& state, const PredictRequest& request,
                               const char* place) {
  OriginsRequest origins;
  origins.place = place;
  origins.horizon = request.horizon > 0 ? request.horizon : state.config->horizon;
  origins.threads = request.threads;
  origins.cancel = request.cancel;
  origins.quantiles = request.quantiles;
  origins.quantiles.conformal = state.calibration != nullptr;
  return origins;
}

ForecastTable Forecaster::predict(std::shared_ptr<const data::Panel> panel,
                                  const PredictRequest& request) const {
  const auto state = impl_->require("predict");
  const ForecasterConfig& config = *state->config;
  const bool own = panel == nullptr;
  panel = panel_of(*state, std::move(panel), "predict");
  const OriginsRequest asked = origins_request(*state, request, "predict");
  const std::vector<Origin> ends = ends_of(*panel);
  ForecastTable table =
      empty_table(*panel, ends, asked.horizon, column_names(config, asked.quantiles, "predict"));
  const Scales scales = scales_for(*panel, own, *state, request.refit_series_scaler);
  table.values = forecast_ends(*state, *panel, scales, request, asked);
  if (state->calibration != nullptr) {
    table.values = with_intervals({asked.place, config, *state->calibration, *panel, scales, ends,
                                   asked.horizon, asked.quantiles},
                                  std::move(table.values));
  }
  return table;
}

ForecastTable Forecaster::future_frame(std::shared_ptr<const data::Panel> panel,
                                       int64_t horizon) const {
  const auto state = impl_->require("makeFutureFrame");
  panel = panel_of(*state, std::move(panel), "makeFutureFrame");
  const int64_t steps = std::max(horizon, state->config->horizon);
  return empty_table(*panel, ends_of(*panel), steps, {});
}

}  // namespace nd::forecast
