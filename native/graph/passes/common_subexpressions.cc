#include <cstring>
#include <map>
#include <string>

#include "graph/passes/passes.h"
#include "ops/op.h"

namespace nd {

namespace {

void append(std::string& key, const void* data, size_t bytes) {
  key.append(static_cast<const char*>(data), bytes);
}

// Everything that determines a node's value, as bytes.
std::string signature(const Node& node, const std::vector<NodeId>& inputs) {
  std::string key(1, static_cast<char>(node.kind));
  append(key, &node.op, sizeof node.op);
  append(key, &node.shape.batch, sizeof node.shape.batch);
  append(key, node.shape.dims.data(), node.shape.dims.size() * sizeof(int64_t));
  key += '|';
  append(key, inputs.data(), inputs.size() * sizeof(NodeId));
  key += '|';
  append(key, node.attrs.ints.data(), node.attrs.ints.size() * sizeof(int64_t));
  key += '|';
  append(key, node.attrs.reals.data(), node.attrs.reals.size() * sizeof(double));
  key += '|';
  append(key, node.constant.data(), node.constant.size() * sizeof(double));
  return key;
}

}  // namespace

Graph eliminate_common_subexpressions(const Graph& graph) {
  GraphRewriter rewriter(graph);
  std::map<std::string, NodeId> seen;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const NodeId id = static_cast<NodeId>(i);
    const Node& node = graph.node(id);
    if (node.kind != NodeKind::op && node.kind != NodeKind::constant) {
      rewriter.copy(id);
      continue;
    }
    const auto [entry, is_new] = seen.try_emplace(signature(node, rewriter.mapped_inputs(id)), -1);
    if (is_new) {
      entry->second = rewriter.copy(id);
    } else {
      rewriter.map(id, entry->second);
    }
  }
  return rewriter.finish();
}

}  // namespace nd
