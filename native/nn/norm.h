// Normalisation layers as functions over ops, with torch's parameter names.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

/// Batch normalisation (Ioffe and Szegedy, ICML 2015) of x [B, …, F] per index of the last
/// axis, over the windows of this run and all other axes:
/// (x - mean) / √(variance + eps)·weight + bias. Parameters `<name>.weight` and `<name>.bias` [F];
/// state `<name>.running_mean` and `<name>.running_var` [F]. Training uses the statistics of the
/// batch (biased variance) and hands the state on as the outputs next.<state>: (1 - momentum)·state
/// + momentum·statistic, with the unbiased variance, as torch; a single value has none, and its
/// running variance stays. Inference uses the state.
Var batch_norm(Graph& graph, Var x, const std::string& name, bool training, double eps = 1e-5,
               double momentum = 0.1);

}  // namespace nd
