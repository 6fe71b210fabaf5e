#include "graph/differentiate.h"

#include <algorithm>

#include "base/error.h"
#include "ops/op.h"
#include "ops/rules.h"

namespace nd {

namespace {

// Nodes on a path from a wanted leaf to the loss: only these need derivatives.
std::vector<bool> reaches_wanted(const Graph& graph, const std::vector<bool>& wanted) {
  std::vector<bool> reaches = wanted;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    for (NodeId input : graph.nodes()[i].inputs)
      reaches[i] = reaches[i] || reaches[static_cast<size_t>(input)];
  }
  return reaches;
}

}  // namespace

void differentiate(Graph& graph, std::string_view loss, const std::vector<std::string>& wrt_inputs,
                   const std::vector<std::string>& frozen) {
  const auto root = graph.outputs().find(loss);
  check_internal(root != graph.outputs().end() && graph.node(root->second).shape == Shape{},
                 "a scalar loss output");
  const size_t count = graph.nodes().size();

  std::vector<bool> wanted(count, false);
  std::vector<std::pair<std::string, NodeId>> leaves;
  for (size_t i = 0; i < count; ++i) {
    const Node& node = graph.nodes()[i];
    if (node.kind == NodeKind::parameter &&
        std::find(frozen.begin(), frozen.end(), node.name) == frozen.end()) {
      for (const ParameterDecl& decl : graph.parameters()) {
        if (decl.name == node.name && decl.trainable) wanted[i] = true;
      }
    }
    for (const std::string& name : wrt_inputs) {
      if (node.kind == NodeKind::input && node.name == name) wanted[i] = true;
    }
    if (wanted[i]) leaves.emplace_back(node.name, static_cast<NodeId>(i));
  }
  const std::vector<bool> on_path = reaches_wanted(graph, wanted);

  std::vector<Var> derivative(count);
  derivative[static_cast<size_t>(root->second)] = graph.constant(1.0);
  std::vector<Var> sink;
  for (NodeId id = root->second; id >= 0; --id) {
    const size_t i = static_cast<size_t>(id);
    if (!derivative[i].valid() || !on_path[i] || graph.node(id).kind != NodeKind::op) continue;
    // A copy: the rule appends nodes, which may move the stored one.
    const Node node = graph.node(id);
    if (node.op->gradient == nullptr) {
      throw Error(Code::internal,
                  "[differentiate] received a loss that depends on trainable values through " +
                      std::string(node.op->name) + ", which has no gradient: " +
                      (node.op->no_gradient != nullptr ? node.op->no_gradient : "not declared"));
    }
    sink.assign(node.inputs.size(), Var{});
    GradArgs args(graph, node, graph.var(id), derivative[i], sink);
    node.op->gradient(args);
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      const size_t input = static_cast<size_t>(node.inputs[k]);
      if (!sink[k].valid() || !on_path[input]) continue;
      const Shape target = graph.node(node.inputs[k]).shape;
      Var part = sum_to(
          broadcast(sink[k], broadcast_shapes(sink[k].shape(), target, "differentiate")), target);
      derivative[input] = derivative[input].valid() ? derivative[input] + part : part;
    }
  }
  for (const auto& [name, id] : leaves) {
    Var value = derivative[static_cast<size_t>(id)];
    if (!value.valid()) {
      const Shape shape = graph.node(id).shape;
      value = shape.is_batched() ? graph.var(id) * 0.0 : broadcast(graph.constant(0.0), shape);
    }
    graph.output(gradient_name(name), value);
  }
}

}  // namespace nd
