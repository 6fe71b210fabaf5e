// What another library's files need beside a saved file.
#include "forecast/forecaster_impl.h"

namespace nd::forecast {

nlohmann::ordered_json Forecaster::export_parts() const {
  const auto state = impl_->require("exportCheckpoint");
  const ForecasterConfig& config = *state->config;
  nlohmann::ordered_json shared = nlohmann::ordered_json::array();
  for (const ModelConfig& model : config.models) shared.push_back(model.network->aliases());
  nlohmann::ordered_json times = nlohmann::ordered_json::array();
  if (state->panel != nullptr) {
    const data::Panel tail = state->panel->tail(config.longest_input());
    for (int64_t s = 0; s < tail.series_count(); ++s) {
      for (int64_t row = 1 - tail.length(s); row <= 0; ++row)
        times.push_back(tail.frequency().advance(tail.last_time(s), row));
    }
  }
  return {{"shared", std::move(shared)}, {"times", std::move(times)}};
}

}  // namespace nd::forecast
