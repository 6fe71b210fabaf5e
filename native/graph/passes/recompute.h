// Gradient checkpointing (Chen et al., "Training deep nets with sublinear memory cost", 2016) as a
// pass over the differentiated graph: the forward part is cut into segments, of which only what
// crosses a cut is kept; what the derivative needs from inside a segment is computed again, right
// before its first use. Random draws are functions of their op's number, so the second computation
// gives the same bits as the first, and so do gradients.
#pragma once

#include <string_view>

#include "ops/graph.h"

namespace nd {

/// `graph` with nodes repeated so that fewer forward values live until the derivative reads them;
/// everything up to the node of the output `loss` is the forward part. Outputs, and with them
/// state, are computed once. The graph comes back as it is where nothing would be saved. Must be
/// the last pass that looks for common subexpressions.
Graph recompute(const Graph& graph, std::string_view loss);

}  // namespace nd
