#include <cmath>

#include "forecast/forecaster_impl.h"
#include "train/trainer.h"

namespace nd::forecast {

namespace {
using nlohmann::ordered_json;

ordered_json finite_or_null(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json points_json(const std::vector<train::HistoryPoint>& points) {
  ordered_json out = ordered_json::array();
  for (const train::HistoryPoint& p : points) out.push_back({p.step, finite_or_null(p.loss)});
  return out;
}

ordered_json summary_json(const ModelConfig& model, const train::TrainResult& result) {
  ordered_json out;
  out["alias"] = model.alias;
  out["type"] = model.network->spec().name;
  out["steps"] = result.steps;
  out["bestStep"] = result.best_step;
  out["stoppedEarly"] = result.stopped_early;
  out["trainLoss"] = finite_or_null(result.train_loss);
  out["validLoss"] = finite_or_null(result.valid_loss);
  out["trainHistory"] = points_json(result.train_history);
  out["validHistory"] = points_json(result.valid_history);
  return out;
}

void check_frequency(const ForecasterConfig& config, const data::Panel& panel) {
  if (config.frequency.empty()) return;
  const data::Frequency expected = data::Frequency::parse(config.frequency);
  if (expected.text() != panel.frequency().text()) {
    throw Error(Code::data, "[fit] received a panel of frequency " + panel.frequency().text() +
                                ", expected " + expected.text() + ", the forecaster's `frequency`");
  }
}

/// A refit goes on from weights that know each series by its place.
void check_same_series(const ForecasterConfig& config, const State& earlier,
                       const data::Panel& panel) {
  if (earlier.ids == panel.ids()) return;
  for (const ModelConfig& model : config.models) {
    if (!model.network->spec().capabilities.multivariate) continue;
    throw Error(Code::data, "[fit] " + model.alias +
                                ": received other series than the earlier fit, or in another "
                                "order; expected the same ones in the same order, because a "
                                "multivariate model knows each series by its place");
  }
}

/// Step of the weights that a diverged fit left behind.
int64_t last_good_step(const Error& error) {
  const auto details = nlohmann::json::parse(error.details(), nullptr, false);
  return details.is_object() ? details.value("lastGoodStep", int64_t{0}) : 0;
}

train::TrainRequest train_request(const ModelConfig& model, const data::Panel& scaled,
                                  const FitRequest& request) {
  train::TrainRequest r;
  r.network = model.network.get();
  r.panel = &scaled;
  r.config = model.train;
  r.val_size = request.val_size;
  r.valid_loss = model.valid_loss ? &*model.valid_loss : nullptr;
  r.threads = request.threads;
  r.cancel = request.cancel;
  if (request.on_progress) {
    r.on_progress = [&](const train::Progress& p) { request.on_progress(model.alias, p); };
  }
  return r;
}
/// Networks as they are declared, before any step.
std::vector<ModelState> initial_models(const ForecasterConfig& config) {
  std::vector<ModelState> models;
  for (const ModelConfig& model : config.models) {
    const Network& network = *model.network;
    auto parameters = std::make_shared<FloatBuffer>(static_cast<size_t>(network.table().total()));
    initialise_parameters(network.declarations(), network.table(), model.train.random_seed,
                          parameters->span());
    ModelState state;
    state.parameters = parameters;
    models.push_back(std::move(state));
  }
  return models;
}
}  // namespace

ordered_json Forecaster::fit(std::shared_ptr<const data::Panel> panel, const FitRequest& request) {
  const std::lock_guard fit_lock(impl_->fit_mutex);
  const ForecasterConfig& config = *impl_->config;
  const auto earlier = impl_->current();
  if (panel == nullptr || panel->rows() == 0) {
    throw Error(Code::empty, "[fit] received no data, expected a panel with at least one row");
  }
  check_frequency(config, *panel);

  auto next = std::make_shared<State>();
  next->ids = panel->ids();
  next->frequency = panel->frequency();
  next->calendar = panel->calendar();
  next->statistics = panel_statistics(config.series_scaler, *panel);
  next->panel = panel;
  std::shared_ptr<const data::Panel> scaled = panel;
  if (config.series_scaler != data::SeriesScaler::none) {
    auto copy = std::make_shared<data::Panel>(*panel);
    scale_panel(*copy, next->statistics);
    scaled = copy;
  }
  // Every model is checked before the first one trains: a late refusal would waste the earlier
  // ones' time.
  for (const ModelConfig& model : config.models)
    train::check_request(train_request(model, *scaled, request));

  if (earlier != nullptr) check_same_series(config, *earlier, *panel);
  next->models = earlier != nullptr ? earlier->models : initial_models(config);
  ordered_json summaries = ordered_json::array();
  for (size_t i = 0; i < config.models.size(); ++i) {
    const ModelConfig& model = config.models[i];
    ModelState& state = next->models[i];
    auto parameters = std::make_shared<FloatBuffer>(*state.parameters);
    train::TrainRequest training = train_request(model, *scaled, request);
    training.revin = state.revin;
    try {
      state.history = summary_json(model, train::train(training, *parameters));
    } catch (const Error& error) {
      // Untrained weights are not worth keeping; trained ones are, and the models that follow stay
      // as they were.
      if (error.code() != Code::diverged || (!state.trained && last_good_step(error) == 0)) throw;
      state.history = {{"alias", model.alias},
                       {"type", model.network->spec().name},
                       {"diverged", true},
                       {"steps", last_good_step(error)}};
      state.parameters = parameters;
      state.trained = true;
      impl_->publish(std::move(next));
      throw;
    }
    state.parameters = parameters;
    state.trained = true;
    summaries.push_back(state.history);
  }
  impl_->publish(std::move(next));
  return summaries;
}

}  // namespace nd::forecast
