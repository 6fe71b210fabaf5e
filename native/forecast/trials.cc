#include "forecast/trials.h"

#include "base/json.h"
#include "forecast/forecaster_impl.h"
#include "parallel/claim.h"
#include "train/one_batch.h"
#include "train/rate_finder.h"
#include "train/size_finder.h"
#include "train/trial.h"

namespace nd::forecast {

namespace {
using nlohmann::ordered_json;
using PanelPointer = std::shared_ptr<const data::Panel>;

/// One model of `config` and `panel` as a fit from scratch would begin with them.
class Prepared {
 public:
  Prepared(const std::shared_ptr<const ForecasterConfig>& config, const PanelPointer& panel,
           const TrialRequest& request, const char* place)
      : claim_(request.threads) {
    check_fit_panel(*config, panel.get(), place);
    const size_t model = config->find(request.model, place);
    state_ = start_state(config, nullptr, *panel);
    const ForecasterConfig& known = *state_->config;
    scaled_ =
        network_panel(known, panel_scales(known, *panel), state_->vocabularies, *panel, place);
    const ModelConfig& chosen = known.models[model];
    alias_ = chosen.alias;
    parameters_ = *state_->models[model].parameters;
    FitRequest fit;
    fit.threads = request.threads, fit.cancel = request.cancel;
    request_ =
        train::trial_request(train_request(known, chosen, scaled_ ? *scaled_ : *panel, fit), 1);
    if (!request.on_progress) return;
    request_.on_progress = [&request, this](const train::Progress& p) {
      request.on_progress(alias_, p);
    };
  }

  const train::TrainRequest& request() const { return request_; }
  FloatBuffer& parameters() { return parameters_; }
  ordered_json result() const { return {{"model", alias_}}; }

 private:
  parallel::Claim claim_;
  std::shared_ptr<State> state_;
  std::optional<data::Panel> scaled_;
  std::string alias_;
  FloatBuffer parameters_;
  train::TrainRequest request_;
};
}  // namespace

ordered_json Forecaster::find_learning_rate(PanelPointer panel, const TrialRequest& request,
                                            const train::RateRange& range) const {
  Prepared trial(impl_->config, panel, request, "findLearningRate");
  const train::RateCurve curve =
      train::find_learning_rate(trial.request(), trial.parameters(), range);
  ordered_json out = trial.result();
  out["suggestion"] = curve.suggestion ? ordered_json(*curve.suggestion) : ordered_json(nullptr);
  out["rates"] = curve.rates;
  out["losses"] = curve.losses;
  out["smoothed"] = curve.smoothed;
  out["diverged"] = curve.diverged;
  return out;
}

ordered_json Forecaster::check_one_batch(PanelPointer panel, const TrialRequest& request,
                                         const train::OneBatchOptions& options) const {
  Prepared trial(impl_->config, panel, request, "checkOneBatch");
  const train::OneBatchResult result =
      train::check_one_batch(trial.request(), trial.parameters(), options);
  ordered_json out = trial.result(), losses = ordered_json::array();
  for (const double loss : result.losses) losses.push_back(finite_or_null(loss));
  out["passed"] = result.passed;
  out["initialLoss"] = losses.front();
  out["finalLoss"] = losses.back();
  out["steps"] = losses.size() - 1;
  out["losses"] = std::move(losses);
  return out;
}

ordered_json Forecaster::find_batch_size(PanelPointer panel, const TrialRequest& request,
                                         const train::SizeRange& range) const {
  Prepared trial(impl_->config, panel, request, "findBatchSize");
  const train::SizeResult result =
      train::find_batch_size(trial.request(), trial.parameters(), range);
  ordered_json out = trial.result();
  out["suggestion"] = result.suggestion;
  out["measurements"] = ordered_json::array();
  for (const train::SizeMeasurement& m : result.measurements) {
    out["measurements"].push_back({{"size", m.size},
                                   {"windowsPerSecond", m.windows_per_second},
                                   {"msPerStep", m.milliseconds_per_step},
                                   {"memoryBytes", m.memory_bytes}});
  }
  out["outOfMemory"] =
      result.out_of_memory ? ordered_json(*result.out_of_memory) : ordered_json(nullptr);
  return out;
}

}  // namespace nd::forecast
