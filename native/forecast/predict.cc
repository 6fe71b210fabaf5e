#include <unordered_map>

#include "forecast/origins.h"

namespace nd::forecast {

namespace {
std::string describe(const data::Frequency& frequency, bool calendar) {
  return frequency.text() + (calendar ? " (calendar time)" : " (integer time)");
}
}  // namespace

std::vector<data::SeriesStatistics> statistics_for(const data::Panel& panel, bool own,
                                                   const State& state,
                                                   const ForecasterConfig& config, bool refit) {
  if (own) return state.statistics;
  if (refit || config.series_scaler == data::SeriesScaler::none)
    return panel_statistics(config, panel);
  std::unordered_map<std::string, size_t> known;
  const std::vector<std::string>& fitted = *state.ids;
  for (size_t i = 0; i < fitted.size(); ++i) known.emplace(fitted[i], i);
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

ForecastTable Forecaster::predict(std::shared_ptr<const data::Panel> panel,
                                  const PredictRequest& request) const {
  const auto state = impl_->require("predict");
  const ForecasterConfig& config = *impl_->config;
  const bool own = panel == nullptr;
  panel = panel_of(*state, std::move(panel), "predict");
  const auto statistics = statistics_for(*panel, own, *state, config, request.refit_series_scaler);
  OriginsRequest origins;
  origins.place = "predict";
  origins.horizon = request.horizon > 0 ? request.horizon : config.horizon;
  origins.threads = request.threads;
  origins.cancel = request.cancel;

  ForecastTable table = empty_table(*panel, ends_of(*panel), origins.horizon, columns());
  const data::Panel tail = panel->tail(config.longest_input());
  table.values = forecast_origins(config, *state, tail, statistics, ends_of(tail), origins);
  return table;
}

}  // namespace nd::forecast
