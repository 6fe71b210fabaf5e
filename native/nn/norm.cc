#include "nn/norm.h"

#include "base/error.h"
#include "nn/batch.h"
#include "ops/ops.h"

namespace nd {

Var batch_norm(Graph& graph, Var x, int64_t feature_axis, const std::string& name, bool training,
               double eps, double momentum) {
  const Shape shape = x.shape();  // a copy: nodes move while the graph grows
  check_internal(feature_axis >= 1 && feature_axis < shape.rank(), "batch_norm: a static axis");
  const int64_t features = shape.size(feature_axis, 1);
  const Shape flat = Shape::fixed({features});
  const auto parameter = [&](const char* kind, double value, bool trainable) {
    return graph.parameter({name + kind, flat, Init::fill(value), trainable});
  };
  const Var weight = parameter(".weight", 1, true), bias = parameter(".bias", 0, true);
  const Var running_mean = parameter(".running_mean", 0, false);
  const Var running_var = parameter(".running_var", 1, false);

  std::vector<int64_t> others, aligned_dims;  // aligned: F at the place of its axis
  double inner = 1;                           // values per window and feature
  for (int64_t axis = 1; axis < shape.rank(); ++axis) {
    const int64_t size = shape.size(axis, 1);
    aligned_dims.push_back(axis == feature_axis ? size : 1);
    if (axis == feature_axis) continue;
    others.push_back(axis);
    inner *= static_cast<double>(size);
  }
  const Shape aligned = Shape::fixed(std::move(aligned_dims));

  Var mean = reshape(running_mean, aligned), centred = x - mean;
  Var variance = reshape(running_var, aligned);
  if (training) {
    mean = batch_mean(graph, x, others);
    // Centred twice: the second mean is the rounding error of the first, which the gradient of
    // whatever x was shifted by would otherwise see once per row instead of 0.
    centred = x - mean;
    centred = centred - batch_mean(graph, centred, others);
    variance = batch_mean(graph, centred * centred, others);
    // n / (n - 1) for n = inner / inverse.
    const Var inverse = graph.var(graph.find_input(kInverseWindows));
    const Var several = greater(inner - inverse, graph.constant(0.0));
    const Var factor = graph.constant(inner) / where(several, inner - inverse, graph.constant(1.0));
    const auto blend = [&](Var state, Var value) {
      return state * (1 - momentum) + value * momentum;
    };
    graph.output(next_name(name + ".running_mean"), blend(running_mean, reshape(mean, flat)));
    graph.output(next_name(name + ".running_var"),
                 where(several, blend(running_var, reshape(variance, flat) * factor), running_var));
  }
  const Var scale = reshape(weight, aligned) / sqrt(variance + eps);
  return centred * scale + reshape(bias, aligned);
}

}  // namespace nd
