#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/json.h"
#include "forecast/checkpoint.h"
#include "forecast/intervals.h"
#include "forecast/side_by_side.h"
#include "forecast/teaching.h"
#include "forecast/transfer.h"
#include "parallel/claim.h"
#include "train/exogenous.h"
#include "train/gradient_json.h"
#include "train/trainer.h"

namespace nd::forecast {

namespace {
using nlohmann::ordered_json;

ordered_json points_json(const std::vector<train::HistoryPoint>& points) {
  ordered_json out = ordered_json::array();
  for (const train::HistoryPoint& p : points) out.push_back({p.step, finite_or_null(p.loss)});
  return out;
}
}  // namespace

ordered_json summary_json(const ModelConfig& model, const train::TrainResult& result) {
  ordered_json out;
  out["alias"] = model.alias;
  out["type"] = model.network->spec().name;
  out["steps"] = result.steps;
  out["bestStep"] = result.best_step;
  out["stoppedEarly"] = result.stopped_early;
  out["outOfTime"] = result.out_of_time;
  out["trainLoss"] = finite_or_null(result.train_loss);
  out["validLoss"] = finite_or_null(result.valid_loss);
  out["trainHistory"] = points_json(result.train_history);
  out["validHistory"] = points_json(result.valid_history);
  ordered_json& rates = out["learningRates"] = ordered_json::array();
  for (const double rate : result.learning_rates) rates.push_back(finite_or_null(rate));
  if (result.gradients)
    out["gradients"] = train::gradients_json(*result.gradients, model.network->table());
  return out;
}

namespace {
/// A refit goes on from weights that know each series by its place.
void check_same_series(const ForecasterConfig& config, const State& earlier,
                       const data::Panel& panel) {
  // An imported model may not know the names of its series.
  if (earlier.ids->empty() || *earlier.ids == panel.ids()) return;
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

}  // namespace

train::TrainRequest train_request(const ForecasterConfig& config, const ModelConfig& model,
                                  const data::Panel& scaled, const FitRequest& request) {
  train::TrainRequest r;
  r.sample_weight = config.sample_weight;
  r.network = model.network.get();
  r.panel = &scaled;
  r.config = model.train;
  r.val_size = request.val_size;
  r.exogenous = model.exogenous.names();
  r.valid_loss = model.valid_loss ? &*model.valid_loss : nullptr;
  r.threads = request.threads;
  r.cancel = request.cancel;
  return r;
}

namespace {
/// Ends a fit whose result will not be used.
struct Superseded {};

/// The models of one fit, trained side by side.
class Training {
 public:
  Training(State& next, const data::Panel& scaled, const FitRequest& request,
           const std::vector<std::vector<std::string>>& frozen, const Students& students,
           FitCheckpoint& checkpoint)
      : next_(next),
        scaled_(scaled),
        request_(request),
        frozen_(frozen),
        students_(students),
        checkpoint_(checkpoint),
        trained_(next.models.size()),
        summaries_(next.models.size()) {}

  Outcome run() {
    return run_side_by_side(trained_.size(), request_.threads,
                            [this](const Turn& turn) { train_one(turn); });
  }
  /// Puts what was learned about model i into the state.
  void keep(size_t i, ordered_json history) {
    ModelState& model = next_.models[i];
    model.history = std::move(history);
    model.parameters = trained_[i].parameters;
    model.optimizer = trained_[i].optimizer;
    model.training = nullptr;
    model.trained = true;
  }
  std::vector<ordered_json>& summaries() { return summaries_; }

 private:
  void train_one(const Turn& turn) {
    const size_t i = turn.index;
    const ModelConfig& model = next_.config->models[i];
    const ModelState& state = next_.models[i];
    const auto parameters = std::make_shared<FloatBuffer>(*state.parameters);
    trained_[i].parameters = parameters;
    train::OptimizerState optimizer;
    if (keeps_optimizer() && state.optimizer != nullptr) optimizer = *state.optimizer;
    std::optional<train::TrainingState> resume;
    if (state.training != nullptr &&
        (state.training->finished || state.training->result.steps > 0)) {
      resume = *state.training;
      if (state.optimizer != nullptr) resume->optimizer = *state.optimizer;
    }
    train::TrainRequest training = train_request(*next_.config, model, scaled_, request_);
    training.frozen = frozen_[i];
    training.monitor_gradients = request_.monitor_gradients;
    students_.enrol(i, training);
    training.revin = state.revin;
    training.shared_threads = &turn.threads;
    training.optimizer = &optimizer;
    training.resume = resume ? &*resume : nullptr;
    training.time_budget_ms = time_budget();
    if (!request_.checkpoint.path.empty()) {
      training.checkpoints.every = request_.checkpoint.every_steps;
      training.checkpoints.write = [&](train::TrainingState now, const FloatBuffer& weights) {
        checkpoint_.write(i, std::move(now), weights);
      };
    }
    training.on_progress = [&](const train::Progress& p) {
      if (turn.superseded()) throw Superseded();
      if (!request_.on_progress) return;
      const std::lock_guard lock(progress_);
      request_.on_progress(model.alias, p);
    };
    summaries_[i] = summary_json(model, train::train(training, *parameters));
    if (resume && resume->finished) optimizer = std::move(resume->optimizer);
    if (optimizer.count > 0)
      trained_[i].optimizer = std::make_shared<train::OptimizerState>(std::move(optimizer));
  }

  bool keeps_optimizer() const { return request_.keep_optimizer.value_or(!next_.config->compat); }

  /// Models that wait for others to end have a share of the budget as well.
  double time_budget() const {
    const size_t at_once =
                     std::clamp<size_t>(static_cast<size_t>(request_.threads), 1, trained_.size()),
                 rounds = (trained_.size() + at_once - 1) / at_once;
    return request_.time_budget_ms / static_cast<double>(rounds);
  }

  struct Trained {
    std::shared_ptr<FloatBuffer> parameters;
    std::shared_ptr<const train::OptimizerState> optimizer;
  };
  State& next_;
  const data::Panel& scaled_;
  const FitRequest& request_;
  const std::vector<std::vector<std::string>>& frozen_;
  const Students& students_;
  FitCheckpoint& checkpoint_;
  std::mutex progress_;  // keeps calls of the user's function apart
  std::vector<Trained> trained_;
  std::vector<ordered_json> summaries_;
};
}  // namespace

FitOutcome fit_models(std::shared_ptr<State> start, std::shared_ptr<const data::Panel> panel,
                      Scales scales, const FitRequest& request) {
  FitOutcome out;
  out.state = std::move(start);
  State& next = *out.state;
  const ForecasterConfig& config = *next.config;
  next.ids = std::make_shared<const std::vector<std::string>>(panel->ids());
  next.frequency = panel->frequency();
  next.calendar = panel->calendar();
  next.scales = std::move(scales);
  next.panel = panel;
  const std::optional<data::Panel> copy =
      network_panel(config, next.scales, next.vocabularies, *panel, "fit");
  const data::Panel* const scaled = copy ? &*copy : panel.get();
  // Every model is checked before the first one trains: a late refusal would waste the earlier
  // ones' time.
  const auto frozen = matching_weights(config, request.freeze, "freeze", "fit");
  for (const ModelConfig& model : config.models)
    train::check_request(train_request(config, model, *scaled, request));
  const Students students(request.teaching, next, *panel);

  FitCheckpoint checkpoint(request, next, *panel);
  next.note = "";
  next.fit_of.reset();
  const parallel::Claim claim(request.threads);
  Training training(next, *scaled, request, frozen, students, checkpoint);
  const Outcome outcome = training.run();
  for (size_t i = 0; i < outcome.failed; ++i) training.keep(i, training.summaries()[i]);
  for (ModelState& model : next.models) model.training = nullptr;
  out.summaries = std::move(training.summaries());
  out.error = outcome.error;
  if (outcome.error == nullptr) return out;
  out.usable = false;
  try {
    std::rethrow_exception(outcome.error);
  } catch (const Error& error) {
    // Untrained weights are not worth keeping; trained ones are, and the models that follow stay
    // as they were.
    const size_t i = outcome.failed;
    if (error.code() == Code::diverged && (next.models[i].trained || last_good_step(error) > 0)) {
      training.keep(i, {{"alias", config.models[i].alias},
                        {"type", config.models[i].network->spec().name},
                        {"diverged", true},
                        {"steps", last_good_step(error)}});
      out.usable = true;
    }
  } catch (...) {  // an abort leaves nothing
  }
  return out;
}

void check_fit_panel(const ForecasterConfig& config, const data::Panel* panel, const char* place) {
  if (panel == nullptr || panel->rows() == 0) {
    throw Error(Code::empty, std::string("[") + place +
                                 "] received no data, expected a panel with at least one row");
  }
  for (const ModelConfig& model : config.models)
    train::check_columns(model.exogenous.names(), *panel, model.alias, place);
  if (config.frequency.empty()) return;
  const data::Frequency expected = data::Frequency::parse(config.frequency);
  if (expected.text() != panel->frequency().text()) {
    throw Error(Code::data, std::string("[") + place + "] received a panel of frequency " +
                                panel->frequency().text() + ", expected " + expected.text() +
                                ", the forecaster's `frequency`");
  }
}

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

std::shared_ptr<State> start_state(std::shared_ptr<const ForecasterConfig> config,
                                   const State* earlier, const data::Panel& panel) {
  auto state = std::make_shared<State>();
  if (earlier != nullptr) {
    state->config = earlier->config;
    state->vocabularies = earlier->vocabularies;
    state->models = earlier->models;
    return state;
  }
  state->vocabularies = learn_vocabularies(config->categorical_columns(), panel);
  state->config = closed(std::move(config), state->vocabularies);
  state->models = initial_models(*state->config);
  return state;
}

namespace {
/// "" = the fit begins anew.
std::string checkpoint_to_resume(const FitRequest& request) {
  if (!request.resume.empty()) return request.resume;
  const bool there = request.resume_if_there && std::filesystem::exists(request.checkpoint.path);
  return there ? request.checkpoint.path : "";
}
}  // namespace

std::shared_ptr<const Transfer> Forecaster::transfer_of(const InitialWeights& given,
                                                        std::vector<std::string> freeze,
                                                        const char* place) {
  const auto transfer = std::make_shared<Transfer>(
      Transfer{place, nullptr, given.from != nullptr ? "a forecaster" : given.path, given.weights,
               std::move(freeze)});
  if (given.from != nullptr) {
    transfer->source = given.from->impl_->current();
    if (transfer->source == nullptr) refuse_unfitted("a forecaster", place);
  } else if (!given.path.empty()) {
    transfer->source = std::make_shared<const State>(read_state(given.path));
  }
  return transfer;
}

ordered_json Forecaster::fit(std::shared_ptr<const data::Panel> panel, const FitRequest& request) {
  const std::lock_guard fit_lock(impl_->fit_mutex);
  const ForecasterConfig& config = *impl_->config;
  check_fit_panel(config, panel.get(), "fit");
  const std::string resume = checkpoint_to_resume(request);
  const auto transfer = transfer_of(request.initial_weights, request.freeze, "fit");
  const bool anew = request.from_scratch || transfer->source != nullptr || !resume.empty();
  const auto earlier = anew ? nullptr : impl_->current();
  if (earlier != nullptr) check_same_series(config, *earlier, *panel);
  Scales scales = panel_scales(config, *panel);
  auto start = resume.empty() ? start_state(impl_->config, earlier.get(), *panel)
                              : read_checkpoint(resume, impl_->config, *panel, request, *transfer);
  if (resume.empty()) begin_from(*transfer, *start);
  if (request.intervals && resume.empty()) {
    start->calibration = calibrate(impl_->config, panel, *request.intervals,
                                   {"fit",
                                    config.horizon,
                                    request.val_size,
                                    request.threads,
                                    request.cancel,
                                    {},
                                    transfer,
                                    request.teaching});
  }
  FitOutcome outcome = fit_models(std::move(start), std::move(panel), std::move(scales), request);
  if (outcome.usable) {
    if (request.cancel != nullptr) request.cancel->commit();
    impl_->publish(std::move(outcome.state));
  }
  if (outcome.error != nullptr) std::rethrow_exception(outcome.error);
  return ordered_json(std::move(outcome.summaries));
}

}  // namespace nd::forecast
