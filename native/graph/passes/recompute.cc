#include "graph/passes/recompute.h"

#include <algorithm>

#include "base/error.h"
#include "graph/passes/passes.h"
#include "ops/list.h"

namespace nd {

namespace {

// Values this many times smaller than what they are computed from are kept: their memory is little,
// their work much.
constexpr int64_t kShrinks = 8;
constexpr int64_t kMostSegments = 64;

/// The forward part: which values the derivative reads and how long each is needed.
class Forward {
 public:
  Forward(const Graph& graph, NodeId loss)
      : graph_(graph), count_(static_cast<size_t>(loss) + 1), source_(count_), last_use_(count_) {
    is_read_.assign(count_, false);
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      const Node& node = graph.nodes()[i];
      if (i < count_) {
        const bool alias = node.op == &kReshape || node.op == &kDetach;
        source_[i] = alias ? source(node.inputs[0]) : static_cast<NodeId>(i);
        last_use_[i] = static_cast<NodeId>(i);
      }
      for (const NodeId input : node.inputs) {
        if (input > loss) continue;
        const auto from = static_cast<size_t>(source(input));
        if (i < count_) {
          last_use_[from] = static_cast<NodeId>(i);
        } else {
          is_read_[from] = true;
        }
      }
    }
  }

  size_t count() const { return count_; }
  /// The value that `id` is another shape of.
  NodeId source(NodeId id) const { return source_[static_cast<size_t>(id)]; }
  NodeId last_use(size_t i) const { return last_use_[i]; }
  /// Floats per window that `i` occupies by itself; parameters, totals and other shapes count
  /// nothing.
  int64_t floats(size_t i) const {
    const Node& node = graph_.nodes()[i];
    return node.kind == NodeKind::op && node.shape.is_batched() &&
                   source_[i] == static_cast<NodeId>(i)
               ? node.shape.elements(1)
               : 0;
  }
  /// The same, of values that the derivative reads.
  int64_t saved_floats(size_t i) const { return is_read_[i] ? floats(i) : 0; }

 private:
  const Graph& graph_;
  size_t count_;
  std::vector<NodeId> source_, last_use_;
  std::vector<bool> is_read_;
};

/// Cuts the forward part after these nodes.
struct Cuts {
  std::vector<size_t> after;
  int64_t peak = 0;  ///< estimated floats per window: what is kept plus the largest segment
};

bool crosses(const Forward& forward, size_t i, const Cuts& cuts) {
  const auto next = std::lower_bound(cuts.after.begin(), cuts.after.end(), i);
  return next != cuts.after.end() && static_cast<size_t>(forward.last_use(i)) > *next;
}

/// About `segments` segments of equal size, each cut at the narrowest place of the last half of it.
Cuts cut(const Forward& forward, const std::vector<int64_t>& width, int64_t total,
         int64_t segments) {
  Cuts cuts;
  const int64_t target = total / segments;
  int64_t held = 0, largest = 0;
  size_t best = 0;
  int64_t held_at_best = 0;
  for (size_t i = 0; i < forward.count(); ++i) {
    held += forward.saved_floats(i);
    if (2 * held >= target && (held_at_best == 0 || width[i] < width[best])) {
      best = i;
      held_at_best = std::max<int64_t>(held, 1);
    }
    if (held >= target && held_at_best > 0) {
      cuts.after.push_back(best);
      largest = std::max(largest, held_at_best);
      held -= held_at_best;
      held_at_best = 0;
    }
  }
  largest = std::max(largest, held);
  if (!cuts.after.empty() && cuts.after.back() + 1 == forward.count()) cuts.after.pop_back();
  cuts.peak = largest;
  for (size_t i = 0; i < forward.count(); ++i)
    if (crosses(forward, i, cuts)) cuts.peak += forward.floats(i);
  return cuts;
}

Cuts best_cuts(const Forward& forward) {
  std::vector<int64_t> width(forward.count());  // floats alive after each node, for later nodes
  std::vector<int64_t> change(forward.count() + 1);
  int64_t total = 0;
  for (size_t i = 0; i < forward.count(); ++i) {
    change[i] += forward.floats(i);
    change[static_cast<size_t>(forward.last_use(i))] -= forward.floats(i);
    total += forward.saved_floats(i);
  }
  for (size_t i = 0; i < forward.count(); ++i) width[i] = (i > 0 ? width[i - 1] : 0) + change[i];
  Cuts best{.after = {}, .peak = total};
  for (int64_t segments = 2; segments <= std::min(kMostSegments, total); ++segments) {
    const Cuts cuts = cut(forward, width, total, segments);
    if (cuts.peak < best.peak) best = cuts;
  }
  return best;
}

/// Forward values that stay until their last use of all.
std::vector<bool> kept_values(const Graph& graph, const Forward& forward, const Cuts& cuts) {
  std::vector<bool> kept(forward.count());
  for (size_t i = 0; i < kept.size(); ++i) {
    const Node& node = graph.nodes()[i];
    int64_t largest = 0;
    for (const NodeId input : node.inputs) {
      const Shape& shape = graph.node(input).shape;
      if (shape.is_batched()) largest = std::max(largest, shape.elements(1));
    }
    const auto source = static_cast<size_t>(forward.source(static_cast<NodeId>(i)));
    kept[i] = source != i ? kept[source]
                          : node.kind != NodeKind::op || !node.shape.is_batched() ||
                                i > cuts.after.back() || crosses(forward, i, cuts) ||
                                node.shape.elements(1) * kShrinks <= largest;
  }
  for (const auto& [name, id] : graph.outputs()) {
    if (static_cast<size_t>(id) >= kept.size()) continue;
    kept[static_cast<size_t>(id)] = kept[static_cast<size_t>(forward.source(id))] = true;
  }
  return kept;
}

}  // namespace

Graph recompute(const Graph& graph, std::string_view loss) {
  const auto found = graph.outputs().find(loss);
  check_internal(found != graph.outputs().end(), "recompute: an output of that name");
  const Forward forward(graph, found->second);
  const Cuts cuts = best_cuts(forward);
  if (cuts.after.empty()) return graph;

  std::vector<bool> at_hand = kept_values(graph, forward, cuts);
  GraphRewriter rewriter(graph);
  for (size_t i = 0; i < forward.count(); ++i) rewriter.copy(static_cast<NodeId>(i));
  std::vector<NodeId> needed, pending;
  for (size_t i = forward.count(); i < graph.nodes().size(); ++i) {
    // What this node reads and nobody has at hand, with what that needs in turn, in its old order.
    pending = graph.nodes()[i].inputs;
    needed.clear();
    while (!pending.empty()) {
      const NodeId id = pending.back();
      pending.pop_back();
      if (static_cast<size_t>(id) >= forward.count() || at_hand[static_cast<size_t>(id)]) continue;
      at_hand[static_cast<size_t>(id)] = true;
      needed.push_back(id);
      const auto& inputs = graph.node(id).inputs;
      pending.insert(pending.end(), inputs.begin(), inputs.end());
    }
    std::sort(needed.begin(), needed.end());
    for (const NodeId id : needed) rewriter.copy(id);
    rewriter.copy(static_cast<NodeId>(i));
  }
  return rewriter.finish();
}

}  // namespace nd
