#include "backends/cpu/lowering.h"

#include <algorithm>

#include "backends/cpu/kernels/copy.h"
#include "backends/cpu/kernels/pack.h"
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
                     window_rules(), place_rules(), attention_rules(), batch_matmul_rules(),
                     row_rules(), recurrent_rules(), batch_norm_rules()}) {
    for (const LoweringRule& rule : rules) {
      if (rule.op == &op) return &rule;
    }
  }
  return nullptr;
}

Lowering::Lowering(const Graph& graph, const ParameterTable& table, int64_t windows,
                   int64_t first_window, Precision precision, Program& program)
    : graph_(graph),
      table_(table),
      windows_(windows),
      first_window_(first_window),
      precision_(precision),
      program_(program),
      roots_(alias_roots(graph)),
      last_(last_uses(graph, roots_)),
      static_(graph.nodes().size(), false),
      slots_(graph.nodes().size()),
      owns_block_(graph.nodes().size(), false),
      packed_gradients_(graph.nodes().size(), nullptr) {
  find_static();
  place_gradients();
}

std::vector<int64_t> Lowering::dims(NodeId id) const {
  const Shape& shape = graph_.node(id).shape;
  std::vector<int64_t> dims;
  if (shape.is_batched()) dims.push_back(shape.batch * windows_);
  dims.insert(dims.end(), shape.dims.begin(), shape.dims.end());
  return dims;
}

Slot Lowering::slot(NodeId id) {
  std::optional<Slot>& place = slots_[static_cast<size_t>(id)];
  if (place) return *place;
  const Node& node = graph_.node(id);
  if (node.kind == NodeKind::constant) {
    place = add_constant(std::vector<float>(node.constant.begin(), node.constant.end()));
  } else if (const ParameterEntry* entry = packed_parameter(id)) {
    place = reserve(entry->size);
    emit_prologue(make_unpack({Slot::Base::parameters, entry->offset}, *place, *entry));
  } else {
    check_internal(roots_[static_cast<size_t>(id)] != id, "a value that has been computed");
    place = slot(node.inputs[0]);
    // Results of one op lie one after the other, each for the whole batch.
    if (node.op == &kPart) place->offset += node.attrs.ints[0] * node.shape.batch * windows_;
  }
  return *place;
}

std::vector<Slot> Lowering::slots(NodeId id) {
  std::vector<Slot> all;
  for (const NodeId input : graph_.node(id).inputs) all.push_back(slot(input));
  all.push_back(slot(id));
  return all;
}

const ParameterEntry* Lowering::packed_parameter(NodeId id) const {
  const Node& node = graph_.node(id);
  if (node.kind != NodeKind::parameter) return nullptr;
  const ParameterEntry* entry = table_.find(node.name);
  check_internal(entry != nullptr, "a graph parameter in the table");
  return entry->packed() ? entry : nullptr;
}

Slot Lowering::packed_operand(NodeId id, int form, const std::function<Slot()>& make) {
  for (const Packed& p : packed_) {
    if (p.id == id && p.form == form) return p.slot;
  }
  const Slot slot = make();
  packed_.push_back({id, form, slot});
  return slot;
}

Slot Lowering::reserve(int64_t floats) {
  const Slot slot{Slot::Base::prologue, program_.prologue_floats};
  program_.prologue_floats += (floats + kGranule - 1) / kGranule * kGranule;
  return slot;
}

Slot Lowering::add_constant(std::span<const float> values) {
  std::vector<float>& all = program_.constants;
  const Slot slot{Slot::Base::constants, static_cast<int64_t>(all.size())};
  all.insert(all.end(), values.begin(), values.end());
  all.resize((all.size() + kGranule - 1) / kGranule * kGranule);
  return slot;
}

void Lowering::add(std::vector<std::unique_ptr<Kernel>>& list, std::unique_ptr<Kernel> kernel) {
  program_.scratch_floats = std::max(program_.scratch_floats, kernel->scratch_floats);
  list.push_back(std::move(kernel));
}

void Lowering::find_static() {
  for (size_t i = 0; i < static_.size(); ++i) {
    const Node& node = graph_.nodes()[i];
    static_[i] = node.kind == NodeKind::parameter || node.kind == NodeKind::constant ||
                 (node.kind == NodeKind::op && !node.shape.is_batched() && !node.op->random &&
                  std::all_of(node.inputs.begin(), node.inputs.end(),
                              [&](NodeId in) { return is_static(in); }));
  }
}

// Gradients are written straight into the flat gradient buffer by the node that produces them,
// packed ones only by a product whose value nobody else reads.
void Lowering::place_gradients() {
  std::vector<int> readers(graph_.nodes().size(), 0);
  const auto root_of = [&](NodeId id) {
    return static_cast<size_t>(roots_[static_cast<size_t>(id)]);
  };
  for (const Node& node : graph_.nodes()) {
    for (const NodeId input : node.inputs) ++readers[root_of(input)];
  }
  for (const auto& [name, id] : graph_.outputs()) ++readers[root_of(id)];
  for (const auto& [name, id] : graph_.outputs()) {
    const ParameterEntry* entry = gradient_of(table_, name);
    if (entry == nullptr) continue;
    const size_t root = root_of(id);
    const Node& node = graph_.nodes()[root];
    bool direct = node.kind == NodeKind::op && !static_[root] && !slots_[root] &&
                  elements(static_cast<NodeId>(root)) == elements(id);
    if (direct && entry->packed()) {
      const LoweringRule* rule = find_rule(*node.op);
      direct = readers[root] == 1 && node.shape == entry->shape && rule->writes_panels != nullptr &&
               rule->writes_panels(node);
      if (direct) packed_gradients_[root] = entry;
    }
    if (direct) {
      slots_[root] = gradient_slot(*entry);
    } else {
      copied_gradients_.emplace_back(id, entry);
    }
  }
}

void Lowering::lower_op(NodeId id, const LoweringRule& rule) {
  const size_t i = static_cast<size_t>(id);
  const Node& node = graph_.node(id);
  in_prologue_ = static_[i];
  if (in_prologue_) {
    slots_[i] = reserve(elements(id));
  } else if (!slots_[i]) {
    // In place when an operand of the same shape dies here: its block gets a new owner.
    const auto operand = std::find_if(node.inputs.begin(), node.inputs.end(), [&](NodeId input) {
      const size_t r = static_cast<size_t>(roots_[static_cast<size_t>(input)]);
      return node.op->elementwise && owns_block_[r] && last_[r] == id &&
             slot(input).offset == slots_[r]->offset && elements(input) == elements(id);
    });
    if (operand != node.inputs.end()) {
      const size_t r = static_cast<size_t>(roots_[static_cast<size_t>(*operand)]);
      slots_[i] = slots_[r];
      owns_block_[r] = false;
    } else {
      slots_[i] = {Slot::Base::arena, arena_.allocate(elements(id))};
    }
    owns_block_[i] = true;
  }
  const int64_t workspace = rule.workspace != nullptr ? rule.workspace(*this, id) : 0;
  if (workspace > 0) workspace_ = {Slot::Base::arena, arena_.allocate(workspace)};
  rule.lower(*this, id);
  if (workspace > 0) arena_.release(workspace_.offset);
  in_prologue_ = false;
}

void Lowering::run() {
  int32_t inputs = 0;
  for (NodeId id = 0; id < static_cast<NodeId>(graph_.nodes().size()); ++id) {
    const size_t i = static_cast<size_t>(id);
    current_ = id;
    const Node& node = graph_.node(id);
    switch (node.kind) {
      case NodeKind::input:
        slots_[i] = {Slot::Base::input, 0, inputs++};
        program_.inputs.push_back({node.name, *slots_[i], elements(id)});
        continue;
      case NodeKind::parameter:
        if (packed_parameter(id) == nullptr)
          slots_[i] = {Slot::Base::parameters, table_.find(node.name)->offset};
        continue;
      case NodeKind::constant:
        continue;
      case NodeKind::op:
        break;
    }
    if (roots_[i] == id) {
      const LoweringRule* rule = find_rule(*node.op);
      check_internal(rule != nullptr, "a CPU lowering rule for every op");
      lower_op(id, *rule);
    }
    // Release what was read for the last time, and results that nobody reads.
    const auto release = [&](NodeId value) {
      const size_t r = static_cast<size_t>(roots_[static_cast<size_t>(value)]);
      if (!owns_block_[r] || last_[r] != id) return;
      arena_.release(slots_[r]->offset);
      owns_block_[r] = false;
    };
    std::for_each(node.inputs.begin(), node.inputs.end(), release);
    release(id);
  }
  for (const auto& [id, entry] : copied_gradients_) {
    current_ = id;
    emit(entry->packed() ? make_pack(slot(id), gradient_slot(*entry), entry->form())
                         : make_copy(slot(id), gradient_slot(*entry), elements(id)));
  }
  for (const auto& [name, id] : graph_.outputs()) {
    if (gradient_of(table_, name) == nullptr)
      program_.outputs.push_back({name, slot(id), elements(id)});
  }
  program_.arena_floats = arena_.high_water();
}

}  // namespace nd::cpu
