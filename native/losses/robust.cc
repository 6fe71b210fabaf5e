// Losses that look at more than one error at a time: Tukey's biweight, which needs the spread of
// the series, and FreDF, which compares spectra.
#include <cmath>
#include <numbers>

#include "losses/list.h"
#include "nn/batch.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// √x with derivative 0 at 0.
Var root(Graph& graph, Var x) {
  const Var zero = graph.constant(0.0), positive = greater(x, zero);
  return where(positive, sqrt(where(positive, x, graph.constant(1.0))), zero);
}

/// One row per window: [B, N·…] of rows [N·B, …].
Var by_window(Var rows) {
  const Shape& shape = rows.shape();
  return reshape(rows, Shape::batched({shape.batch * shape.row()}));
}

/// Standard deviation of the observed steps of each row's input, [R, 1, 1].
Var insample_deviation(const LossInputs& in) {
  Graph& graph = *in.y.graph;
  const Var y = where(in.insample_mask, detach(in.insample_y), graph.constant(0.0));
  const Var inverse = inverse_or_zero(graph, sum(in.insample_mask, {1}, true));
  const Var centred = (y - sum(y, {1}, true) * inverse) * in.insample_mask;
  const Var variance = sum(centred * centred, {1}, true) * inverse;  // [R, 1]
  return reshape(root(graph, variance), Shape::batched({1, 1}, variance.shape().batch));
}

/// As the reference has it: the deviation between the observed series of a window at one step, 0
/// for a single series; [R, H, 1].
Var deviation_between_series(const LossInputs& in) {
  Graph& graph = *in.y.graph;
  const int64_t N = in.y.shape().batch, H = in.y.shape().dims[0];
  const Var seen = reshape(greater(in.weight, graph.constant(0.0)), Shape::batched({N, H}));
  const Var y = where(seen, reshape(in.y, Shape::batched({N, H})), graph.constant(0.0));
  const Var inverse = inverse_or_zero(graph, sum(seen, {1}, true));
  const Var centred = (y - sum(y, {1}, true) * inverse) * seen;
  const Var deviation = root(graph, sum(centred * centred, {1}, true) * inverse);  // [B, 1, H]
  return reshape(broadcast(deviation, Shape::batched({N, H})), Shape::batched({H, 1}, N));
}

Var tukey(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const double c = options.number("c");
  const bool normalised = options.boolean("normalize");
  const Var zero = graph.constant(0.0), one = graph.constant(1.0);
  if (!compat) {
    const Observed o = observed(graph, in);
    const Var error = o.y - o.y_hat;
    const Var d = (normalised ? error / (insample_deviation(in) + 1e-2) : error) / c;
    const Var inside = relu(1.0 - d * d);  // 0 for outliers, which therefore have no gradient
    return weighted_mean(1.0 - inside * inside * inside, in) * (c * c / 6);
  }
  const Var error = abs(in.y - in.y_hat);
  const Var d = (normalised ? error / (deviation_between_series(in) + 1e-2) : error) / c;
  const Var left = 1.0 - d * d, seen = greater(in.weight, zero);
  const Var values = where(greater(d, one), one, seen * left * left * left);
  return reshape(batch_mean(graph, by_window(values), {1}), Shape{}) * (c * c / 6);
}

/// |rfft(e)| of every row: [R, H/2 + 1].
Var spectrum(Graph& graph, Var error) {
  const int64_t H = error.shape().dims[0], F = H / 2 + 1;
  std::vector<double> cosines(static_cast<size_t>(H * F)), sines(cosines.size());
  for (int64_t t = 0; t < H; ++t) {
    for (int64_t f = 0; f < F; ++f) {
      const double turns = static_cast<double>(t * f % H) / static_cast<double>(H);
      cosines[static_cast<size_t>(t * F + f)] = std::cos(2 * std::numbers::pi * turns);
      sines[static_cast<size_t>(t * F + f)] = std::sin(2 * std::numbers::pi * turns);
    }
  }
  const Var rows = reshape(error, Shape::batched({H}, error.shape().batch));
  const Var real = matmul(rows, graph.constant(Shape::fixed({H, F}), std::move(cosines)));
  const Var imaginary = matmul(rows, graph.constant(Shape::fixed({H, F}), std::move(sines)));
  return root(graph, real * real + imaginary * imaginary);
}

Var fredf(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const double alpha = options.number("alpha");
  const Observed o = observed(graph, in);
  const Var error = o.y - o.y_hat;
  const Var time = weighted_mean(error * error, in);
  Var frequency;
  if (compat) {
    const Var all = spectrum(graph, in.y - in.y_hat);
    frequency = reshape(batch_mean(graph, by_window(all), {1}), Shape{});
  } else {
    // A window counts as much as its steps do.
    const Var share = sum(in.weight, {1, 2}) * in.inverse_sum;
    frequency = sum_all(mean(spectrum(graph, error), {1}) * share);
  }
  return time * (1 - alpha) + frequency * alpha;
}

}  // namespace

const LossSpec kTukeyLoss = {
    .name = "TukeyLoss",
    .summary =
        "Tukey's biweight (Beaton and Tukey, 1974): an error beyond the threshold counts as "
        "an outlier, which teaches nothing.",
    .formula = "c²/6·WM(1 - (1 - (d/c)²)³ if d ≤ c, else 1), d = |y - ŷ| / deviation of the input",
    .params = {{.name = "c",
                .type = ParamType::number,
                .default_json = "4.685",
                .doc = "Threshold, in standard deviations of the input.",
                .minimum = 0,
                .open_minimum = true},
               {.name = "normalize",
                .type = ParamType::boolean,
                .default_json = "true",
                .doc = "Divide errors by the standard deviation of the window's input (+ 0.01)."},
               horizon_weight_param()},
    .output_names = one_name,
    .quantiles = one_quantile,
    .build = tukey,
};

const LossSpec kFreDf = {
    .name = "FreDF",
    .summary =
        "Squared errors in time and absolute errors in frequency (Wang et al., ICLR 2025), "
        "which does not treat the steps of a horizon as independent.",
    .formula = "(1 - α)·WM((y - ŷ)²) + α·mean|rfft(y) - rfft(ŷ)|",
    .params = {{.name = "alpha",
                .type = ParamType::number,
                .default_json = "0.5",
                .doc = "Weight of the errors in frequency.",
                .minimum = 0,
                .maximum = 1},
               horizon_weight_param()},
    .output_names = one_name,
    .quantiles = one_quantile,
    .build = fredf,
};

}  // namespace nd
