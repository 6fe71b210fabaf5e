#include "forecast/checkpoint.h"

#include <filesystem>
#include <utility>

#include "forecast/intervals.h"
#include "forecast/panel_digest.h"
#include "forecast/teaching.h"
#include "forecast/transfer.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(Code::config, "[fit] " + path + " is a checkpoint of another fit: " + what +
                                "; name another file, or do not resume");
}

/// The first option in which two configurations differ, as "models/0/options/maxSteps: received 5,
/// the checkpoint has 10"; "" when there is none.
std::string difference(const ordered_json& saved, const ordered_json& asked) {
  const json changes = json::diff(json(saved), json(asked));
  if (changes.empty()) return "";
  const std::string path = changes.front().at("path").get<std::string>();
  const auto value = [&](const ordered_json& from) {
    const ordered_json::json_pointer pointer(path);
    return from.contains(pointer) ? from.at(pointer).dump() : std::string("none");
  };
  return path.substr(path.empty() ? 0 : 1) + ": received " + value(asked) +
         ", the checkpoint has " + value(saved);
}

FitOf fit_of(const ForecasterConfig& config, const data::Panel& panel, const FitRequest& request) {
  FitOf fit{panel_digest(panel), request.val_size};
  if (request.intervals)
    fit.intervals = intervals_json(checked(*request.intervals, config.compat, "fit")).dump();
  if (!request.freeze.empty())
    fit.frozen = ordered_json(matching_weights(config, request.freeze, "freeze", "fit")).dump();
  if (request.teaching != nullptr) fit.teacher = teaching_digest(*request.teaching);
  return fit;
}
}  // namespace

FitCheckpoint::FitCheckpoint(const FitRequest& request, const State& start,
                             const data::Panel& panel)
    : path_(request.checkpoint.path) {
  if (path_.empty()) return;
  state_ = start;
  state_.note = request.checkpoint.note;
  state_.fit_of = fit_of(*start.config, panel, request);
  if (start.fit_of) {  // resumed
    state_.fit_of->initial = start.fit_of->initial;
  } else if (request.initial_weights.given()) {
    state_.fit_of->initial = weights_digest(start);
  }
  for (size_t i = 0; i < state_.models.size(); ++i) {
    ModelState& model = state_.models[i];
    if (model.training != nullptr) continue;  // resumed
    auto training = std::make_shared<train::TrainingState>();
    training->plateau.rate = state_.config->models[i].train.learning_rate;
    model.training = std::move(training);
  }
  write_state(path_, state_, {.data = false, .optimizer = true, .training = true});
}

void FitCheckpoint::write(size_t index, train::TrainingState training,
                          const FloatBuffer& parameters) {
  const std::lock_guard lock(mutex_);
  ModelState& model = state_.models[index];
  model.parameters = std::make_shared<FloatBuffer>(parameters);
  model.optimizer = std::make_shared<train::OptimizerState>(std::move(training.optimizer));
  model.history = summary_json(state_.config->models[index], training.result);
  model.trained = model.trained || training.result.steps > 0;
  model.training = std::make_shared<train::TrainingState>(std::move(training));
  write_state(path_, state_, {.data = false, .optimizer = true, .training = true});
}

std::shared_ptr<State> read_checkpoint(const std::string& path,
                                       const std::shared_ptr<const ForecasterConfig>& config,
                                       const data::Panel& panel, const FitRequest& request,
                                       const Transfer& transfer) {
  auto state = std::make_shared<State>(read_state(path));
  if (!state->fit_of) {
    throw Error(Code::file, "[fit] " + path +
                                " is a saved model and no checkpoint, expected a file that "
                                "fit({ checkpoint }) wrote; to go on from its weights, load() it");
  }
  const std::string options =
      difference(config_json(*state->config), config_json(*closed(config, state->vocabularies)));
  if (!options.empty()) refuse(path, options);
  const FitOf asked = fit_of(*state->config, panel, request);
  const FitOf& saved = *state->fit_of;
  if (saved.val_size != asked.val_size) {
    refuse(path, "received valSize " + std::to_string(asked.val_size) + ", the checkpoint has " +
                     std::to_string(saved.val_size));
  }
  if (saved.intervals != asked.intervals) refuse(path, "received other intervals than it has");
  if (saved.frozen != asked.frozen) refuse(path, "received freeze for other weights than it has");
  if (saved.teacher != asked.teacher) {
    refuse(path, asked.teacher.empty() ? "received no distill, the checkpoint has a teacher"
                 : saved.teacher.empty()
                     ? "received distill, the checkpoint has no teacher"
                     : "received another teacher or another weight of it than the checkpoint has");
  }
  if (transfer.source != nullptr) {
    const auto begun = start_state(config, nullptr, panel);
    begin_from(transfer, *begun);
    if (weights_digest(*begun) != saved.initial)
      refuse(path, "received other initialWeights than those that it began from");
  }
  if (saved.data != asked.data)
    refuse(path, "received other data (series, times, values or columns) than its panel");
  return state;
}

}  // namespace nd::forecast
