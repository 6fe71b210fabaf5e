#include "forecast/forecaster.h"

#include <algorithm>

#include "base/version.h"
#include "forecast/intervals.h"
#include "forecast/transfer.h"

namespace nd::forecast {

std::shared_ptr<const State> Forecaster::Impl::require(const char* place, int64_t model) const {
  auto now = current();
  const std::string opening = std::string("[") + place + "] ";
  if (now == nullptr)
    throw Error(Code::not_fitted,
                opening + "the models are not fitted; call fit() or load a saved file first");
  for (size_t i = 0; i < now->models.size(); ++i) {
    if (now->models[i].trained || (model >= 0 && static_cast<size_t>(model) != i)) continue;
    throw Error(Code::not_fitted,
                opening + "the model " + config->models[i].alias +
                    " is not fitted: an earlier model of the fit diverged, or the file is a "
                    "checkpoint of before its first step; call fit() again");
  }
  return now;
}

Forecaster::Forecaster(const nlohmann::json& config) : impl_(std::make_unique<Impl>()) {
  impl_->config = std::make_shared<const ForecasterConfig>(parse_config(config));
}
Forecaster::Forecaster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Forecaster::~Forecaster() = default;
Forecaster::Forecaster(Forecaster&&) noexcept = default;
Forecaster& Forecaster::operator=(Forecaster&&) noexcept = default;

Forecaster Forecaster::clone() const {
  auto copy = std::make_unique<Impl>();
  copy->config = impl_->config;
  copy->state = impl_->current();
  return Forecaster(std::move(copy));
}

namespace {
bool all_trained(const State* state) {
  return state != nullptr && std::all_of(state->models.begin(), state->models.end(),
                                         [](const ModelState& model) { return model.trained; });
}
}  // namespace

bool Forecaster::fitted() const { return all_trained(impl_->current().get()); }

std::vector<std::string> Forecaster::columns() const {
  std::vector<std::string> all;
  for (const ModelConfig& model : impl_->config->models) {
    for (std::string& name : model.columns()) all.push_back(std::move(name));
  }
  return all;
}

std::vector<std::string> Forecaster::aliases() const {
  std::vector<std::string> all;
  for (const ModelConfig& model : impl_->config->models) all.push_back(model.alias);
  return all;
}

int64_t Forecaster::horizon() const { return impl_->config->horizon; }

std::shared_ptr<const std::vector<std::string>> Forecaster::series() const {
  const auto state = impl_->current();
  return state != nullptr ? state->ids : std::make_shared<const std::vector<std::string>>();
}

nlohmann::ordered_json Forecaster::summary() const {
  const auto state = impl_->current();
  return {{"fitted", all_trained(state.get())},
          {"frequency", state != nullptr ? state->frequency.text() : impl_->config->frequency},
          {"columns", columns()},
          {"aliases", aliases()},
          {"note", state != nullptr ? state->note : ""}};
}

nlohmann::ordered_json Forecaster::info() const {
  const auto state = impl_->current();
  const auto known = state != nullptr ? state->config : impl_->config;
  const ForecasterConfig& config = *known;
  nlohmann::ordered_json out;
  out["packageVersion"] = kPackageVersion;
  out["fitted"] = all_trained(state.get());
  out["frequency"] = state != nullptr ? state->frequency.text() : config.frequency;
  out["calendar"] = state != nullptr && state->calendar;
  out["horizon"] = config.horizon;
  out["inputSize"] = config.longest_input();
  out["localScaler"] = data::name_of(config.series_scaler);
  out["localStaticScaler"] = data::name_of(config.static_scaler);
  if (!config.sample_weight.empty()) out["sampleWeight"] = config.sample_weight;
  out["missing"] = config.mask_missing ? "mask" : "error";
  out["unseenCategory"] = config.refuse_unseen ? "error" : "mean";
  out["compat"] = config.compat;
  out["columns"] = columns();
  out["aliases"] = aliases();
  out["seriesCount"] = state != nullptr ? state->ids->size() : 0;
  out["hasData"] = state != nullptr && state->panel != nullptr;
  const Calibration* const calibration = state != nullptr ? state->calibration.get() : nullptr;
  out["intervals"] = calibration != nullptr ? intervals_json(calibration->options)
                                            : nlohmann::ordered_json(nullptr);
  out["models"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < config.models.size(); ++i) {
    const ModelConfig& model = config.models[i];
    nlohmann::ordered_json one;
    one["alias"] = model.alias;
    one["type"] = model.network->spec().name;
    one["inputSize"] = model.network->geometry().input_size;
    one["parameters"] = model.network->table().trainable_count();
    one["weights"] = nlohmann::ordered_json::object();
    for (const ParameterEntry* entry : learned_entries(*model.network))
      one["weights"][entry->name] = entry->shape.dims;
    one["columns"] = model.columns();
    one["options"] = options_json(model);
    one["history"] = state != nullptr ? state->models[i].history : nlohmann::ordered_json(nullptr);
    out["models"].push_back(std::move(one));
  }
  return out;
}

}  // namespace nd::forecast
