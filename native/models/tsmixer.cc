// TSMixer (Chen et al., TMLR 2023): residual perceptrons that mix the steps of each series, then
// the series of each step.
#include <optional>

#include "models/list.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/revin.h"
#include "ops/ops.h"

namespace nd {
namespace {

constexpr double kNormEps = 1e-3, kNormMomentum = 0.01;

/// Batch normalisation of every element of a window over the windows of the batch.
Var window_norm(const BuildArgs& a, Var x, const std::string& name) {
  const Shape shape = x.shape();
  const Var flat = reshape(x, Shape::batched({shape.row()}));
  const bool training = a.phase == Phase::train;
  return reshape(batch_norm(a.graph, flat, name, training, kNormEps, kNormMomentum), shape);
}

Var build(const BuildArgs& a) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs,
                N = a.geometry.series;
  const double p = a.phase == Phase::train ? a.options.number("dropout") : 0;
  const auto drop = [p](Var x) { return p > 0 ? dropout(x, p) : x; };
  const auto swap = [](Var x) { return transpose(x, {0, 2, 1}); };  // [B, L, N] <-> [B, N, L]

  Var x = a.in.insample_y;  // [B, L, N]
  std::optional<RevIn> norm;
  if (a.options.boolean("revin")) {
    norm.emplace(a.graph, x,
                 RevInOptions{.affine_prefix = "norm.", .affine_shape = Shape::fixed({1, 1, N})});
    x = norm->normalise(x);
  }
  for (int64_t i = 0; i < a.options.integer("n_block"); ++i) {
    const std::string block = "mixing_layers." + std::to_string(i);
    const std::string time = block + ".temporal_mixer.temporal_";
    const std::string feature = block + ".feature_mixer.feature_";
    const Var steps = window_norm(a, swap(x), time + "norm");           // [B, N, L]
    x = drop(swap(relu(linear(a.graph, steps, L, time + "lin")))) + x;  // [B, L, N]
    const Var series = window_norm(a, x, feature + "norm");             // [B, L, N]
    const Var hidden = drop(                                            // [B, L, ff]
        relu(linear(a.graph, series, a.options.integer("ff_dim"), feature + "lin_1")));
    x = drop(linear(a.graph, hidden, N, feature + "lin_2")) + x;  // [B, L, N]
  }
  x = swap(linear(a.graph, swap(x), H * Q, "out"));  // [B, H·Q, N]
  if (norm) x = norm->restore(x);
  return reshape(x, Shape::batched({H, Q * N}));
}

}  // namespace

const ModelSpec kTsMixer = {
    .name = "TSMixer",
    .family = "MLP-mixer",
    .paper =
        "Chen, Li, Yoder, Arik, Pfister, \"TSMixer: An All-MLP Architecture for Time Series "
        "Forecasting\", TMLR 2023, https://arxiv.org/abs/2303.06053",
    .summary =
        "Forecasts several series together: layers that mix the steps of each series alternate "
        "with layers that mix the series at each step.",
    .params =
        {
            n_series_param(),
            {.name = "n_block",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Number of mixing layers.",
             .minimum = 0,
             .maximum = 1000},
            {.name = "ff_dim",
             .type = ParamType::integer,
             .default_json = "64",
             .doc = "Units of the hidden layer that mixes the series.",
             .minimum = 1,
             .maximum = 1000000},
            {.name = "dropout",
             .type = ParamType::number,
             .default_json = "0.9",
             .doc = "Probability with which an output of a mixing layer is dropped in training.",
             .minimum = 0,
             .maximum = 1,
             .open_maximum = true},
            {.name = "revin",
             .type = ParamType::boolean,
             .default_json = "true",
             .doc = "Normalises each window and series by its own mean and deviation, with a "
                    "learned scale, and brings the forecast back."},
        },
    .capabilities = {.multivariate = true},
    .train_defaults = {{"windows_batch_size", "32"}, {"inference_windows_batch_size", "32"}},
    .build = build,
};

}  // namespace nd
