#include "forecast/config.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kLargestWindow = 1'000'000;  // steps; keeps every size product within int64
constexpr int64_t kDefaultInputFactor =
    3;  // the reference reads three horizons when nothing is said

template <size_t N>
void check_names(const json& object, const std::array<std::string, N>& known, const char* place) {
  if (!object.is_object()) {
    throw Error(Code::config,
                std::string("[") + place + "] received " + object.dump() + ", expected an object");
  }
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = closest_name(name, known);
    throw Error(Code::config, std::string("[") + place + "] received the unknown option \"" + name +
                                  "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
}

/// The value of an option; absent and null are the same.
const json* option(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

int64_t integer_option(const json& value, const std::string& place, const char* name,
                       int64_t minimum) {
  const bool whole =
      value.is_number_integer() ||
      (value.is_number_float() &&
       value.get<double>() ==
           static_cast<double>(static_cast<int64_t>(std::clamp(value.get<double>(), -1e15, 1e15))));
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!whole || number < static_cast<double>(minimum) ||
      number > static_cast<double>(kLargestWindow)) {
    throw Error(Code::config, "[" + place + "] received " + name + " = " + value.dump() +
                                  ", expected an integer in [" + std::to_string(minimum) + ", " +
                                  std::to_string(kLargestWindow) + "]");
  }
  return static_cast<int64_t>(number);
}

std::string text_option(const json& value, const std::string& place, const char* name) {
  if (!value.is_string()) {
    throw Error(Code::config,
                "[" + place + "] received " + name + " = " + value.dump() + ", expected a string");
  }
  return value.get<std::string>();
}

bool parse_compat(const json* value) {
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_string() && value->get<std::string>() == "neuralforecast") return true;
  if (value->is_string() && value->get<std::string>() == "none") return false;
  throw Error(Code::config, "[forecaster] received compat = " + value->dump() +
                                ", expected \"neuralforecast\" or false");
}

/// Whether an option is "error"; `other` is what else it may be.
bool is_error(const json& description, const char* name, const std::string& other, bool otherwise) {
  const json* const value = option(description, name);
  if (value == nullptr) return otherwise;
  if (value->is_string() && value->get<std::string>() == "error") return true;
  if (value->is_string() && value->get<std::string>() == other) return false;
  throw Error(Code::config, std::string("[forecaster] received ") + name + " = " + value->dump() +
                                ", expected \"error\" or \"" + other + "\"");
}

void check_trainable(const Loss& loss, const std::string& place) {
  if (loss.spec().trainable) return;
  const std::string name(loss.spec().name);
  throw Error(Code::config, "[" + place + "] received loss " + name +
                                ", expected a loss that can train: " + name +
                                " is a metric; give it as validLoss");
}

void check_valid_loss(const Loss& loss, const Loss& valid, const std::string& place) {
  if (valid.distribution() != nullptr) {
    const auto kind = [](const Loss& one) {
      const nlohmann::ordered_json json = one.json();
      return std::pair(json["type"], json["options"].value("distribution", std::string()));
    };
    if (kind(valid) == kind(loss) && valid.outputs() == loss.outputs()) return;
    throw Error(Code::config, "[" + place + "] received validLoss " +
                                  std::string(valid.spec().name) + " for the loss " +
                                  std::string(loss.spec().name) +
                                  ", expected the same distribution, a quantile or a point loss");
  }
  if (loss.distribution() != nullptr || valid.columns().size() == 1) return;
  if (valid.quantiles() == loss.quantiles()) return;
  throw Error(Code::config, "[" + place + "] received validLoss " + std::string(valid.spec().name) +
                                " with " + std::to_string(valid.columns().size()) +
                                " outputs for a loss with " +
                                std::to_string(loss.columns().size()) +
                                ", expected the same quantiles or a point loss");
}

ModelConfig parse_model(const json& description, const ForecasterConfig& defaults,
                        bool has_horizon) {
  check_names(description, std::array<std::string, 3>{"type", "alias", "options"}, "models");
  const json* type = option(description, "type");
  if (type == nullptr)
    throw Error(Code::config, "[models] received " + description.dump() + ", expected a \"type\"");
  const ModelSpec& spec = find_model(text_option(*type, "models", "type"));
  const std::string place = lower_case(spec.name);
  json flat = description.contains("options") && !description["options"].is_null()
                  ? description["options"]
                  : json::object();
  if (!flat.is_object())
    throw Error(Code::config,
                "[" + place + "] received options = " + flat.dump() + ", expected an object");

  const json horizon = take_option(flat, "horizon"), input_size = take_option(flat, "inputSize");
  const json loss_json = take_option(flat, "loss"),
             valid_loss_json = take_option(flat, "validLoss"),
             alias_json = take_option(flat, "alias");
  ExogenousOptions exogenous(flat, place);
  Geometry geometry;
  geometry.horizon =
      horizon.is_null() ? defaults.horizon : integer_option(horizon, place, "horizon", 1);
  if (geometry.horizon < 1) {
    throw Error(
        Code::config,
        "[" + place + "] received no horizon; set `horizon` to the number of steps to forecast");
  }
  if (has_horizon && geometry.horizon != defaults.horizon) {
    throw Error(Code::config, "[" + place +
                                  "] received horizon = " + std::to_string(geometry.horizon) +
                                  ", expected " + std::to_string(defaults.horizon) +
                                  ": all models of a forecaster share one horizon");
  }
  geometry.input_size = input_size.is_null() ? defaults.input_size
                                             : integer_option(input_size, place, "inputSize", -1);
  if (geometry.input_size < 1) geometry.input_size = kDefaultInputFactor * geometry.horizon;

  ModelConfig model;
  const json* alias = option(description, "alias");
  if (alias == nullptr && !alias_json.is_null()) alias = &alias_json;
  if (alias != nullptr) model.alias = text_option(*alias, place, "alias");
  const Loss loss(loss_json.is_null() ? json("MAE") : loss_json, defaults.compat);
  check_trainable(loss, place);
  geometry.outputs = loss.outputs();
  exogenous.apply(geometry);
  if (!valid_loss_json.is_null()) {
    model.valid_loss.emplace(valid_loss_json, defaults.compat);
    check_valid_loss(loss, *model.valid_loss, place);
  }
  Options options(flat, model_and_training_params(spec), place);
  model.train = train::train_config(options);
  model.train.compat = defaults.compat;
  model.window_scaler = data::parse_window_scaler(model.train.scaler_type);
  model.exogenous = std::move(exogenous);
  model.network = std::make_shared<const Network>(spec, std::move(options), geometry, loss);
  return model;
}

/// Names models without an alias by their type, repeated ones NHITS, NHITS1, NHITS2 as the
/// reference does.
void name_models(std::vector<ModelConfig>& models) {
  std::map<std::string, int> repeats;
  std::set<std::string> used;
  for (ModelConfig& model : models) {
    if (model.alias.empty()) {
      const std::string type(model.network->spec().name);
      const int earlier = repeats[type]++;
      model.alias = earlier == 0 ? type : type + std::to_string(earlier);
    }
    const std::string& alias = model.alias;
    if (alias == "data" ||
        alias.find('/') != std::string::npos) {  // both would clash with tensor names in files
      throw Error(Code::config, "[models] received the alias \"" + alias +
                                    "\", expected one without \"/\" and other than \"data\"");
    }
    if (!used.insert(alias).second) {
      throw Error(Code::config, "[models] received the alias \"" + alias +
                                    "\" twice; give each model an alias of its own");
    }
  }
  std::set<std::string> columns;
  for (const ModelConfig& model : models) {
    for (const std::string& column : model.columns()) {
      if (columns.insert(column).second) continue;
      throw Error(Code::config, "[models] received two models with the forecast column \"" +
                                    column + "\"; give them aliases that keep their columns apart");
    }
  }
}
/// A column is encoded once, for all models.
void check_categories(const std::vector<ModelConfig>& models) {
  std::map<std::string, std::string> numeric;  // columns read as numbers, and who reads them
  for (const ModelConfig& model : models) {
    const data::Exogenous names = model.exogenous.names();
    for (const auto* kind : {&names.futr, &names.hist, &names.stat})
      for (const std::string& name : kind->numeric) numeric.emplace(name, model.alias);
  }
  for (const ModelConfig& model : models) {
    for (const std::string& name : model.exogenous.categorical()) {
      const auto found = numeric.find(name);
      if (found == numeric.end()) continue;
      throw Error(Code::config, "[models] received the column \"" + name + "\" as a category of " +
                                    model.alias + " and as a number of " + found->second +
                                    ", expected one of the two for all models");
    }
  }
}

/// Weights stay as they are given; what models read is scaled and encoded.
void check_unread(const ForecasterConfig& config) {
  if (config.sample_weight.empty()) return;
  for (const ModelConfig& model : config.models) {
    const data::Exogenous names = model.exogenous.names();
    for (const auto* kind : {&names.futr, &names.hist})
      for (const auto* list : {&kind->numeric, &kind->categorical})
        if (std::ranges::find(*list, config.sample_weight) != list->end())
          throw Error(Code::config, "[forecaster] received sampleWeight = \"" +
                                        config.sample_weight + "\", which " + model.alias +
                                        " reads, expected a column that no model reads");
  }
}
}  // namespace

std::vector<std::string> ModelConfig::columns() const {
  std::vector<std::string> names;
  for (const std::string& suffix : network->loss().output_names()) names.push_back(alias + suffix);
  return names;
}

int64_t ForecasterConfig::longest_input() const {
  int64_t longest = 0;
  for (const ModelConfig& model : models)
    longest = std::max(longest, model.network->window(Use::predict).input_size);
  return longest;
}

std::vector<std::string> ForecasterConfig::categorical_columns() const {
  std::set<std::string> all;
  for (const ModelConfig& model : models)
    all.insert(model.exogenous.categorical().begin(), model.exogenous.categorical().end());
  return {all.begin(), all.end()};
}

std::vector<std::string> ForecasterConfig::future_columns() const {
  std::set<std::string> all;
  for (const ModelConfig& model : models) {
    const data::Exogenous::Kind futr = model.exogenous.names().futr;
    all.insert(futr.numeric.begin(), futr.numeric.end());
    all.insert(futr.categorical.begin(), futr.categorical.end());
  }
  return {all.begin(), all.end()};
}

std::shared_ptr<const ForecasterConfig> closed(std::shared_ptr<const ForecasterConfig> config,
                                               const Vocabularies& vocabularies) {
  auto copy = std::make_shared<ForecasterConfig>(*config);
  for (ModelConfig& model : copy->models) {
    const bool was_open = model.exogenous.is_open();
    model.exogenous.close(vocabularies, model.alias);
    if (!was_open) continue;
    const Network& network = *model.network;
    Geometry geometry = network.geometry();
    model.exogenous.apply(geometry);
    model.network = std::make_shared<const Network>(network.spec(), network.options(), geometry,
                                                    network.loss());
  }
  return copy;
}

size_t ForecasterConfig::find(const std::string& alias, const char* place) const {
  if (alias.empty() && models.size() == 1) return 0;
  std::vector<std::string> known;
  for (size_t i = 0; i < models.size(); ++i) {
    if (models[i].alias == alias) return i;
    known.push_back(models[i].alias);
  }
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  throw Error(Code::config, std::string("[") + place + "] received the model \"" + alias +
                                "\", expected one of " + list);
}

ForecasterConfig parse_config(const json& description) {
  check_names(description,
              std::array<std::string, 10>{"frequency", "horizon", "inputSize", "localScaler",
                                          "localStaticScaler", "sampleWeight", "missing",
                                          "unseenCategory", "compat", "models"},
              "forecaster");
  ForecasterConfig config;
  if (const json* value = option(description, "frequency")) {
    config.frequency = text_option(*value, "forecaster", "frequency");
    if (!config.frequency.empty()) data::Frequency::parse(config.frequency);
  }
  if (const json* value = option(description, "horizon"))
    config.horizon = integer_option(*value, "forecaster", "horizon", 1);
  if (const json* value = option(description, "inputSize")) {
    config.input_size = integer_option(*value, "forecaster", "inputSize", -1);
  }
  if (const json* value = option(description, "localScaler")) {
    config.series_scaler =
        data::parse_series_scaler(text_option(*value, "forecaster", "localScaler"));
  }
  if (const json* value = option(description, "localStaticScaler")) {
    config.static_scaler = data::parse_series_scaler(
        text_option(*value, "forecaster", "localStaticScaler"), "localStaticScaler");
  }
  if (const json* value = option(description, "sampleWeight"))
    config.sample_weight = text_option(*value, "forecaster", "sampleWeight");
  config.mask_missing = !is_error(description, "missing", "mask", true);
  config.refuse_unseen = is_error(description, "unseenCategory", "mean", false);
  config.compat = parse_compat(option(description, "compat"));
  const json* models = option(description, "models");
  if (models == nullptr || !models->is_array() || models->empty()) {
    throw Error(
        Code::config,
        "[forecaster] received no models, expected `models` with at least one, such as nhits()");
  }
  for (const json& model : *models) {
    config.models.push_back(parse_model(model, config, config.horizon > 0));
    config.horizon = config.models.front().network->geometry().horizon;
  }
  name_models(config.models);
  check_categories(config.models);
  check_unread(config);
  return config;
}

ordered_json options_json(const ModelConfig& model) {
  ordered_json options = model.network->options().json();
  options["horizon"] = model.network->geometry().horizon;
  options["inputSize"] = model.network->geometry().input_size;
  model.exogenous.write(options);
  options["loss"] = model.network->loss().json();
  options["validLoss"] = model.valid_loss ? model.valid_loss->json() : ordered_json(nullptr);
  return options;
}

ordered_json config_json(const ForecasterConfig& config) {
  ordered_json out;
  out["frequency"] = config.frequency;
  out["horizon"] = config.horizon;
  out["inputSize"] = config.input_size;
  out["localScaler"] = data::name_of(config.series_scaler);
  if (config.static_scaler != data::SeriesScaler::none)
    out["localStaticScaler"] = data::name_of(config.static_scaler);
  if (!config.sample_weight.empty()) out["sampleWeight"] = config.sample_weight;
  if (config.mask_missing) out["missing"] = "mask";
  if (config.refuse_unseen) out["unseenCategory"] = "error";
  out["compat"] = config.compat;
  out["models"] = ordered_json::array();
  for (const ModelConfig& model : config.models) {
    ordered_json one;
    one["type"] = model.network->spec().name;
    one["alias"] = model.alias;
    one["options"] = options_json(model);
    out["models"].push_back(std::move(one));
  }
  return out;
}

}  // namespace nd::forecast
