// Forecaster::predictor lives here, because serving is the layer above forecasting.
#include "forecast/forecaster_impl.h"
#include "serve/predictor.h"

namespace nd::forecast {

std::unique_ptr<serve::Predictor> Forecaster::predictor(const std::string& alias) const {
  const size_t index = impl_->config->find(alias, "predictor");
  const auto now = impl_->require("predictor", static_cast<int64_t>(index));
  const ModelConfig& model = now->config->models[index];
  serve::PredictorState state;
  state.network = model.network;
  state.parameters = now->models[index].parameters;
  state.window_scaler = model.window_scaler;
  state.revin = now->models[index].revin;
  state.series_scaler = impl_->config->series_scaler;
  state.exclude_insample_y = model.train.exclude_insample_y;
  state.compat = model.train.compat;
  state.allow_missing = impl_->config->mask_missing;
  state.columns = model.columns();
  state.reading = {model.alias, model.exogenous.names(), model.network->recurrent(), {}};
  // Not the whole state: its panel may be large.
  state.reading.prepare = [config = now->config, vocabularies = now->vocabularies,
                           statics = now->scales.statics](data::Panel panel) {
    Scales scales = panel_scales(*config, panel);
    scales.statics = statics;
    std::optional<data::Panel> seen =
        network_panel(*config, scales, vocabularies, panel, "predictor");
    return seen ? *std::move(seen) : std::move(panel);
  };
  return std::make_unique<serve::Predictor>(std::move(state));
}

}  // namespace nd::forecast
