// NLinear (Zeng et al., AAAI 2023): one linear map of the history relative to its last value.
#include "models/list.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var build(const BuildArgs& a) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const Var y = a.in.insample_y;                                           // [B, L]
  const Var last = slice(y, 1, L - 1, L);                                  // [B, 1]
  const Var forecast = linear(a.graph, y - last, H * Q, "linear") + last;  // [B, H·Q]
  return reshape(forecast, Shape::batched({H, Q}));                        // [B, H, Q]
}

}  // namespace

const ModelSpec kNLinear = {
    .name = "NLinear",
    .family = "linear",
    .paper =
        "Zeng, Chen, Zhang, Xu, \"Are Transformers Effective for Time Series Forecasting?\", AAAI "
        "2023, https://arxiv.org/abs/2205.13504",
    .summary =
        "One linear map from the history minus its last value to the forecast minus that value.",
    .params = {},
    .capabilities = {},
    .train_defaults = {{"max_steps", "5000"}, {"learning_rate", "0.0001"}},
    .build = build,
};

}  // namespace nd
