// Point losses: one number per step of the horizon.
#include "base/error.h"
#include "losses/list.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var difference(Graph& graph, const LossInputs& in) {
  const Observed o = observed(graph, in);
  return o.y - o.y_hat;  // [B, H, 1]
}

Var mean_square(Graph& graph, const LossInputs& in) {
  const Var e = difference(graph, in);
  return weighted_mean(e * e, in);
}

Var mae(Graph& graph, const Options&, const LossInputs& in, bool) {
  return weighted_mean(abs(difference(graph, in)), in);
}

Var mse(Graph& graph, const Options&, const LossInputs& in, bool) { return mean_square(graph, in); }

// The derivative of √x is infinite at 0: a perfect (or wholly unobserved) batch would turn the
// gradient into NaN.
Var rmse(Graph& graph, const Options&, const LossInputs& in, bool) {
  const Var square = mean_square(graph, in), zero = graph.constant(0.0);
  const Var positive = greater(square, zero);
  return where(positive, sqrt(where(positive, square, graph.constant(1.0))), zero);
}

Var mape(Graph& graph, const Options&, const LossInputs& in, bool) {
  const Observed o = observed(graph, in);
  return weighted_mean(abs(o.y - o.y_hat) * inverse_or_zero(graph, abs(o.y)), in);
}

Var smape(Graph& graph, const Options&, const LossInputs& in, bool) {
  const Observed o = observed(graph, in);
  const Var inverse = inverse_or_zero(graph, abs(o.y) + abs(o.y_hat));
  return weighted_mean(abs(o.y - o.y_hat) * inverse, in) * 2.0;
}

Var mase(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const int64_t m = options.integer("seasonality"), L = in.insample_y.shape().dims[0];
  if (m >= L)
    throw Error(Code::config,
                "[mase] received seasonality = " + std::to_string(m) +
                    " with inputSize = " + std::to_string(L) +
                    ", expected an inputSize above the seasonality: the scale is a mean over pairs "
                    "inside the input",
                R"({"option":"seasonality"})");
  const Var y =
      detach(in.insample_y);  // the scale is data, whatever the network does with its input
  const auto earlier = [&](Var x) { return slice(x, 1, 0, L - m); };
  const auto later = [&](Var x) { return slice(x, 1, m, L); };
  const Var error = abs(difference(graph, in));
  if (compat) {
    // The reference's scale [B, 1, 1, 1] meets errors [B, H, 1]: every error is divided by every
    // window's scale, of its own series.
    const Shape rows = error.shape();
    const int64_t N = rows.batch, H = rows.dims[0];
    const Var scale = mean(abs(later(y) - earlier(y)), {1});  // [N·B]
    const Var inverse = sum(reshape(inverse_or_zero(graph, scale), Shape::batched({N})), {0});
    const Var divided =
        reshape(error, Shape::batched({N, H, 1})) * reshape(inverse, Shape::fixed({N, 1, 1}));
    return weighted_mean(reshape(divided, rows), in);
  }
  const Var pair = later(in.insample_mask) * earlier(in.insample_mask);  // [B, L-m]
  const Var change = where(pair, later(y) - earlier(y), graph.constant(0.0));
  const Var pairs = sum(pair, {1}), total = sum(abs(change), {1});  // [B]
  const Var inverse_scale = pairs * inverse_or_zero(graph, total);  // [B]
  return weighted_mean(
      error * reshape(inverse_scale, Shape::batched({1, 1}, inverse_scale.shape().batch)), in);
}

Var huber_loss(Graph& graph, const Options& options, const LossInputs& in, bool) {
  return weighted_mean(huber(abs(difference(graph, in)), options.number("delta")), in);
}

}  // namespace

const LossSpec kMae = {
    "MAE", "Mean absolute error.", "WM(|y - ŷ|)", {horizon_weight_param()}, one_name, one_quantile,
    mae};
const LossSpec kMse = {
    "MSE", "Mean squared error.", "WM((y - ŷ)²)", {horizon_weight_param()}, one_name, one_quantile,
    mse};
const LossSpec kRmse = {"RMSE",
                        "Root of the mean squared error.",
                        "√WM((y - ŷ)²)",
                        {horizon_weight_param()},
                        one_name,
                        one_quantile,
                        rmse};
const LossSpec kMape = {
    "MAPE",
    "Mean absolute error relative to the actual value; entries with y = 0 count 0.",
    "WM(|y - ŷ| / |y|)",
    {horizon_weight_param()},
    one_name,
    one_quantile,
    mape};
const LossSpec kSmape = {"SMAPE",
                         "Symmetric mean absolute percentage error, between 0 and 2.",
                         "2·WM(|y - ŷ| / (|y| + |ŷ|))",
                         {horizon_weight_param()},
                         one_name,
                         one_quantile,
                         smape};
const LossSpec kMase = {"MASE",
                        "Mean absolute error relative to the seasonal naive's inside the input "
                        "(Hyndman and Koehler, 2006).",
                        "WM(|y - ŷ| / mean|y[t] - y[t-m]|)",
                        {{.name = "seasonality",
                          .type = ParamType::integer,
                          .doc = "Steps in a season: 24 for hours, 7 for days, 12 for months, 4 "
                                 "for quarters, 1 without a season.",
                          .minimum = 1,
                          .maximum = 1000000},
                         horizon_weight_param()},
                        one_name,
                        one_quantile,
                        mase};
const LossSpec kHuberLoss = {"HuberLoss",
                             "Squared for small errors, absolute for large ones (Huber, 1964).",
                             "WM(½e² if |e| ≤ δ, else δ·(|e| - ½δ))",
                             {huber_delta_param(), horizon_weight_param()},
                             one_name,
                             one_quantile,
                             huber_loss};

}  // namespace nd
