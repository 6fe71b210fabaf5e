// Running one graph through both executors and differentiating it numerically.
#pragma once

#include <string>
#include <vector>

#include "graph/evaluate.h"
#include "graph/plan.h"
#include "ops/graph.h"

namespace nd::test {

/// Uniform values in [low, high] from a fixed generator, exactly representable in float32.
std::vector<double> random_values(size_t count, double low, double high, uint32_t seed);

/// Runs the CPU plan of `graph` with the interpreter's arguments; outputs other than parameter
/// gradients by name, those under "grad.<name>".
reference::Tensors run_cpu(const Graph& graph, const reference::Arguments& args,
                           Split split = Split::partitioned, int threads = 1);

/// max |a - b|; infinity when sizes differ.
double max_difference(const std::vector<double>& a, const std::vector<double>& b);
double max_magnitude(const std::vector<double>& a);

/// Largest |analytic - central difference| over all elements of all `names` (inputs or parameters)
/// of the scalar output "loss"; `graph` must hold outputs grad.<name>.
double gradient_error(const Graph& graph, reference::Arguments args,
                      const std::vector<std::string>& names, double epsilon = 1e-4);

}  // namespace nd::test
