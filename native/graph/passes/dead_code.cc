#include "graph/passes/passes.h"

namespace nd {

Graph eliminate_dead_code(const Graph& graph) {
  std::vector<bool> live(graph.nodes().size(), false);
  for (const auto& [name, id] : graph.outputs()) live[static_cast<size_t>(id)] = true;
  for (size_t i = graph.nodes().size(); i-- > 0;) {
    if (!live[i]) continue;
    for (NodeId input : graph.nodes()[i].inputs) live[static_cast<size_t>(input)] = true;
  }
  GraphRewriter rewriter(graph);
  for (size_t i = 0; i < live.size(); ++i) {
    if (live[i]) rewriter.copy(static_cast<NodeId>(i));
  }
  return rewriter.finish();
}

}  // namespace nd
