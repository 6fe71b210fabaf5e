#include "nn/norm.h"

#include "base/error.h"
#include "nn/batch.h"
#include "ops/ops.h"

namespace nd {

Var batch_norm(Graph& graph, Var x, const std::string& name, bool training, double eps,
               double momentum) {
  const int64_t features = x.shape().dims.back();
  const auto parameter = [&](const char* kind, double value, bool trainable) {
    return graph.parameter({name + kind, Shape::fixed({features}), Init::fill(value), trainable});
  };
  const Var weight = parameter(".weight", 1, true), bias = parameter(".bias", 0, true);
  const Var running_mean = parameter(".running_mean", 0, false);
  const Var running_var = parameter(".running_var", 1, false);
  if (!training) return (x - running_mean) * (weight / sqrt(running_var + eps)) + bias;

  const auto [mask, inverse_windows] = batch_inputs(graph);
  const double inner = static_cast<double>(x.shape().row() / features);  // values per window
  const Var share = inverse_windows / inner;
  const Var mean = matrix_row(column_moments(x, running_mean, mask), 0) * share + running_mean;
  // Centred twice: the second mean is the rounding error of the first, which the gradient of
  // whatever x was shifted by would otherwise see once per row instead of 0.
  const Var moments = column_moments(x, mean, mask);
  const Var rest = matrix_row(moments, 0) * share;
  const Var variance = maximum(matrix_row(moments, 1) * share - rest * rest, graph.constant(0.0));
  // n / (n - 1) for n = inner / inverse_windows.
  const Var several = greater(inner - inverse_windows, graph.constant(0.0));
  const Var factor =
      graph.constant(inner) / where(several, inner - inverse_windows, graph.constant(1.0));
  const auto blend = [&](Var state, Var value) {
    return state * (1 - momentum) + value * momentum;
  };
  graph.output(next_name(name + ".running_mean"), blend(running_mean, mean + rest));
  graph.output(next_name(name + ".running_var"),
               where(several, blend(running_var, variance * factor), running_var));
  return batch_norm({.x = x,
                     .weight = weight,
                     .bias = bias,
                     .mean = mean,
                     .rest = rest,
                     .inverse_deviation = graph.constant(1.0) / sqrt(variance + eps),
                     .mask = mask,
                     .inverse_windows = inverse_windows});
}

}  // namespace nd
