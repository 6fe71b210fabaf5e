// Lowering: from an optimised graph for B windows to a flat list of kernels over one arena. Decides
// the packed layout of weights, aliases reshapes, works in place where an operand dies.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "backends/cpu/kernel.h"
#include "graph/parameters.h"
#include "ops/graph.h"
#include "ops/op.h"

namespace nd::cpu {

/// What lowering produces; a CpuPlan executes it.
struct Program {
  std::vector<std::unique_ptr<Kernel>> prologue;  ///< packs weights; runs when parameters changed
  std::vector<std::unique_ptr<Kernel>> body;
  std::vector<NodeId> origins;  ///< of each body kernel: the node that it computes
  int64_t arena_floats = 0, packed_floats = 0, scratch_floats = 0;
  std::vector<float> constants;
  struct Named {
    std::string name;
    Slot slot;
    int64_t elements;
  };
  std::vector<Named> inputs, outputs;
};

/// What the lowering rule of an op sees.
class Lowering {
 public:
  Lowering(const Graph& graph, const ParameterTable& table, int64_t windows, int64_t first_window,
           Program& program);

  const Graph& graph() const { return graph_; }
  int64_t windows() const { return windows_; }
  /// Global number of the first window: shards draw the same random numbers as the whole batch
  /// would.
  int64_t first_window() const { return first_window_; }
  Slot slot(NodeId id) const { return slots_[static_cast<size_t>(id)]; }
  Slot workspace() const { return workspace_; }
  std::vector<int64_t> dims(NodeId id) const;
  int64_t elements(NodeId id) const { return graph_.node(id).shape.elements(windows_); }
  /// True for parameters and constants: their packed form outlives a run.
  bool is_weight(NodeId id) const;
  /// Reserves packed memory for an operand (one copy per operand and form).
  Slot reserve_packed(NodeId id, int form, int64_t floats, bool& is_new);

  void emit(std::unique_ptr<Kernel> kernel) {
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
  const Graph& graph_;
  const ParameterTable& table_;
  int64_t windows_, first_window_;
  Program& program_;
  std::vector<Slot> slots_;
  NodeId current_ = 0;  // being lowered
  Slot workspace_;
  std::vector<Packed> packed_;
};

/// The lowering rule of one op: emits kernels; `workspace` (may be null) says how many floats of
/// workspace it needs.
struct LoweringRule {
  const OpDef* op;
  void (*lower)(Lowering&, NodeId);
  int64_t (*workspace)(const Lowering&, NodeId) = nullptr;
};

/// nullptr when the op has none (a test proves that none is missing).
const LoweringRule* find_rule(const OpDef& op);

// Registered by the kernel files, collected in rules.cc.
std::span<const LoweringRule> elementwise_rules();
std::span<const LoweringRule> matmul_rules();
std::span<const LoweringRule> reduction_rules();
std::span<const LoweringRule> structure_rules();
std::span<const LoweringRule> window_rules();
std::span<const LoweringRule> place_rules();

}  // namespace nd::cpu
