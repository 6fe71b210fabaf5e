#include "backends/cpu/lowering.h"

#include <algorithm>
#include <optional>

#include "backends/cpu/kernels/copy.h"
#include "backends/cpu/memory_plan.h"
#include "base/error.h"
#include "graph/differentiate.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

constexpr int64_t kGranule = 16;

// The parameter whose gradient is `output_name`, if any.
const ParameterEntry* gradient_of(const ParameterTable& table, const std::string& output_name) {
  const std::string prefix = gradient_name("");
  if (!output_name.starts_with(prefix)) return nullptr;
  const ParameterEntry* entry = table.find(output_name.substr(prefix.size()));
  return entry != nullptr && entry->trainable ? entry : nullptr;
}

}  // namespace

const LoweringRule* find_rule(const OpDef& op) {
  for (auto rules : {elementwise_rules(), matmul_rules(), reduction_rules(), structure_rules(),
                     window_rules(), place_rules()}) {
    for (const LoweringRule& rule : rules) {
      if (rule.op == &op) return &rule;
    }
  }
  return nullptr;
}

Lowering::Lowering(const Graph& graph, const ParameterTable& table, int64_t windows,
                   int64_t first_window, Program& program)
    : graph_(graph),
      table_(table),
      windows_(windows),
      first_window_(first_window),
      program_(program),
      slots_(graph.nodes().size()) {}

std::vector<int64_t> Lowering::dims(NodeId id) const {
  const Shape& shape = graph_.node(id).shape;
  std::vector<int64_t> dims;
  if (shape.is_batched()) dims.push_back(shape.batch * windows_);
  dims.insert(dims.end(), shape.dims.begin(), shape.dims.end());
  return dims;
}

bool Lowering::is_weight(NodeId id) const {
  const NodeKind kind = graph_.node(id).kind;
  return kind == NodeKind::parameter || kind == NodeKind::constant;
}

Slot Lowering::reserve_packed(NodeId id, int form, int64_t floats, bool& is_new) {
  for (const Packed& p : packed_) {
    if (p.id == id && p.form == form) {
      is_new = false;
      return p.slot;
    }
  }
  is_new = true;
  const Slot slot{Slot::Base::packed, program_.packed_floats};
  program_.packed_floats += (floats + kGranule - 1) / kGranule * kGranule;
  packed_.push_back({id, form, slot});
  return slot;
}

void Lowering::add(std::vector<std::unique_ptr<Kernel>>& list, std::unique_ptr<Kernel> kernel) {
  program_.scratch_floats = std::max(program_.scratch_floats, kernel->scratch_floats);
  list.push_back(std::move(kernel));
}

void Lowering::run() {
  const std::vector<NodeId> roots = alias_roots(graph_);
  const std::vector<NodeId> last = last_uses(graph_, roots);
  const NodeId count = static_cast<NodeId>(graph_.nodes().size());

  // Gradients are written straight into the flat gradient buffer by the node that produces them.
  std::vector<std::optional<Slot>> direct(static_cast<size_t>(count));
  std::vector<std::pair<NodeId, const ParameterEntry*>> copied_gradients;
  for (const auto& [name, id] : graph_.outputs()) {
    const ParameterEntry* entry = gradient_of(table_, name);
    if (entry == nullptr) continue;
    const NodeId root = roots[static_cast<size_t>(id)];
    if (graph_.node(root).kind == NodeKind::op && !direct[static_cast<size_t>(root)]) {
      direct[static_cast<size_t>(root)] = Slot{Slot::Base::gradients, entry->offset};
    } else {
      copied_gradients.emplace_back(id, entry);
    }
  }

  ArenaPlanner arena;
  std::vector<bool> owns_block(static_cast<size_t>(count), false);  // of the arena
  int32_t inputs = 0;
  for (NodeId id = 0; id < count; ++id) {
    const size_t i = static_cast<size_t>(id);
    current_ = id;
    const Node& node = graph_.node(id);
    switch (node.kind) {
      case NodeKind::input:
        slots_[i] = {Slot::Base::input, 0, inputs++};
        program_.inputs.push_back({node.name, slots_[i], elements(id)});
        continue;
      case NodeKind::parameter: {
        const ParameterEntry* entry = table_.find(node.name);
        check_internal(entry != nullptr, "a graph parameter in the table");
        slots_[i] = {Slot::Base::parameters, entry->offset};
        continue;
      }
      case NodeKind::constant:
        slots_[i] = {Slot::Base::constants, static_cast<int64_t>(program_.constants.size())};
        for (double v : node.constant) program_.constants.push_back(static_cast<float>(v));
        program_.constants.resize((program_.constants.size() + kGranule - 1) / kGranule * kGranule);
        continue;
      case NodeKind::op:
        break;
    }
    if (roots[i] != id) {
      slots_[i] = slots_[static_cast<size_t>(node.inputs[0])];
    } else {
      const LoweringRule* rule = find_rule(*node.op);
      check_internal(rule != nullptr, "a CPU lowering rule for every op");
      if (direct[i]) {
        slots_[i] = *direct[i];
      } else {
        // In place when an operand of the same shape dies here: its block gets a new owner.
        const auto operand =
            std::find_if(node.inputs.begin(), node.inputs.end(), [&](NodeId input) {
              const size_t r = static_cast<size_t>(roots[static_cast<size_t>(input)]);
              return node.op->elementwise && owns_block[r] && last[r] == id &&
                     elements(input) == elements(id);
            });
        if (operand != node.inputs.end()) {
          const size_t r = static_cast<size_t>(roots[static_cast<size_t>(*operand)]);
          slots_[i] = slots_[r];
          owns_block[r] = false;
        } else {
          slots_[i] = {Slot::Base::arena, arena.allocate(elements(id))};
        }
        owns_block[i] = true;
      }
      const int64_t workspace = rule->workspace != nullptr ? rule->workspace(*this, id) : 0;
      if (workspace > 0) workspace_ = {Slot::Base::arena, arena.allocate(workspace)};
      rule->lower(*this, id);
      if (workspace > 0) arena.release(workspace_.offset);
    }
    // Release what was read for the last time, and results that nobody reads.
    const auto release = [&](NodeId value) {
      const size_t r = static_cast<size_t>(roots[static_cast<size_t>(value)]);
      if (!owns_block[r] || last[r] != id) return;
      arena.release(slots_[r].offset);
      owns_block[r] = false;
    };
    std::for_each(node.inputs.begin(), node.inputs.end(), release);
    release(id);
  }
  for (const auto& [id, entry] : copied_gradients) {
    emit(make_copy(slot(id), Slot{Slot::Base::gradients, entry->offset}, elements(id)));
  }
  for (const auto& [name, id] : graph_.outputs()) {
    if (gradient_of(table_, name) == nullptr)
      program_.outputs.push_back({name, slot(id), elements(id)});
  }
  program_.arena_floats = arena.high_water();
}

}  // namespace nd::cpu
