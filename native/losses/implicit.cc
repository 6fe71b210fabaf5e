// Implicit quantiles: one network for all quantiles, of which training shows it another one at
// every step of every window (Dabney et al., "Implicit quantile networks", 2018; Gouttes et al.,
// 2021).
#include "losses/implicit.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "losses/list.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

constexpr const char* kEmbedding = "loss.quantile_layer.output_layer.";
constexpr const char* kOutput = "loss.output_layer.";

/// Percentiles, and what is asked for by name.
std::vector<double> known_quantiles(const Options& options) {
  std::vector<double> quantiles = level_columns(options).quantiles;
  for (int percent = 1; percent < 100; ++percent) quantiles.push_back(percent / 100.0);
  std::ranges::sort(quantiles);
  quantiles.erase(std::unique(quantiles.begin(), quantiles.end()), quantiles.end());
  return quantiles;
}

/// By what the output of the network is multiplied, […, 1] of cosines […, E].
Var factor(Graph& graph, Var cosines) {
  const int64_t E = cosines.shape().dims.back();
  const std::string name = kEmbedding;
  const Var hidden = activate(graph, linear(graph, cosines, E, name + "0"), "PReLU", name + "1");
  return linear(graph, hidden, 1, name + "2") + 1.0;
}

/// The quantile of a multiplied output, elementwise.
Var quantile_of(Graph& graph, Var x) {
  const std::string name = kOutput;
  const Init init = Init::uniform(1);
  const Var weight = graph.parameter({name + "0.weight", Shape::fixed({1, 1}), init}),
            bias = graph.parameter({name + "0.bias", Shape::fixed({1}), init});
  return activate(graph, x * reshape(weight, Shape::fixed({1})) + bias, "PReLU", name + "1");
}

Var forecast(Graph& graph, const Options& options, Var raw) {
  const std::vector<double> quantiles = known_quantiles(options);
  const auto M = static_cast<int64_t>(quantiles.size()), E = options.integer("cos_embedding_dim");
  std::vector<double> cosines(static_cast<size_t>(M * E));
  for (size_t i = 0; i < quantiles.size(); ++i)
    quantile_cosines(quantiles[i], std::span(cosines).subspan(i * static_cast<size_t>(E),
                                                              static_cast<size_t>(E)));
  const Var factors = factor(graph, graph.constant(Shape::fixed({M, E}), std::move(cosines)));
  return quantile_of(graph, raw * reshape(factors, Shape::fixed({M})));
}

/// The forecast of the quantile that was drawn for each step, and what is left of it, [R, H, 1].
Observed drawn(const LossInputs& in) {
  Graph& graph = *in.y.graph;
  LossInputs own = in;
  own.y_hat = quantile_of(graph, in.y_hat * factor(graph, in.cosines));
  return observed(graph, own);
}

Var train_iq(Graph&, const Options&, const LossInputs& in, bool) {
  const Observed o = drawn(in);
  return weighted_mean(pinball(o.y - o.y_hat, in.level), in);
}

Var train_huber_iq(Graph&, const Options& options, const LossInputs& in, bool) {
  const Observed o = drawn(in);
  const double delta = options.number("delta");
  const Var below = huber(relu(o.y - o.y_hat), delta), above = huber(relu(o.y_hat - o.y), delta);
  return weighted_mean(below * in.level + above * (1.0 - in.level), in);
}

QuantileDraws draws(const Options& options) {
  return {.embedding = options.integer("cos_embedding_dim"),
          .concentration0 = options.number("concentration0"),
          .concentration1 = options.number("concentration1")};
}

std::vector<ParamSpec> implicit_params(std::vector<ParamSpec> more) {
  const auto concentration = [](std::string_view name, std::string_view doc) {
    return ParamSpec{.name = name,
                     .type = ParamType::number,
                     .default_json = "1",
                     .doc = doc,
                     .minimum = 0,
                     .maximum = 1000,
                     .open_minimum = true};
  };
  std::vector<ParamSpec> params = {
      {.name = "cos_embedding_dim",
       .type = ParamType::integer,
       .default_json = "64",
       .doc = "Cosines by which a quantile is shown to the network.",
       .minimum = 1,
       .maximum = 4096},
      concentration("concentration0",
                    "Second parameter of the beta distribution of the quantiles that training "
                    "draws; above 1 it draws fewer near 1."),
      concentration("concentration1",
                    "First parameter of that distribution; above 1 it draws fewer near 0.")};
  params.insert(params.end(), more.begin(), more.end());
  params.insert(params.end(), {levels_param(), quantiles_param(), horizon_weight_param()});
  return params;
}

std::vector<std::string> names_of(const Options& o) { return level_columns(o).suffixes; }
std::vector<double> quantiles_of(const Options& o) { return level_columns(o).quantiles; }

const ImplicitQuantiles kImplicit = {known_quantiles, forecast, train_iq, draws},
                        kImplicitHuber = {known_quantiles, forecast, train_huber_iq, draws};

}  // namespace

void quantile_cosines(double q, std::span<double> cosines) {
  // cos(n·x) by Chebyshev's recurrence.
  const double c = std::cos(std::numbers::pi * q);
  for (size_t i = 0; i < cosines.size(); ++i)
    cosines[i] = i == 0 ? 1 : i == 1 ? c : 2 * c * cosines[i - 1] - cosines[i - 2];
}

const LossSpec kIqLoss = {
    .name = "IQLoss",
    .summary =
        "Implicit quantiles (Dabney et al., 2018): one network that learns every quantile at once, "
        "each step of training another one.",
    .formula = "WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q))), q drawn for each step",
    .params = implicit_params({}),
    .output_names = names_of,
    .quantiles = quantiles_of,
    .build = mq_loss,
    .implicit = &kImplicit,
};

const LossSpec kHuberIqLoss = {
    .name = "HuberIQLoss",
    .summary = "Implicit quantiles with Huber's function of the pinball loss.",
    .formula = "WM(q·hub((y - ŷ_q)₊) + (1 - q)·hub((ŷ_q - y)₊)), q drawn for each step",
    .params = implicit_params({huber_delta_param()}),
    .output_names = names_of,
    .quantiles = quantiles_of,
    .build = mq_loss,
    .implicit = &kImplicitHuber,
};

}  // namespace nd
