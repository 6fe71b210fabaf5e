#include <algorithm>

#include "graph/passes/passes.h"
#include "ops/fused.h"
#include "ops/list.h"

namespace nd {

namespace {

// Bounds of one fused node: what a backend keeps in registers and L1.
constexpr size_t kMaxSteps = 24, kMaxOperands = 8;

constexpr NodeId kNobody = -1, kMany = -2;

// A group of ops that becomes one node, in place of its last member.
struct Group {
  std::vector<NodeId> members;   // in the order of the graph
  std::vector<NodeId> operands;  // what the members read from outside
};

class Fusion {
 public:
  Fusion(const Graph& graph, NodeId reach)
      : graph_(graph),
        reach_(reach),
        reader_(graph.nodes().size(), kNobody),
        groups_(graph.nodes().size()) {}

  Graph run() {
    for (const auto& [name, id] : graph_.outputs()) reader_[static_cast<size_t>(id)] = kMany;
    for (size_t i = graph_.nodes().size(); i-- > 0;) place(static_cast<NodeId>(i));
    GraphRewriter rewriter(graph_);
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      const NodeId id = static_cast<NodeId>(i);
      const Node& node = graph_.node(id);
      if (groups_[i].members.empty()) {
        // Inputs stay, read or not: the outside may fill them.
        if (node.kind != NodeKind::op || reader_[i] == kMany) rewriter.copy(id);
      } else if (groups_[i].members.size() == 1 && groups_[i].operands == node.inputs) {
        rewriter.copy(id);
      } else {
        emit(rewriter, id);
      }
    }
    return rewriter.finish();
  }

 private:
  bool is_fusable(const Node& node) const {
    return node.kind == NodeKind::op && node.op->elementwise && node.op != &kFused;
  }

  // The value that is read when `id` is read inside a group: a repetition costs nothing there.
  NodeId behind(NodeId id) const {
    while (graph_.node(id).op == &kBroadcast || graph_.node(id).op == &kDetach)
      id = graph_.node(id).inputs[0];
    return id;
  }

  // Readers come later in the graph, so that all of them have spoken by now.
  void place(NodeId id) {
    const size_t i = static_cast<size_t>(id);
    const Node& node = graph_.node(id);
    if (node.kind != NodeKind::op || reader_[i] == kNobody) return;
    if (!is_fusable(node)) {
      reader_[i] = kMany;
      for (NodeId input : node.inputs) reader_[static_cast<size_t>(input)] = kMany;
      return;
    }
    if (reader_[i] == kMany || !join(id, reader_[i])) {
      reader_[i] = kMany;
      join(id, id);
    }
  }

  // Adds node `id` to the group that ends with `last`, if it fits.
  bool join(NodeId id, NodeId last) {
    const Node& node = graph_.node(id);
    const Shape& whole = graph_.node(last).shape;
    if (last - id > reach_) return false;
    // A scalar is computed again for every block, which is nothing; a row or column would be
    // repeated. A random mask belongs to the elements of its own shape.
    if (!(node.shape == whole) && (node.shape.elements(2) > 1 || node.op->random)) return false;
    Group& group = groups_[static_cast<size_t>(last)];
    std::vector<NodeId> operands;
    const auto add = [&](NodeId operand) {
      if (std::find(operands.begin(), operands.end(), operand) == operands.end())
        operands.push_back(operand);
    };
    for (NodeId input : node.inputs) add(behind(input));
    for (NodeId operand : group.operands) {
      if (operand != id) add(operand);
    }
    if (operands.size() > kMaxOperands || group.members.size() == kMaxSteps) return false;
    group.operands = std::move(operands);
    group.members.insert(group.members.begin(), id);
    for (NodeId input : node.inputs) {
      NodeId& reader = reader_[static_cast<size_t>(behind(input))];
      reader = reader == kNobody || reader == last ? last : kMany;
    }
    return true;
  }

  void emit(GraphRewriter& rewriter, NodeId last) {
    const Group& group = groups_[static_cast<size_t>(last)];
    FusedSteps fused{.shape = graph_.node(last).shape};
    std::vector<NodeId> inputs;
    for (NodeId operand : group.operands) inputs.push_back(rewriter.mapped(operand));
    for (NodeId member : group.members) {
      const Node& node = graph_.node(member);
      FusedStep step{.op = node.op, .attrs = node.attrs};
      for (NodeId input : node.inputs) {
        const NodeId value = behind(input);
        const auto inside = std::find(group.members.begin(), group.members.end(), value);
        const auto outside = std::find(group.operands.begin(), group.operands.end(), value);
        step.operands.push_back(inside != group.members.end()
                                    ? inside - group.members.begin() +
                                          static_cast<int64_t>(group.operands.size())
                                    : outside - group.operands.begin());
      }
      fused.steps.push_back(std::move(step));
    }
    rewriter.map(last, rewriter.graph().emit(kFused, std::move(inputs), encode(fused)).id);
  }

  const Graph& graph_;
  NodeId reach_;
  std::vector<NodeId> reader_;  // of each node: kNobody, the group that alone reads it, or kMany
  std::vector<Group> groups_;   // by the last member
};

}  // namespace

Graph fuse_elementwise(const Graph& graph, NodeId reach) { return Fusion(graph, reach).run(); }

}  // namespace nd
