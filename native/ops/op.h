// The declaration of an op: name, shape rule, gradient and cost, one constant struct per op file.
// Kernels are registered per backend elsewhere; a gradient is written with other ops, so every
// backend and precision has it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// What a shape rule sees.
struct ShapeArgs {
  std::span<const Shape> inputs;
  const Attrs& attrs;
  const std::string& place;  ///< of the graph, for messages
};

/// What a gradient rule sees: the node's inputs and output, the derivative of the loss by the
/// output, and a sink for the derivatives by the inputs. `add` accepts a broadcast derivative and
/// sums it to the input's shape.
class GradArgs {
 public:
  GradArgs(Graph& graph, const Node& node, Var out, Var dout, std::vector<Var>& sink)
      : graph_(graph), node_(node), out_(out), dout_(dout), sink_(sink) {}
  Var in(size_t i) const { return {&graph_, node_.inputs[i]}; }
  Var out() const { return out_; }
  Var dout() const { return dout_; }
  const Attrs& attrs() const { return node_.attrs; }
  size_t count() const { return node_.inputs.size(); }
  void add(size_t i, Var derivative) { sink_[i] = derivative; }

 private:
  Graph& graph_;
  const Node& node_;
  Var out_, dout_;
  std::vector<Var>& sink_;
};

/// Work of one evaluation, per window and per batch-independent part alike (callers pass concrete
/// sizes).
struct Cost {
  double flops = 0;
};
struct CostArgs {
  std::span<const Shape> inputs;
  const Shape& output;
  const Attrs& attrs;
  int64_t windows;
};

struct OpDef {
  std::string_view name;  ///< also in exported graphs: never changed
  int arity;              ///< number of inputs; -1 = one or more
  Shape (*shape)(const ShapeArgs&);
  void (*gradient)(GradArgs&);              ///< nullptr only with a reason in `no_gradient`
  const char* no_gradient = nullptr;        ///< why there is none
  Cost (*cost)(const CostArgs&) = nullptr;  ///< nullptr: one FLOP per output element
  /// An element of the value depends on the same element of the (broadcast) operands alone: may be
  /// fused with others and may be computed in place.
  bool elementwise = false;
  /// The value depends on (seed, step) besides the inputs: never folded or merged with an equal
  /// node. reals[0] is the probability; at 0 nothing is drawn.
  bool random = false;
};

/// True when the value of `node` depends on random numbers.
inline bool is_random(const Node& node) {
  return node.op != nullptr && node.op->random && node.attrs.reals[0] > 0;
}

/// Every primitive op, in one explicit list (native/ops/list.cc).
std::span<const OpDef* const> op_list();

}  // namespace nd
