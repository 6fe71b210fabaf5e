#include <optional>

#include "graph/passes/passes.h"
#include "ops/list.h"
#include "ops/ops.h"

namespace nd {

namespace {

bool is_zero(const Node& node) {
  return node.kind == NodeKind::constant && node.constant.size() == 1 && node.constant[0] == 0;
}

// The dropout of `value` with the draws of `drop`, before node `end`.
std::optional<NodeId> same_draws(const Graph& graph, NodeId value, const Node& drop, NodeId end) {
  for (NodeId id = value + 1; id < end; ++id) {
    const Node& node = graph.node(id);
    if (node.op == &kDropout && node.inputs[0] == value && node.shape == drop.shape &&
        node.attrs.ints == drop.attrs.ints && node.attrs.reals == drop.attrs.reals)
      return id;
  }
  return std::nullopt;
}

}  // namespace

Graph share_dropout_masks(const Graph& graph) {
  GraphRewriter rewriter(graph);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    if (node.op != &kWhere || !is_zero(graph.node(node.inputs[2]))) {
      rewriter.copy(id);
      continue;
    }
    const Node& drop = graph.node(node.inputs[1]);
    const auto dropped = drop.op == &kDropout && drop.shape == node.shape
                             ? same_draws(graph, node.inputs[0], drop, id)
                             : std::nullopt;
    if (!dropped) {
      rewriter.copy(id);
      continue;
    }
    const auto var = [&](NodeId from) { return rewriter.graph().var(rewriter.mapped(from)); };
    const Var kept = var(drop.inputs[0]) * (1 / (1 - drop.attrs.reals[0]));
    rewriter.map(id, where(var(*dropped), kept, var(node.inputs[2])).id);
  }
  return rewriter.finish();
}

}  // namespace nd
