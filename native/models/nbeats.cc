// N-BEATS (Oreshkin et al., ICLR 2020): residual blocks whose answers are free (identity) or
// combinations of trend and seasonal functions of time, which makes the forecast a readable sum.
#include <numeric>

#include "base/error.h"
#include "models/list.h"
#include "models/nbeats_basis.h"
#include "models/residual_blocks.h"
#include "nn/resample.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var basis_parameter(const BuildArgs& a, const std::string& name, Basis basis) {
  const Shape shape = Shape::fixed({basis.functions, basis.steps});
  return a.graph.parameter(
      {name, shape, Init::of(std::move(basis.values)), false, Layout::matmul_plain});
}

/// theta [B, L + H·Q] is backcast and forecast themselves.
BlockOut identity_block(const BuildArgs& a, Var residual, const std::string& name) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const Var theta = block_network(a, residual, L + H * Q, name);
  return {slice(theta, 1, 0, L), reshape(slice(theta, 1, L, L + H * Q), Shape::batched({H, Q}))};
}

/// theta [B, P + P·Q] weighs P functions of time: once for the past, once per output for the
/// future.
BlockOut basis_block(const BuildArgs& a, Var residual, const std::string& name, Basis past,
                     Basis future) {
  const int64_t P = past.functions, Q = a.geometry.outputs;
  const Var theta = block_network(a, residual, P * (Q + 1), name);
  const Var past_basis =
      basis_parameter(a, name + ".basis.backcast_basis", std::move(past));  // [P, L]
  const Var future_basis =
      basis_parameter(a, name + ".basis.forecast_basis", std::move(future));  // [P, H]
  const Var backcast = matmul(slice(theta, 1, 0, P), past_basis);             // [B, L]
  const Var weights =
      swap_last_axes(reshape(slice(theta, 1, P, P * (Q + 1)), Shape::batched({P, Q})));
  return {backcast, swap_last_axes(matmul(weights, future_basis))};  // [B, H, Q]
}

BlockOut block(const BuildArgs& a, Var residual, const std::string& type, const std::string& name) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon;
  if (type == "identity") return identity_block(a, residual, name);
  if (H == 1)
    throw Error(
        Code::config,
        "[nbeats] received stackTypes with \"" + type +
            "\" and horizon = 1, expected a horizon of at least 2 or \"identity\" stacks only",
        R"({"option":"stackTypes"})");
  if (type == "trend") {
    const std::string kind = a.options.choice("basis");
    const int64_t degree = a.options.integer("n_basis");
    return basis_block(a, residual, name, trend_basis(kind, degree, L),
                       trend_basis(kind, degree, H));
  }
  const int64_t harmonics = a.options.integer("n_harmonics");
  return basis_block(a, residual, name, seasonality_basis(harmonics, L, H, -1),
                     seasonality_basis(harmonics, H, H, +1));
}

/// For each block its stack and the block whose parameters it uses.
struct BlockPlace {
  size_t stack;
  int64_t owner;
};

std::vector<BlockPlace> block_places(const Options& options) {
  std::vector<BlockPlace> places;
  const auto blocks = options.integers("n_blocks");
  const bool shared = options.boolean("shared_weights");
  for (size_t s = 0; s < blocks.size(); ++s) {
    const auto first = static_cast<int64_t>(places.size());
    for (int64_t k = 0; k < blocks[s]; ++k) places.push_back({s, shared ? first : first + k});
  }
  return places;
}

Var build(const BuildArgs& a) {
  const auto types = a.options.choices("stack_types");
  check_equal_lengths(
      a, {{"stack_types", types.size()}, {"n_blocks", a.options.integers("n_blocks").size()}});
  if (a.options.number("dropout_prob_theta") > 0)
    throw Error(Code::config,
                "[nbeats] received dropoutProbTheta above 0, which N-BEATS does not support (nor "
                "does the reference); expected 0",
                R"({"option":"dropoutProbTheta"})");
  const auto places = block_places(a.options);
  return residual_forecast(a, static_cast<int64_t>(places.size()), [&](Var residual, int64_t i) {
    const BlockPlace& place = places[static_cast<size_t>(i)];
    return block(a, residual, types[place.stack], block_name(place.owner));
  });
}

std::vector<std::pair<std::string, std::string>> aliases(const Options& options) {
  const auto places = block_places(options);
  auto names = prelu_aliases(options, static_cast<int64_t>(places.size()));
  for (size_t i = 0; i < places.size(); ++i)
    if (places[i].owner != static_cast<int64_t>(i))
      names.emplace_back(block_name(static_cast<int64_t>(i)) + ".",
                         block_name(places[i].owner) + ".");
  return names;
}

}  // namespace

const ModelSpec kNBeats = {
    .name = "NBEATS",
    .family = "N-BEATS",
    .paper =
        "Oreshkin, Carpov, Chapados, Bengio, \"N-BEATS: Neural Basis Expansion Analysis for "
        "Interpretable Time Series Forecasting\", ICLR 2020, https://arxiv.org/abs/1905.10437",
    .summary =
        "Residual blocks of dense layers that answer freely or with trend and seasonal functions "
        "of time; accurate on many short series, and its parts can be read.",
    .params =
        {
            {.name = "n_harmonics",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Harmonics of a seasonality stack: more give finer frequencies.",
             .minimum = 1,
             .maximum = 1000},
            {.name = "n_polynomials",
             .type = ParamType::integer,
             .default_json = "null",
             .doc = "Deprecated name of nBasis in the reference; accepted and without effect, "
                    "there and here.",
             .minimum = 0,
             .maximum = 1000,
             .nullable = true},
            {.name = "n_basis",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Degree of a trend stack, which has nBasis + 1 functions (spline: at least 3, "
                    "linear_hat: at least 1).",
             .minimum = 0,
             .maximum = 1000},
            {.name = "basis",
             .type = ParamType::choice,
             .default_json = "\"polynomial\"",
             .doc = "Functions of time of a trend stack.",
             .choices = {"polynomial", "legendre", "chebyshev", "changepoint", "piecewise_linear",
                         "linear_hat", "spline"}},
            {.name = "stack_types",
             .type = ParamType::choice_list,
             .default_json = R"(["identity","trend","seasonality"])",
             .doc = "Kind of each stack; trend and seasonality need a horizon of at least 2.",
             .choices = {"identity", "trend", "seasonality"}},
            {.name = "n_blocks",
             .type = ParamType::integer_list,
             .default_json = "[1,1,1]",
             .doc = "Number of blocks of each stack.",
             .minimum = 1,
             .maximum = 1000},
            mlp_units_param(),
            {.name = "dropout_prob_theta",
             .type = ParamType::number,
             .default_json = "0",
             .doc = "Must be 0: N-BEATS has no dropout, here as in the reference, which has the "
                    "option.",
             .minimum = 0,
             .maximum = 1,
             .open_maximum = true},
            activation_param(),
            {.name = "shared_weights",
             .type = ParamType::boolean,
             .default_json = "false",
             .doc = "Whether all blocks of a stack use the parameters of its first."},
        },
    .capabilities = {.interpretable = true},
    .train_defaults = {{"num_lr_decays", "3"}, {"inference_windows_batch_size", "-1"}},
    .build = build,
    .aliases = aliases,
};

}  // namespace nd
