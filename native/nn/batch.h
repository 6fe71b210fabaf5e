// Means over the windows of a batch. A plan has room for more windows than a step may have, so what
// spans the batch must know which rows are real: two inputs say so, declared by the first layer
// that asks. A network with these inputs never computes repeated windows once.
#pragma once

#include <vector>

#include "ops/graph.h"

namespace nd {

/// [B]: 1 for a window of this run, 0 for a spare row.
inline constexpr char kWindowMask[] = "window_mask";
/// []: 1 / number of windows of this run.
inline constexpr char kInverseWindows[] = "inverse_windows";

/// The two inputs, declared if they are not yet.
struct BatchInputs {
  Var mask, inverse_windows;
};
BatchInputs batch_inputs(Graph& graph);

/// True when `graph` has a value that spans the batch.
bool spans_batch(const Graph& graph);

/// Mean of x [B, …] over the windows of this run and over `axes` (static ones, counted with the
/// batch axis as 0): the axes stay with size 1, the batch axis goes.
Var batch_mean(Graph& graph, Var x, const std::vector<int64_t>& axes = {});

}  // namespace nd
