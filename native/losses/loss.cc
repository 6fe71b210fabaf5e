#include "losses/loss.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "losses/list.h"
#include "nn/batch.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// The options of a loss from either form in which it may be written.
nlohmann::json options_of(const nlohmann::json& json) {
  if (!json.is_object()) return nlohmann::json::object();
  nlohmann::json options = json.value("options", nlohmann::json::object());
  if (!options.is_object())
    throw Error(Code::config,
                "[loss] received options = " + options.dump() + ", expected an object");
  for (const auto& [name, value] : json.items())
    if (name != "type" && name != "options") options[name] = value;
  return options;
}

std::string type_of(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object() && json.contains("type") && json["type"].is_string())
    return json["type"].get<std::string>();
  throw Error(Code::config,
              "[loss] received " + json.dump() +
                  R"(, expected a name such as "MAE" or {"type": "MQLoss", "options": {…}})");
}

}  // namespace

std::span<const LossSpec* const> loss_list() {
  static constexpr auto kLosses = std::to_array<const LossSpec*>({&kMae,
                                                                  &kMse,
                                                                  &kRmse,
                                                                  &kMape,
                                                                  &kSmape,
                                                                  &kMase,
                                                                  &kHuberLoss,
                                                                  &kTukeyLoss,
                                                                  &kFreDf,
                                                                  &kQuantileLoss,
                                                                  &kHuberQLoss,
                                                                  &kMqLoss,
                                                                  &kHuberMqLoss,
                                                                  &kScrps,
                                                                  &kIqLoss,
                                                                  &kHuberIqLoss,
                                                                  &kDistributionLoss,
                                                                  &kGmm,
                                                                  &kPmm,
                                                                  &kNbmm});
  return kLosses;
}

const LossSpec& find_loss(std::string_view name) {
  std::vector<std::string> known;
  for (const LossSpec* spec : loss_list()) {
    if (lower_case(spec->name) == lower_case(name)) return *spec;
    known.emplace_back(spec->name);
  }
  const std::string near = closest_name(name, known);
  std::string message = "[losses] received loss \"" + std::string(name) + "\", expected one of ";
  for (size_t i = 0; i < known.size(); ++i) message += (i > 0 ? ", " : "") + known[i];
  if (!near.empty()) message += "; did you mean \"" + near + "\"?";
  throw Error(Code::config, message);
}

ParamSpec horizon_weight_param() {
  return {.name = "horizon_weight",
          .type = ParamType::number_list,
          .default_json = "null",
          .doc = "Weight of each step of the horizon, one number per step; null means 1 for all.",
          .minimum = 0,
          .nullable = true};
}

std::vector<std::string> one_name(const Options&) { return {""}; }
std::vector<double> one_quantile(const Options&) { return {0.5}; }

Observed observed(Graph& graph, const LossInputs& in) {
  const Var zero = graph.constant(0.0);
  return {where(in.weight, in.y, zero), where(in.weight, in.y_hat, zero)};
}

Var weighted_mean(Var losses, const LossInputs& in) {
  return sum_all(losses * in.weight) * in.inverse_sum;
}

Var inverse_or_zero(Graph& graph, Var x) {
  const Var zero = graph.constant(0.0), one = graph.constant(1.0);
  const Var positive = greater(x, zero);
  return where(positive, one / where(positive, x, one), zero);
}

Var huber(Var magnitude, double delta) {
  const Var c = minimum(magnitude, magnitude.graph->constant(delta));
  return c * (magnitude - c * 0.5);
}

ParamSpec huber_delta_param() {
  return {.name = "delta",
          .type = ParamType::number,
          .default_json = "1",
          .doc = "Error at which the loss becomes linear, in units of the (scaled) target.",
          .minimum = 0,
          .open_minimum = true};
}

Var pinball(Var difference, Var quantiles) {
  return maximum(difference * quantiles, difference * (quantiles - 1.0));
}

Loss::Loss(const nlohmann::json& json, bool compat)
    : spec_(&find_loss(type_of(json))),
      options_(options_of(json), spec_->params, lower_case(spec_->name)),
      compat_(compat) {
  columns_.suffixes = spec_->output_names(options_);
  columns_.quantiles = spec_->quantiles(options_);
  if (spec_->distribution != nullptr) {
    distribution_ = spec_->distribution(options_, compat);
    columns_.mean = true;
    columns_.suffixes.insert(columns_.suffixes.begin(), "");
    columns_.parameters = options_.boolean("return_params");
    if (columns_.parameters)
      for (std::string& name : distribution_->names()) columns_.suffixes.push_back(std::move(name));
  }
  trained_ = spec_->implicit != nullptr ? spec_->implicit->quantiles(options_) : columns_.quantiles;
  if (options_.is_null("horizon_weight")) return;
  horizon_weight_ = options_.numbers("horizon_weight");
  if (std::ranges::any_of(horizon_weight_, [](double w) { return w > 0; })) return;
  throw Error(Code::config,
              "[" + lower_case(spec_->name) +
                  "] received horizonWeight without a number above 0, expected at least one: of "
                  "steps without weight nothing is learned",
              R"({"option":"horizonWeight"})");
}

int64_t Loss::outputs() const {
  return distribution_ != nullptr ? distribution_->outputs()
                                  : static_cast<int64_t>(trained_.size());
}

bool Loss::mixes_series() const { return compat_ && spec_ != &kDistributionLoss; }

Var Loss::build_training(Graph& graph, const LossInputs& in) const {
  const auto own = [&] {
    return spec_->implicit != nullptr ? spec_->implicit->train(graph, options_, in, compat_)
                                      : build(graph, in);
  };
  if (!distillation_) return own();
  const Var taught = distillation_loss(graph, *this, in);
  const double weight = distillation_->weight;
  return weight == 1 ? taught : own() * (1 - weight) + taught * weight;
}

Loss Loss::distilled(Distillation distillation) const {
  Loss student = *this;
  student.distillation_ = std::move(distillation);
  return student;
}

nlohmann::ordered_json Loss::json() const {
  nlohmann::ordered_json result;
  result["type"] = std::string(spec_->name);
  result["options"] = options_.json();
  return result;
}

Graph loss_graph(const Loss& loss, int64_t horizon, int64_t input_size) {
  Graph graph;
  graph.set_place(lower_case(loss.spec().name));
  const int64_t judged =
      loss.distribution() != nullptr ? loss.outputs() : static_cast<int64_t>(loss.columns().size());
  const LossInputs in{graph.input("y", Shape::batched({horizon, 1})),
                      graph.input("y_hat", Shape::batched({horizon, judged})),
                      graph.input("insample_y", Shape::batched({input_size})),
                      graph.input("insample_mask", Shape::batched({input_size})),
                      graph.input("weight", Shape::batched({horizon, 1})),
                      graph.input("inverse_sum", Shape{}),
                      graph.input("target", Shape::batched({horizon, 1})),
                      graph.input("loc", Shape::batched({1, 1})),
                      graph.input("scale", Shape::batched({1, 1})),
                      {},
                      {},
                      {},
                      {}};
  graph.output("loss", loss.build(graph, in));
  return graph;
}

reference::Arguments loss_arguments(const Loss& loss, const LossWindows& in) {
  const auto& horizon_weight = loss.horizon_weight();
  check_internal(static_cast<int64_t>(in.weight.size()) == in.windows * in.horizon,
                 "loss_arguments: weights");
  if (!horizon_weight.empty() && static_cast<int64_t>(horizon_weight.size()) != in.horizon)
    throw Error(Code::config,
                "[" + lower_case(loss.spec().name) + "] received horizonWeight with " +
                    std::to_string(horizon_weight.size()) +
                    " numbers, expected one per step of the horizon of " +
                    std::to_string(in.horizon),
                R"({"option":"horizonWeight"})");
  const auto copy = [](std::span<const double> values) {
    return reference::Tensor(values.begin(), values.end());
  };
  reference::Tensor weights = copy(in.weight);
  if (!horizon_weight.empty())
    for (size_t i = 0; i < weights.size(); ++i)
      weights[i] *= horizon_weight[i % static_cast<size_t>(in.horizon)];
  double total = 0;
  for (const double w : weights) total += w;

  const auto rows = static_cast<size_t>(in.windows), steps = static_cast<size_t>(in.horizon);
  reference::Tensor y = copy(in.y), loc(rows, 0.0), scale(rows, 1.0);
  if (!in.loc.empty()) loc = copy(in.loc), scale = copy(in.scale);
  if (loss.distribution() != nullptr)
    for (size_t i = 0; i < rows * steps; ++i) y[i] = (y[i] - loc[i / steps]) / scale[i / steps];

  reference::Arguments arguments;
  arguments.windows = in.windows;
  arguments.inputs = {
      {"y", std::move(y)},
      {"target", copy(in.y)},
      {"loc", std::move(loc)},
      {"scale", std::move(scale)},
      {"y_hat", copy(in.y_hat)},
      {"insample_y", copy(in.insample_y)},
      {"insample_mask", copy(in.insample_mask)},
      {"weight", std::move(weights)},
      {"inverse_sum", {total > 0 ? 1 / total : 0}},
      {kWindowMask, reference::Tensor(static_cast<size_t>(in.windows), 1.0)},
      {kInverseWindows, {in.windows > 0 ? 1 / static_cast<double>(in.windows) : 0}}};
  return arguments;
}

double evaluate_loss(const Loss& loss, const LossWindows& in) {
  const Graph graph = loss_graph(loss, in.horizon, in.input_size);
  return reference::evaluate(graph, loss_arguments(loss, in)).at("loss").at(0);
}

}  // namespace nd
