#include "ops/graph.h"

#include "base/error.h"
#include "ops/op.h"

namespace nd {

std::string next_name(std::string_view state) { return "next." + std::string(state); }

const Shape& Var::shape() const { return graph->node(id).shape; }

Var Graph::input(std::string name, Shape shape) {
  check_internal(find_input(name) < 0, "two graph inputs of one name");
  Node node{.kind = NodeKind::input, .shape = std::move(shape), .name = std::move(name)};
  nodes_.push_back(std::move(node));
  return var(static_cast<NodeId>(nodes_.size()) - 1);
}

Var Graph::constant(Shape shape, std::vector<double> values) {
  check_internal(!shape.is_batched() && shape.row() == static_cast<int64_t>(values.size()),
                 "a constant whose values do not fill its shape");
  Node node{.kind = NodeKind::constant, .shape = std::move(shape), .constant = std::move(values)};
  nodes_.push_back(std::move(node));
  return var(static_cast<NodeId>(nodes_.size()) - 1);
}

Var Graph::parameter(const ParameterDecl& decl) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind != NodeKind::parameter || nodes_[i].name != decl.name) continue;
    if (!(nodes_[i].shape == decl.shape)) {
      throw Error(Code::internal, "[" + place_ + "." + decl.name + "] received shape " +
                                      to_string(decl.shape) + " for a shared parameter of shape " +
                                      to_string(nodes_[i].shape));
    }
    return var(static_cast<NodeId>(i));
  }
  parameters_.push_back(decl);
  nodes_.push_back(Node{.kind = NodeKind::parameter, .shape = decl.shape, .name = decl.name});
  return var(static_cast<NodeId>(nodes_.size()) - 1);
}

Var Graph::emit(const OpDef& op, std::vector<NodeId> inputs, Attrs attrs) {
  check_internal(op.arity < 0 ? !inputs.empty() : static_cast<int>(inputs.size()) == op.arity,
                 "op arity");
  std::vector<Shape> shapes;
  shapes.reserve(inputs.size());
  for (NodeId id : inputs) shapes.push_back(node(id).shape);
  Shape shape = op.shape({shapes, attrs, place_});
  nodes_.push_back(Node{.op = &op,
                        .inputs = std::move(inputs),
                        .attrs = std::move(attrs),
                        .shape = std::move(shape)});
  return var(static_cast<NodeId>(nodes_.size()) - 1);
}

void Graph::output(std::string name, Var value) {
  check_internal(value.graph == this, "an output of another graph");
  outputs_[std::move(name)] = value.id;
}

NodeId Graph::find_input(std::string_view name) const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind == NodeKind::input && nodes_[i].name == name) return static_cast<NodeId>(i);
  }
  return -1;
}

}  // namespace nd
