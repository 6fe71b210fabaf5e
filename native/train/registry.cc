// The registry as a whole: models, losses and training options, joined for validation and printed
// as JSON.
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

#include "base/error.h"
#include "losses/loss.h"
#include "models/spec.h"
#include "train/config.h"

namespace nd {
namespace {

using nlohmann::ordered_json;

const std::vector<ParamSpec>& common() {
  static const std::vector<ParamSpec> kCommon = {
      {.name = "horizon",
       .type = ParamType::integer,
       .doc = "Number of steps to forecast.",
       .minimum = 1,
       .maximum = 1000000},
      {.name = "input_size",
       .type = ParamType::integer,
       .default_json = "-1",
       .doc = "Number of past steps that the network reads; below 1 means three horizons.",
       .minimum = -1,
       .maximum = 1000000},
      {.name = "alias",
       .type = ParamType::choice,
       .default_json = "null",
       .doc = "Name of the model in the columns of a forecast; null means the model's type.",
       .nullable = true},
      {.name = "loss",
       .type = ParamType::object,
       .default_json = "null",
       .doc = "Loss that training minimises; null means MAE.",
       .nullable = true},
      {.name = "valid_loss",
       .type = ParamType::object,
       .default_json = "null",
       .doc =
           "Loss that validation reports and early stopping watches; null means the training loss.",
       .nullable = true},
      {.name = "futr_exog",
       .type = ParamType::choice_list,
       .default_json = "[]",
       .doc = "Columns that are known in advance, such as holidays and prices."},
      {.name = "hist_exog",
       .type = ParamType::choice_list,
       .default_json = "[]",
       .doc = "Columns that are known up to the forecast only, such as the weather."},
      {.name = "stat_exog",
       .type = ParamType::choice_list,
       .default_json = "[]",
       .doc = "Columns of the option statics, one value per series."},
      {.name = "cat_exog",
       .type = ParamType::choice_list,
       .default_json = "[]",
       .doc = "Those of the columns above that are categories: each value gets a learned vector."},
      {.name = "cat_cardinalities",
       .type = ParamType::integer_map,
       .default_json = "null",
       .doc = "Number of values of categorical columns; null means those that the fit finds.",
       .minimum = 1,
       .maximum = 1000000,
       .nullable = true},
      {.name = "cat_emb_dim",
       .type = ParamType::integer_or_choice,
       .default_json = "\"fastai\"",
       .doc = "Length of the vectors: a number, or by a rule for K values: fastai ⌈1.6·K^0.56⌉, "
              "sqrt ⌈√K⌉, half (K + 1) / 2, at most 50.",
       .minimum = 1,
       .maximum = 4096,
       .choices = {"fastai", "sqrt", "half"}},
  };
  return kCommon;
}

constexpr std::array<std::string_view, 11> kTypeNames = {
    "integer",    "number",        "boolean",         "choice",     "integerList", "numberList",
    "choiceList", "integerMatrix", "integerOrChoice", "integerMap", "object"};

ordered_json bound(double value) {
  return std::abs(value) < kUnbounded ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json param_json(const ParamSpec& spec) {
  ordered_json json;
  json["name"] = camel_case(spec.name);
  json["type"] = kTypeNames[static_cast<size_t>(spec.type)];
  json["required"] = spec.default_json.empty();
  json["default"] =
      spec.default_json.empty() ? ordered_json(nullptr) : ordered_json::parse(spec.default_json);
  json["doc"] = spec.doc;
  json["min"] = bound(spec.minimum);
  json["max"] = bound(spec.maximum);
  json["openMin"] = spec.open_minimum;
  json["openMax"] = spec.open_maximum;
  json["choices"] = spec.choices;
  json["nullable"] = spec.nullable;
  json["single"] = spec.single;
  return json;
}

ordered_json params_json(std::span<const ParamSpec> specs) {
  ordered_json json = ordered_json::array();
  for (const ParamSpec& spec : specs) json.push_back(param_json(spec));
  return json;
}

ordered_json model_json(const ModelSpec& spec) {
  const Capabilities& can = spec.capabilities;
  ordered_json json;
  json["name"] = spec.name;
  json["type"] = spec.name;
  json["factory"] = lower_case(spec.name);
  json["family"] = spec.family;
  json["paper"] = spec.paper;
  json["summary"] = spec.summary;
  json["capabilities"] = {{"futr", can.futr},           {"hist", can.hist},
                          {"stat", can.stat},           {"multivariate", can.multivariate},
                          {"recurrent", can.recurrent}, {"interpretable", can.interpretable}};
  json["params"] = params_json(spec.params);
  json["trainDefaults"] = ordered_json::object();
  for (const DefaultOverride& replaced : spec.train_defaults)
    json["trainDefaults"][camel_case(replaced.name)] = ordered_json::parse(replaced.json);
  return json;
}

/// "MQLoss" → "mqLoss", "HuberMQLoss" → "huberMqLoss", "MAE" → "mae".
std::string factory_name(std::string_view type) {
  const std::string suffix = "Loss";
  std::string name = lower_case(type);
  if (!type.ends_with(suffix)) return name;
  const auto is_upper = [&](size_t i) { return type[i] >= 'A' && type[i] <= 'Z'; };
  for (size_t i = 1; i < type.size(); ++i) {
    const bool begins_word = i == type.size() - suffix.size() || (is_upper(i) && !is_upper(i - 1));
    if (begins_word) name[i] = type[i];
  }
  return name;
}

ordered_json loss_json(const LossSpec& spec) {
  ordered_json json;
  json["name"] = spec.name;
  json["type"] = spec.name;
  json["factory"] = factory_name(spec.name);
  json["summary"] = spec.summary;
  json["formula"] = spec.formula;
  json["params"] = params_json(spec.params);
  return json;
}

struct CodeSentence {
  Code code;
  std::string_view sentence;
};

constexpr std::array<CodeSentence, 14> kCodes = {{
    {Code::not_fitted, "predict before fit"},
    {Code::shape, "an input whose shape does not match the model"},
    {Code::empty, "no data, or a series too short"},
    {Code::features, "exogenous columns missing, unexpected or unsupported by the model"},
    {Code::horizon, "a horizon that is not possible with this model or data"},
    {Code::file,
     "a file that cannot be read or written, is truncated, corrupted or of another version"},
    {Code::device, "a device asked for and not usable"},
    {Code::memory, "more memory than the budget allows"},
    {Code::diverged, "NaN or Inf in a loss or gradient"},
    {Code::config, "an invalid or unknown option"},
    {Code::data, "NaN or Inf in a target, duplicate time stamps, gaps, mixed types"},
    {Code::busy, "a full queue, a passed deadline, a disposed object"},
    {Code::binary, "the native binary cannot be loaded"},
    {Code::internal, "a broken invariant of this package"},
}};

ordered_json choices_of(std::string_view train_option) {
  for (const ParamSpec& spec : train::train_params())
    if (spec.name == train_option) return spec.choices;
  throw Error(Code::internal, "[registry] no training option " + std::string(train_option));
}

}  // namespace

std::vector<ParamSpec> model_and_training_params(const ModelSpec& spec) {
  std::vector<ParamSpec> params = spec.params;
  for (ParamSpec param : train::train_params()) {
    for (const DefaultOverride& replaced : spec.train_defaults)
      if (replaced.name == param.name) param.default_json = replaced.json;
    params.push_back(std::move(param));
  }
  return params;
}

std::span<const ParamSpec> common_params() { return common(); }

ordered_json registry_json() {
  ordered_json json;
  json["models"] = ordered_json::array();
  for (const ModelSpec* spec : model_list()) json["models"].push_back(model_json(*spec));
  json["losses"] = ordered_json::array();
  for (const LossSpec* spec : loss_list()) json["losses"].push_back(loss_json(*spec));
  json["training"] = params_json(train::train_params());
  json["common"] = params_json(common_params());
  json["windowScalers"] = choices_of("scaler_type");
  json["seriesScalers"] = {"standard", "minmax", "robust", "robust-iqr", "boxcox"};
  json["optimizers"] = choices_of("optimizer");
  json["errors"] = ordered_json::array();
  for (const auto& [code, sentence] : kCodes)
    json["errors"].push_back(
        {{"number", code_number(code)}, {"code", code_name(code)}, {"sentence", sentence}});
  return json;
}

}  // namespace nd
