// The other interface behind which a backend lives: values of a graph in double precision, by the
// naive interpreter of backends/reference. It is the definition of every op, the reference of every
// test, the only way to check a gradient to 1e-9, and evaluates losses as float64 metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ops/graph.h"

namespace nd::reference {

using Tensor = std::vector<double>;  ///< row-major
using Tensors = std::map<std::string, Tensor, std::less<>>;

struct Arguments {
  int64_t windows = 1;
  Tensors inputs{};      ///< every input of the graph by name
  Tensors parameters{};  ///< every parameter by name, canonical order
  uint64_t seed = 0;
  uint32_t step = 0;
};

/// Values of all outputs of `graph`.
Tensors evaluate(const Graph& graph, const Arguments& args);

/// Value of one op node for given operands.
Tensor evaluate_node(const Node& node, const std::vector<const Tensor*>& operands,
                     const std::vector<Shape>& shapes, int64_t windows, uint64_t seed,
                     uint32_t step);

/// Value of an op node of `graph` whose operands are constants: what constant folding calls.
Tensor evaluate_constant(const Graph& graph, const Node& node);

}  // namespace nd::reference
