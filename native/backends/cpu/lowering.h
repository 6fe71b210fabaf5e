// Lowering: from an optimised graph for B windows to a flat list of kernels over one arena. Aliases
// reshapes, works in place where an operand dies, lets products read weights where they lie packed
// and write their gradients there, and moves what parameters alone determine to a prologue.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backends/cpu/kernel.h"
#include "backends/cpu/memory_plan.h"
#include "graph/parameters.h"
#include "graph/plan.h"
#include "ops/graph.h"
#include "ops/op.h"

namespace nd::cpu {

/// What lowering produces; a CpuPlan executes it.
struct Program {
  /// What parameters and constants alone determine; runs when parameters changed.
  std::vector<std::unique_ptr<Kernel>> prologue;
  std::vector<std::unique_ptr<Kernel>> body;
  std::vector<NodeId> origins;  ///< of each body kernel: the node that it computes
  int64_t arena_floats = 0, prologue_floats = 0, scratch_floats = 0;
  std::vector<float> constants;
  struct Named {
    std::string name;
    Slot slot;
    int64_t elements;
  };
  std::vector<Named> inputs, outputs;
};

struct LoweringRule;

/// What the lowering rule of an op sees.
class Lowering {
 public:
  Lowering(const Graph& graph, const ParameterTable& table, int64_t windows, int64_t first_window,
           Precision precision, Program& program);

  const Graph& graph() const { return graph_; }
  int64_t windows() const { return windows_; }
  /// Global number of the first window: shards draw the same random numbers as the whole batch
  /// would.
  int64_t first_window() const { return first_window_; }
  Precision precision() const { return precision_; }
  /// Where the value of a node lies in canonical order. A constant, or a packed parameter, gets
  /// such a copy when it is first asked for.
  Slot slot(NodeId id);
  /// Those of the node's inputs, then its own: what most kernels read and write.
  std::vector<Slot> slots(NodeId id);
  Slot workspace() const { return workspace_; }
  std::vector<int64_t> dims(NodeId id) const;
  int64_t elements(NodeId id) const { return graph_.node(id).shape.elements(windows_); }
  /// True for parameters, constants and what is computed from them alone: known before a run.
  bool is_static(NodeId id) const { return static_[static_cast<size_t>(id)]; }
  /// The table's row when the node is a parameter that lies packed in the flat buffer.
  const ParameterEntry* packed_parameter(NodeId id) const;
  /// The table's row when the node's value is a packed parameter's gradient, to be written in
  /// panels to `gradient_slot`; see LoweringRule::writes_panels.
  const ParameterEntry* packed_gradient(NodeId id) const {
    return packed_gradients_[static_cast<size_t>(id)];
  }
  Slot gradient_slot(const ParameterEntry& entry) const {
    return {Slot::Base::gradients, entry.offset};
  }
  /// The panels of a static operand, made by `make` when they are first asked for in this form.
  Slot packed_operand(NodeId id, int form, const std::function<Slot()>& make);
  /// Memory that outlives a run; what the prologue writes.
  Slot reserve(int64_t floats);
  Slot add_constant(std::span<const float> values);

  /// Appends a kernel of the node being lowered.
  void emit(std::unique_ptr<Kernel> kernel) {
    if (in_prologue_) return emit_prologue(std::move(kernel));
    program_.origins.push_back(current_);
    add(program_.body, std::move(kernel));
  }
  void emit_prologue(std::unique_ptr<Kernel> kernel) { add(program_.prologue, std::move(kernel)); }

  /// Lowers the whole graph.
  void run();

 private:
  struct Packed {
    NodeId id;
    int form;
    Slot slot;
  };
  void add(std::vector<std::unique_ptr<Kernel>>& list, std::unique_ptr<Kernel> kernel);
  void find_static();
  void place_gradients();
  void lower_op(NodeId id, const LoweringRule& rule);
  const Graph& graph_;
  const ParameterTable& table_;
  int64_t windows_, first_window_;
  Precision precision_;
  Program& program_;
  std::vector<NodeId> roots_, last_;
  std::vector<bool> static_;
  std::vector<std::optional<Slot>> slots_;
  std::vector<bool> owns_block_;  ///< of the arena
  std::vector<const ParameterEntry*> packed_gradients_;
  std::vector<std::pair<NodeId, const ParameterEntry*>> copied_gradients_;
  ArenaPlanner arena_;
  NodeId current_ = 0;  // being lowered
  Slot workspace_;
  bool in_prologue_ = false;
  std::vector<Packed> packed_;
};

/// The lowering rule of one op: emits kernels; `workspace` (may be null) says how many floats of
/// workspace it needs.
struct LoweringRule {
  const OpDef* op;
  void (*lower)(Lowering&, NodeId);
  int64_t (*workspace)(const Lowering&, NodeId) = nullptr;
  /// True when the rule can write this node's value as the panels of a packed gradient (null:
  /// never).
  bool (*writes_panels)(const Node&) = nullptr;
};

/// nullptr when the op has none (a test proves that none is missing).
const LoweringRule* find_rule(const OpDef& op);

// Registered by the kernel files, collected in rules.cc.
std::span<const LoweringRule> elementwise_rules();
std::span<const LoweringRule> matmul_rules();
std::span<const LoweringRule> recurrent_rules();
std::span<const LoweringRule> reduction_rules();
std::span<const LoweringRule> structure_rules();
std::span<const LoweringRule> window_rules();
std::span<const LoweringRule> place_rules();
std::span<const LoweringRule> attention_rules();
std::span<const LoweringRule> batch_matmul_rules();
std::span<const LoweringRule> row_rules();
std::span<const LoweringRule> batch_norm_rules();

}  // namespace nd::cpu
