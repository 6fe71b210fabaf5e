// The embedding of the Transformer family: a circular convolution of the series, plus a linear map
// of what is known about each step.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

/// y [B, T] and marks [B, T, F] (invalid when there are none) -> [B, T, hidden]. Parameters
/// `<name>.value_embedding.tokenConv.weight` [hidden, 1, 3] and, with marks,
/// `<name>.temporal_embedding.embed.weight` [hidden, F].
Var data_embedding(Graph& graph, Var y, Var marks, int64_t hidden, double dropout_probability,
                   const std::string& name);

}  // namespace nd
