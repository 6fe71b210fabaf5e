// DLinear (Zeng et al., AAAI 2023): trend and remainder of a moving average, one linear map each.
#include "models/list.h"
#include "nn/decomposition.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var build(const BuildArgs& a) {
  const int64_t H = a.geometry.horizon, Q = a.geometry.outputs;
  const int64_t window = a.options.integer("moving_avg_window");
  check_moving_average_window(a.graph, window);

  const Var y = a.in.insample_y;                       // [B, L]
  const auto [rest, trend] = decompose(y, window, 1);  // [B, L] each
  // Statements, not one expression: the order of declaration is the order of the parameter buffer.
  const Var from_trend = linear(a.graph, trend, H * Q, "linear_trend");  // [B, H·Q]
  const Var from_rest = linear(a.graph, rest, H * Q, "linear_season");   // [B, H·Q]
  return reshape(from_trend + from_rest, Shape::batched({H, Q}));        // [B, H, Q]
}

}  // namespace

const ModelSpec kDLinear = {
    .name = "DLinear",
    .family = "linear",
    .paper =
        "Zeng, Chen, Zhang, Xu, \"Are Transformers Effective for Time Series Forecasting?\", AAAI "
        "2023, https://arxiv.org/abs/2205.13504",
    .summary =
        "A moving average splits the history into trend and remainder; one linear map forecasts "
        "from each.",
    .params =
        {
            {.name = "moving_avg_window",
             .type = ParamType::integer,
             .default_json = "25",
             .doc = "Length of the centred moving average in steps, an odd number.",
             .minimum = 1,
             .maximum = 1000001},
        },
    .capabilities = {},
    .train_defaults = {{"max_steps", "5000"}, {"learning_rate", "0.0001"}},
    .build = build,
};

}  // namespace nd
