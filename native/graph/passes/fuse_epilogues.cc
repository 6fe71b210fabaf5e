#include <algorithm>

#include "graph/passes/passes.h"
#include "ops/fused.h"
#include "ops/list.h"
#include "ops/ops.h"

namespace nd {

namespace {

class Epilogues {
 public:
  explicit Epilogues(const Graph& graph)
      : graph_(graph), readers_(graph.nodes().size(), 0), absorbed_(graph.nodes().size(), false) {
    for (const Node& node : graph.nodes()) {
      for (NodeId input : node.inputs) ++readers_[at(input)];
    }
    for (const auto& [name, id] : graph.outputs()) ++readers_[at(id)];
  }

  Graph run() {
    const NodeId count = static_cast<NodeId>(graph_.nodes().size());
    std::vector<Match> matches(at(count));
    for (NodeId id = 0; id < count; ++id) {
      matches[at(id)] = match(id);
      for (NodeId member : matches[at(id)].members) absorbed_[at(member)] = true;
    }
    GraphRewriter rewriter(graph_);
    for (NodeId id = 0; id < count; ++id) {
      if (absorbed_[at(id)]) continue;
      if (matches[at(id)].members.empty()) {
        rewriter.copy(id);
      } else {
        emit(rewriter, id, matches[at(id)]);
      }
    }
    return rewriter.finish();
  }

 private:
  // A product that an elementwise node alone reads.
  struct Match {
    std::vector<NodeId> members;  // views of the product that are read alone, then the product
    NodeId operand = -1;          // of the elementwise node: the product or a view of it
  };

  static size_t at(NodeId id) { return static_cast<size_t>(id); }

  // The latest product among the operands: its place in time changes least.
  Match match(NodeId id) const {
    const Node& node = graph_.node(id);
    Match best;
    if (node.kind != NodeKind::op || !node.op->elementwise) return best;
    for (NodeId operand : node.inputs) {
      Match found{{}, operand};
      NodeId value = operand;
      const auto alone = [&] { return readers_[at(value)] == reads_of(node, value, operand); };
      while (graph_.node(value).op == &kReshape && alone()) {
        found.members.push_back(value);
        value = graph_.node(value).inputs[0];
      }
      const Node& product = graph_.node(value);
      if (product.op != &kMatMul || !product.shape.is_batched() || !alone()) continue;
      if (!best.members.empty() && best.members.back() >= value) continue;
      found.members.push_back(value);
      if (fits(node, found)) best = std::move(found);
    }
    return best;
  }

  // How often `node` itself reads `value`, when it is the operand; a view is read once.
  static int64_t reads_of(const Node& node, NodeId value, NodeId operand) {
    return value == operand ? std::count(node.inputs.begin(), node.inputs.end(), operand) : 1;
  }

  // Whether every other operand is a matrix like the product, one row, one column or a scalar.
  bool fits(const Node& node, const Match& match) const {
    const Shape &product = graph_.node(match.members.back()).shape,
                &seen = graph_.node(match.operand).shape;
    if (!(seen == node.shape)) return false;
    for (NodeId operand : node.inputs) {
      if (operand == match.operand) continue;
      Shape shape;
      if (!reshape_operand(graph_.node(operand).shape, node.shape, product, shape)) return false;
      const bool row =
          !shape.is_batched() && shape.row() == (shape.dims.empty() ? 1 : shape.dims.back());
      Shape column = product;
      column.dims.back() = 1;
      if (!(shape == product) && !row && !(shape == column)) return false;
    }
    return true;
  }

  void emit(GraphRewriter& rewriter, NodeId id, const Match& match) {
    Graph& graph = rewriter.graph();
    const Node& node = graph_.node(id);
    const Node& product = graph_.node(match.members.back());
    // Operands: the product first, then each other one once.
    std::vector<NodeId> inputs = {rewriter.mapped(product.inputs[0]),
                                  rewriter.mapped(product.inputs[1])};
    std::vector<NodeId> others;
    std::vector<int64_t> number;  // of each operand of the node
    for (NodeId operand : node.inputs) {
      if (operand == match.operand) {
        number.push_back(0);
        continue;
      }
      const auto known = std::find(others.begin(), others.end(), operand);
      number.push_back(known - others.begin() + 1);
      if (known != others.end()) continue;
      others.push_back(operand);
      inputs.push_back(viewed(graph, rewriter.mapped(operand), node.shape, product.shape));
    }
    FusedSteps fused = steps_of(node);
    const int64_t before = static_cast<int64_t>(node.inputs.size()),
                  after = static_cast<int64_t>(others.size()) + 1;
    for (FusedStep& step : fused.steps) {
      for (int64_t& operand : step.operands)
        operand =
            operand < before ? number[static_cast<size_t>(operand)] : operand - before + after;
    }
    fused.shape = product.shape;
    Attrs attrs = encode(fused);
    attrs.ints.insert(attrs.ints.begin(), product.attrs.ints.begin(), product.attrs.ints.end());
    const Var value = graph.emit(kMatMulFused, std::move(inputs), std::move(attrs));
    rewriter.map(id, reshape(value, node.shape).id);
  }

  // An operand that broadcasts to `from`, as it broadcasts to `to`.
  static NodeId viewed(Graph& graph, NodeId operand, const Shape& from, const Shape& to) {
    const Shape& shape = graph.node(operand).shape;
    Shape wanted;
    reshape_operand(shape, from, to, wanted);
    if (wanted == shape || shape.rank() == 0) return operand;
    return reshape(graph.var(operand), wanted).id;
  }

  const Graph& graph_;
  std::vector<int64_t> readers_;
  std::vector<bool> absorbed_;
};

}  // namespace

Graph fuse_epilogues(const Graph& graph) { return Epilogues(graph).run(); }

}  // namespace nd
