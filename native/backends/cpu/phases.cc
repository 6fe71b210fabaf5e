#include "backends/cpu/phases.h"

#include <algorithm>

#include "graph/differentiate.h"
#include "graph/passes/passes.h"
#include "ops/fused.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

constexpr char kReducedPrefix[] = "reduced.";

bool any_of(const OpDef* op, std::initializer_list<const OpDef*> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool is_zero_constant(const Node& node) {
  return node.kind == NodeKind::constant &&
         std::all_of(node.constant.begin(), node.constant.end(), [](double v) { return v == 0; });
}

// Finds which values are totals, which of them must be whole before they are used, and in which
// phase each node runs.
class Analysis {
 public:
  explicit Analysis(const Graph& graph)
      : graph_(graph),
        joints_(graph.nodes().size(), Joint::same),
        phases_(joints_.size(), 0),
        reduced_(joints_.size(), false) {
    // What a reduced total makes of its consumers may ask for further reductions.
    while (pass()) {
    }
  }

  const std::vector<Joint>& joints() const { return joints_; }
  int phase(NodeId id) const { return phases_[at(id)]; }
  bool reduced(NodeId id) const { return reduced_[at(id)]; }

 private:
  static size_t at(NodeId id) { return static_cast<size_t>(id); }

  // A total that is still in parts where it is used.
  bool partial(NodeId id) const { return joints_[at(id)] == Joint::summed && !reduced_[at(id)]; }

  bool is_linear(const Node& node) const {
    std::vector<bool> parts;
    for (NodeId id : node.inputs) parts.push_back(partial(id));
    if (node.op != &kFused) return is_linear(*node.op, parts);
    for (const FusedStep& step : decode_fused(node.attrs).steps) {
      std::vector<bool> operands;
      for (int64_t operand : step.operands) operands.push_back(parts[static_cast<size_t>(operand)]);
      const bool any = std::find(operands.begin(), operands.end(), true) != operands.end();
      if (any && !is_linear(*step.op, operands)) return false;
      parts.push_back(any);
    }
    return true;
  }

  // A sum of parts passes through these: f(a + b) = f(a) + f(b). `parts`: which operands are in
  // parts, at least one.
  static bool is_linear(const OpDef& op, const std::vector<bool>& parts) {
    const auto count = std::count(parts.begin(), parts.end(), true);
    if (any_of(&op, {&kNeg, &kReshape, &kTranspose, &kSlice, &kPad, &kReverse, &kSum, &kBroadcast,
                     &kDetach}))
      return true;
    if (any_of(&op, {&kAdd, &kSub, &kConcat})) return count == static_cast<int64_t>(parts.size());
    if (any_of(&op, {&kMul, &kMatMul})) return count == 1;
    return &op == &kDiv && !parts[1];
  }

  // One walk over the graph; true when a further total turned out to be needed whole.
  bool pass() {
    bool changed = false;
    const auto whole = [&](NodeId id) {
      // A view of a total is made whole with the value that it views.
      while (graph_.node(id).op == &kReshape || graph_.node(id).op == &kDetach)
        id = graph_.node(id).inputs[0];
      changed = changed || !reduced_[at(id)];
      reduced_[at(id)] = true;
    };
    for (size_t i = 0; i < joints_.size(); ++i) {
      const Node& node = graph_.nodes()[i];
      joints_[i] = node.shape.is_batched() ? Joint::concatenated : Joint::same;
      bool from_windows = false, from_parts = false;
      int phase = 0;
      for (const NodeId input : node.inputs) {
        phase = std::max(phase, phases_[at(input)] + (reduced_[at(input)] ? 1 : 0));
        from_windows = from_windows || graph_.node(input).shape.is_batched();
        from_parts = from_parts || partial(input);
      }
      phases_[i] = phase;
      if (from_parts && (from_windows || node.shape.is_batched() || !is_linear(node))) {
        for (const NodeId input : node.inputs)
          if (partial(input)) whole(input);
      } else if (!node.shape.is_batched() && (from_windows || from_parts)) {
        joints_[i] = Joint::summed;
      }
    }
    return changed;
  }

  const Graph& graph_;
  std::vector<Joint> joints_;
  std::vector<int> phases_;
  std::vector<bool> reduced_;
};

}  // namespace

Joint Phases::joint(const std::string& output) const {
  return joints_[static_cast<size_t>(graph.outputs().find(output)->second)];
}

std::optional<Phases> split_phases(const Graph& graph) {
  const Analysis analysis(graph);
  const std::string gradient = gradient_name("");
  for (const auto& [name, id] : graph.outputs()) {
    if (!name.starts_with(gradient) || graph.node(id).shape.is_batched()) continue;
    const bool plain_sum =
        analysis.joints()[static_cast<size_t>(id)] == Joint::summed && !analysis.reduced(id);
    if (!plain_sum && !is_zero_constant(graph.node(id))) return std::nullopt;
  }

  std::vector<NodeId> order(graph.nodes().size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<NodeId>(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](NodeId a, NodeId b) { return analysis.phase(a) < analysis.phase(b); });
  Phases result;
  GraphRewriter rewriter(graph);
  for (const NodeId id : order) {
    rewriter.copy(id);
    result.phase.push_back(analysis.phase(id));
    const bool reduced = analysis.reduced(id);
    result.joints_.push_back(reduced ? Joint::same : analysis.joints()[static_cast<size_t>(id)]);
    if (reduced)
      result.reductions.push_back({analysis.phase(id), kReducedPrefix + std::to_string(id)});
  }
  result.count = result.phase.empty() ? 1 : result.phase.back() + 1;
  result.graph = rewriter.finish();
  for (const NodeId id : order) {
    if (analysis.reduced(id))
      result.graph.output(kReducedPrefix + std::to_string(id),
                          result.graph.var(rewriter.mapped(id)));
  }
  return result;
}

}  // namespace nd::cpu
