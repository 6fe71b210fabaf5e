#include "graph/evaluate.h"

#include "backends/reference/kernels.h"
#include "base/error.h"

namespace nd::reference {

namespace {

const Tensor& find(const Tensors& tensors, const Node& node, int64_t windows) {
  const auto it = tensors.find(node.name);
  if (it == tensors.end())
    throw Error(Code::internal, "[interpreter] no value given for " + node.name);
  if (static_cast<int64_t>(it->second.size()) != node.shape.elements(windows)) {
    throw Error(Code::internal, "[interpreter] received " + std::to_string(it->second.size()) +
                                    " values for " + node.name + ", expected " +
                                    to_string(node.shape) + " with B = " + std::to_string(windows));
  }
  return it->second;
}

}  // namespace

Tensor evaluate_node(const Node& node, const std::vector<const Tensor*>& operands,
                     const std::vector<Shape>& shapes, int64_t windows, uint64_t seed,
                     uint32_t step) {
  const Kernel kernel = find_kernel(*node.op);
  check_internal(kernel != nullptr, "a reference kernel for every op");
  std::vector<Dims> in_dims;
  for (const Shape& shape : shapes) in_dims.push_back(dims_of(shape, windows));
  const Dims out_dims = dims_of(node.shape, windows);
  Tensor out(static_cast<size_t>(node.shape.elements(windows)), 0.0);
  kernel({operands, in_dims, out_dims, node.attrs, seed, step, out});
  return out;
}

Tensors evaluate(const Graph& graph, const Arguments& args) {
  std::vector<Tensor> values(graph.nodes().size());
  for (size_t i = 0; i < values.size(); ++i) {
    const Node& node = graph.nodes()[i];
    switch (node.kind) {
      case NodeKind::input:
        values[i] = find(args.inputs, node, args.windows);
        break;
      case NodeKind::parameter:
        values[i] = find(args.parameters, node, args.windows);
        break;
      case NodeKind::constant:
        values[i] = node.constant;
        break;
      case NodeKind::op: {
        std::vector<const Tensor*> operands;
        std::vector<Shape> shapes;
        for (NodeId input : node.inputs) {
          operands.push_back(&values[static_cast<size_t>(input)]);
          shapes.push_back(graph.node(input).shape);
        }
        values[i] = evaluate_node(node, operands, shapes, args.windows, args.seed, args.step);
        break;
      }
    }
  }
  Tensors outputs;
  for (const auto& [name, id] : graph.outputs()) outputs[name] = values[static_cast<size_t>(id)];
  return outputs;
}

Tensor evaluate_constant(const Graph& graph, const Node& node) {
  std::vector<const Tensor*> operands;
  std::vector<Shape> shapes;
  for (NodeId input : node.inputs) {
    operands.push_back(&graph.node(input).constant);
    shapes.push_back(graph.node(input).shape);
  }
  return evaluate_node(node, operands, shapes, 1, 0, 0);
}

}  // namespace nd::reference
