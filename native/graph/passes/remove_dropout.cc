#include "graph/passes/passes.h"
#include "ops/list.h"
#include "ops/op.h"

namespace nd {

Graph remove_dropout(const Graph& graph) {
  GraphRewriter rewriter(graph);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    if (node.op == &kDropout) {
      rewriter.map(id, rewriter.mapped(node.inputs[0]));
    } else if (node.kind == NodeKind::op && is_random(node)) {
      Attrs attrs = node.attrs;
      attrs.reals[0] = 0;
      rewriter.map(id, rewriter.graph().emit(*node.op, rewriter.mapped_inputs(id), attrs).id);
    } else {
      rewriter.copy(id);
    }
  }
  return rewriter.finish();
}

}  // namespace nd
