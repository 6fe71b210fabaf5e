#include "graph/passes/passes.h"

namespace nd {

GraphRewriter::GraphRewriter(const Graph& from) : from_(from), map_(from.nodes().size(), -1) {
  to_.nodes_.reserve(from.nodes().size());
}

NodeId GraphRewriter::copy(NodeId id) {
  Node node = from_.node(id);
  node.inputs = mapped_inputs(id);
  to_.nodes_.push_back(std::move(node));
  const NodeId created = static_cast<NodeId>(to_.nodes_.size()) - 1;
  map(id, created);
  return created;
}

std::vector<NodeId> GraphRewriter::mapped_inputs(NodeId id) const {
  std::vector<NodeId> inputs;
  for (NodeId input : from_.node(id).inputs) inputs.push_back(mapped(input));
  return inputs;
}

Graph GraphRewriter::finish() {
  for (const auto& [name, id] : from_.outputs()) to_.outputs_[name] = mapped(id);
  to_.parameters_ = from_.parameters_;
  to_.place_ = from_.place_;
  return std::move(to_);
}

}  // namespace nd
