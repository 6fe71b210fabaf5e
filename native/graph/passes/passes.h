// Portable passes: graph in, equivalent graph out, each in a small file with its own test. They
// keep every output name, every parameter declaration and the order of nodes.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// Copies a graph node by node under a mapping of old to new nodes; what passes are written with.
class GraphRewriter {
 public:
  explicit GraphRewriter(const Graph& from);
  /// Copies node `id` with its inputs mapped, and maps it to the copy.
  NodeId copy(NodeId id);
  /// Maps `id` to an existing node of the new graph.
  void map(NodeId id, NodeId to) { map_[static_cast<size_t>(id)] = to; }
  NodeId mapped(NodeId id) const { return map_[static_cast<size_t>(id)]; }
  std::vector<NodeId> mapped_inputs(NodeId id) const;
  Graph& graph() { return to_; }
  /// Moves outputs and parameter declarations over and returns the new graph.
  Graph finish();

 private:
  const Graph& from_;
  Graph to_;
  std::vector<NodeId> map_;
};

/// Drops nodes from which no output is reached.
Graph eliminate_dead_code(const Graph& graph);

/// Merges equal nodes: same op, attributes and operands, equal constants. Random ops merge when
/// their number agrees.
Graph eliminate_common_subexpressions(const Graph& graph);

/// Evaluates one unbatched op node on constant operands; supplied by a backend.
using EvaluateNode = std::function<std::vector<double>(const Graph&, const Node&)>;

/// Replaces unbatched nodes of constants by constants and removes identities (x·1, x/1, x+0, x-0,
/// broadcast to own shape).
Graph fold_constants(const Graph& graph, const EvaluateNode& evaluate);

/// where(h, dropout(g), 0) with the draws of a dropout(h) that exists already becomes
/// where(dropout(h), g / (1-p), 0): what passes back through relu and dropout draws no number a
/// second time, and h itself is not kept.
Graph share_dropout_masks(const Graph& graph);

/// The same network without dropout: what is random passes everything on. Not for optimised graphs.
Graph remove_dropout(const Graph& graph);

/// Merges chains and small trees of elementwise ops into fused nodes, one pass over memory each: an
/// op joins its only reader when it has the reader's shape or is a scalar. Repetitions (broadcast)
/// and detach inside vanish. Comes last: a fused node has no gradient and is not folded. Ops more
/// than `reach` nodes apart stay apart: the operands of a fused node live until its end, those of a
/// sum over layers through all layers.
Graph fuse_elementwise(const Graph& graph, NodeId reach = std::numeric_limits<NodeId>::max());

/// Merges a product of windows with the elementwise node that alone reads it, which is then
/// computed on each part of the product while it is in the cache: bias, activation, residual,
/// dropout, masks of backward passes. Comes after fuse_elementwise.
Graph fuse_epilogues(const Graph& graph);

/// All that simplify, in the order that serves.
Graph optimise(const Graph& graph, const EvaluateNode& evaluate);

}  // namespace nd
