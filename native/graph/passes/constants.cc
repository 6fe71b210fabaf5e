#include <algorithm>

#include "graph/passes/passes.h"
#include "ops/list.h"

namespace nd {

namespace {

bool all_equal(const Node& node, double value) {
  return node.kind == NodeKind::constant && std::all_of(node.constant.begin(), node.constant.end(),
                                                        [=](double v) { return v == value; });
}

// The operand that an identity returns unchanged, or -1.
NodeId identity_of(const Graph& graph, const Node& node) {
  if (node.op == &kBroadcast || node.op == &kReshape) {
    return graph.node(node.inputs[0]).shape == node.shape ? node.inputs[0] : -1;
  }
  if (node.inputs.size() != 2) return -1;
  const Node &a = graph.node(node.inputs[0]), &b = graph.node(node.inputs[1]);
  const bool right_neutral = ((node.op == &kMul || node.op == &kDiv) && all_equal(b, 1)) ||
                             ((node.op == &kAdd || node.op == &kSub) && all_equal(b, 0));
  const bool left_neutral =
      (node.op == &kMul && all_equal(a, 1)) || (node.op == &kAdd && all_equal(a, 0));
  if (right_neutral && a.shape == node.shape) return node.inputs[0];
  if (left_neutral && b.shape == node.shape) return node.inputs[1];
  return -1;
}

}  // namespace

Graph fold_constants(const Graph& graph, const EvaluateNode& evaluate) {
  GraphRewriter rewriter(graph);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const NodeId id = static_cast<NodeId>(i);
    const Node& node = graph.node(id);
    if (node.kind != NodeKind::op) {
      rewriter.copy(id);
      continue;
    }
    const std::vector<NodeId> inputs = rewriter.mapped_inputs(id);
    const bool constant = !node.shape.is_batched() && !is_random(node) &&
                          std::all_of(inputs.begin(), inputs.end(), [&](NodeId input) {
                            return rewriter.graph().node(input).kind == NodeKind::constant;
                          });
    if (constant) {
      Node mapped = node;
      mapped.inputs = inputs;
      rewriter.map(id,
                   rewriter.graph().constant(node.shape, evaluate(rewriter.graph(), mapped)).id);
      continue;
    }
    Node mapped = node;
    mapped.inputs = inputs;
    const NodeId same = identity_of(rewriter.graph(), mapped);
    if (same >= 0) {
      rewriter.map(id, same);
    } else {
      rewriter.copy(id);
    }
  }
  return rewriter.finish();
}

Graph optimise(const Graph& graph, const EvaluateNode& evaluate) {
  const Graph folded = fold_constants(eliminate_dead_code(graph), evaluate);
  return eliminate_dead_code(share_dropout_masks(eliminate_common_subexpressions(folded)));
}

}  // namespace nd
