#include "nn/batch.h"

#include <algorithm>

#include "base/error.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var input_once(Graph& graph, const char* name, Shape shape) {
  const NodeId id = graph.find_input(name);
  return id >= 0 ? graph.var(id) : graph.input(name, std::move(shape));
}

}  // namespace

BatchInputs batch_inputs(Graph& graph) {
  const Var mask = input_once(graph, kWindowMask, Shape::batched({}));
  return {mask, input_once(graph, kInverseWindows, Shape{})};
}

bool spans_batch(const Graph& graph) { return graph.find_input(kInverseWindows) >= 0; }

Var batch_mean(Graph& graph, Var x, const std::vector<int64_t>& axes) {
  check_internal(x.shape().batch == 1, "batch_mean: one leading row per window");
  const auto [mask, inverse] = batch_inputs(graph);
  // A spare row may hold anything, even NaN: selected away, not multiplied by 0.
  const Shape row = Shape::batched(std::vector<int64_t>(x.shape().dims.size(), 1));
  const Var real = where(reshape(mask, row), x, graph.constant(0.0));
  std::vector<int64_t> all = axes;
  all.push_back(0);
  double inner = 1;
  for (const int64_t axis : axes) inner *= static_cast<double>(x.shape().size(axis, 1));
  return sum(real, std::move(all), /*keep=*/true) * inverse / inner;
}

}  // namespace nd
