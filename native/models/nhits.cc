// N-HiTS (Challu et al., AAAI 2023): blocks that read a pooled history and answer with a few knots,
// interpolated to the horizon: each stack works at its own rate.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "models/list.h"
#include "models/residual_blocks.h"
#include "nn/resample.h"
#include "ops/ops.h"

namespace nd {
namespace {

Interpolation interpolation(const BuildArgs& a) {
  const std::string mode = a.options.choice("interpolation_mode");
  if (mode == "linear") return Interpolation::linear;
  if (mode == "nearest") return Interpolation::nearest;
  if (a.geometry.outputs > 1)
    throw Error(
        Code::config,
        "[nhits] received interpolationMode = \"" + mode + "\" with a loss of " +
            std::to_string(a.geometry.outputs) +
            " outputs, expected \"linear\" or \"nearest\": cubic needs a loss with one output",
        R"({"option":"interpolationMode"})");
  return Interpolation::cubic;
}

Var pool(const BuildArgs& a, Var x, int64_t kernel) {
  if (kernel == 1) return x;
  return a.options.choice("pooling_mode") == "MaxPool1d" ? max_pool1d(x, kernel)
                                                         : avg_pool1d(a.graph, x, kernel);
}

/// Pools an exogenous [B, T, C] over time and flattens it time-major: [B, ⌈T/k⌉·C].
Var pool_exogenous(const BuildArgs& a, Var x, int64_t kernel) {
  const int64_t C = x.shape().dims[1];
  const Var pooled = pool(a, swap_last_axes(x), kernel);  // [B, C, ⌈T/k⌉]
  return reshape(swap_last_axes(pooled), Shape::batched({pooled.shape().dims[1] * C}));
}

BlockOut block(const BuildArgs& a, Var residual, int64_t kernel, int64_t downsample,
               const std::string& name) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const int64_t knots = std::max<int64_t>(H / downsample, 1);

  std::vector<Var> known = {pool(a, residual, kernel)};  // [B, ⌈L/k⌉]
  if (a.geometry.hist > 0)
    known.push_back(pool_exogenous(a, a.in.hist_exog, kernel));  // [B, ⌈L/k⌉·X]
  if (a.geometry.futr > 0)
    known.push_back(pool_exogenous(a, a.in.futr_exog, kernel));  // [B, ⌈(L+H)/k⌉·F]
  if (a.geometry.stat > 0) known.push_back(a.in.stat_exog);      // [B, S]
  const Var theta =
      block_network(a, known.size() > 1 ? concat(known, 1) : known[0], L + Q * knots, name);

  const Var backcast = slice(theta, 1, 0, L);  // [B, L]
  const Var coarse = reshape(slice(theta, 1, L, L + Q * knots), Shape::batched({Q, knots}));
  const Var fine = interpolate1d(a.graph, coarse, H, interpolation(a));  // [B, Q, H]
  return {backcast, swap_last_axes(fine)};                               // [B, H, Q]
}

Var build(const BuildArgs& a) {
  const auto blocks = a.options.integers("n_blocks"),
             kernels = a.options.integers("n_pool_kernel_size"),
             downsamples = a.options.integers("n_freq_downsample");
  check_equal_lengths(a, {{"stack_types", a.options.choices("stack_types").size()},
                          {"n_blocks", blocks.size()},
                          {"n_pool_kernel_size", kernels.size()},
                          {"n_freq_downsample", downsamples.size()}});
  std::vector<size_t> stack_of;
  for (size_t s = 0; s < blocks.size(); ++s)
    stack_of.insert(stack_of.end(), static_cast<size_t>(blocks[s]), s);
  return residual_forecast(a, static_cast<int64_t>(stack_of.size()), [&](Var residual, int64_t i) {
    const size_t s = stack_of[static_cast<size_t>(i)];
    return block(a, residual, kernels[s], downsamples[s], block_name(i));
  });
}

std::vector<std::pair<std::string, std::string>> aliases(const Options& options) {
  const auto blocks = options.integers("n_blocks");
  return prelu_aliases(options, std::accumulate(blocks.begin(), blocks.end(), int64_t{0}));
}

}  // namespace

const ModelSpec kNHits = {
    .name = "NHITS",
    .family = "N-HiTS",
    .paper =
        "Challu, Olivares, Oreshkin, Garza, Mergenthaler-Canseco, Dubrawski, \"N-HiTS: Neural "
        "Hierarchical Interpolation for Time Series Forecasting\", AAAI 2023, "
        "https://arxiv.org/abs/2201.12886",
    .summary =
        "Residual blocks at several rates: pooled history in, a few knots out, interpolated to the "
        "horizon; strong and cheap for long horizons.",
    .params =
        {
            {.name = "stack_types",
             .type = ParamType::choice_list,
             .default_json = R"(["identity","identity","identity"])",
             .doc = "One \"identity\" per stack; its length is the number of stacks.",
             .choices = {"identity"}},
            {.name = "n_blocks",
             .type = ParamType::integer_list,
             .default_json = "[1,1,1]",
             .doc = "Number of blocks of each stack.",
             .minimum = 1,
             .maximum = 1000},
            mlp_units_param(),
            {.name = "n_pool_kernel_size",
             .type = ParamType::integer_list,
             .default_json = "[2,2,1]",
             .doc = "Steps that each stack pools into one before its blocks read them.",
             .minimum = 1,
             .maximum = 1000000},
            {.name = "n_freq_downsample",
             .type = ParamType::integer_list,
             .default_json = "[4,2,1]",
             .doc = "Horizon steps per knot of each stack: larger means smoother.",
             .minimum = 1,
             .maximum = 1000000},
            {.name = "pooling_mode",
             .type = ParamType::choice,
             .default_json = "\"MaxPool1d\"",
             .doc = "How steps are pooled: their maximum or their mean.",
             .choices = {"MaxPool1d", "AvgPool1d"}},
            {.name = "interpolation_mode",
             .type = ParamType::choice,
             .default_json = "\"linear\"",
             .doc = "How knots become steps; cubic needs a loss with one output, and the number "
                    "after \"cubic-\" has no effect.",
             .choices = {"linear", "nearest", "cubic", "cubic-*"}},
            dropout_prob_theta_param(),
            activation_param(),
        },
    .capabilities = {.futr = true, .hist = true, .stat = true, .interpretable = true},
    .train_defaults = {{"num_lr_decays", "3"}, {"inference_windows_batch_size", "-1"}},
    .build = build,
    .aliases = aliases,
};

}  // namespace nd
