// Recurrent layers: tiles are blocks of batch rows, each of which runs all time steps by itself.
#include "simd/rnn.h"

#include <algorithm>

#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "ops/lstm.h"

namespace nd::cpu {

namespace {

// One form in which a recurrent weight [out, in] is read: as the right operand of a product over
// its `in` (transposed) or its `out`.
struct Operand {
  int64_t k, n, parts;
  bool transposed;
  int form;  ///< numbers the forms of one weight, apart from those of matmul

  int64_t floats() const { return simd::recurrent_packed_floats(k, n, parts); }
};

class PackRecurrent final : public Kernel {
 public:
  PackRecurrent(Slot in, Slot out, const Operand& operand) : Kernel({in, out}), operand_(operand) {
    work = 0.5 * static_cast<double>(operand.k * operand.n);
  }
  void run(int64_t, int64_t, const RunContext&) const override {
    const Operand& o = operand_;
    simd::pack_recurrent(at[0], o.transposed ? 1 : o.n, o.transposed ? o.k : 1, o.k, o.n, o.parts,
                         at[1]);
  }

 private:
  Operand operand_;
};

Operand gates_operand(const LstmForm& f, bool backward) {
  if (backward) return {4 * f.units, f.outputs, 1, false, 2};
  return {f.outputs, 4 * f.units, 4, true, 3};
}
Operand projection_operand(const LstmForm& f, bool backward) {
  if (backward) return {f.outputs, f.units, 1, false, 2};
  return {f.units, f.outputs, 1, true, 4};
}

// Packs a weight, in the prologue where it is static; other operands take `offset` floats of
// workspace, which it moves.
Slot packed(Lowering& l, NodeId weight, const Operand& operand, int64_t& offset) {
  if (!l.is_static(weight)) {
    Slot slot = l.workspace();
    slot.offset += offset;
    offset += operand.floats();
    l.emit(std::make_unique<PackRecurrent>(l.slot(weight), slot, operand));
    return slot;
  }
  return l.packed_operand(weight, operand.form, [&] {
    const Slot slot = l.reserve(operand.floats());
    l.emit_prologue(std::make_unique<PackRecurrent>(l.slot(weight), slot, operand));
    return slot;
  });
}

int64_t workspace(const Lowering& l, NodeId id, bool backward) {
  const Node& node = l.graph().node(id);
  const LstmForm f = LstmForm::of(node.attrs);
  int64_t floats = 0;
  if (!l.is_static(node.inputs[1])) floats += gates_operand(f, backward).floats();
  if (f.projected && !l.is_static(node.inputs[2]))
    floats += projection_operand(f, backward).floats();
  return floats;
}

// What both passes share: the form, and slots by their place in a list of its own for each pass.
class Lstm : public Kernel {
 public:
  Lstm(std::vector<Slot> slots, const LstmForm& form, int64_t rows, int64_t steps)
      : Kernel(std::move(slots)), form_(form), rows_(rows), steps_(steps) {
    tiles = (rows + simd::kRecurrentRows - 1) / simd::kRecurrentRows;
    work = static_cast<double>(rows * steps * form.units) *
           (0.07 * static_cast<double>(form.outputs) + 2.0);
    scratch_floats = simd::lstm_scratch_floats(form.units, form.outputs);
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t first = tile * simd::kRecurrentRows;
      rows(first, std::min(simd::kRecurrentRows, rows_ - first), context.scratch);
    }
  }

 protected:
  virtual void rows(int64_t first, int64_t count, float* scratch) const = 0;
  const float* optional(bool present, size_t i) const { return present ? at[i] : nullptr; }
  LstmForm form_;
  int64_t rows_, steps_;
};

class LstmForward final : public Lstm {
  using Lstm::Lstm;
  void rows(int64_t first, int64_t count, float* scratch) const override {
    const size_t state = form_.projected ? 4 : 3;
    simd::lstm_forward({.steps = steps_,
                        .units = form_.units,
                        .outputs = form_.outputs,
                        .gates = at[1],
                        .w_hh = at[2],
                        .w_hr = optional(form_.projected, 3),
                        .h0 = optional(form_.has_state, state),
                        .c0 = optional(form_.has_state, state + 1),
                        .out = at[0],
                        .width = form_.width(),
                        .keeps_gates = form_.keeps_gates},
                       first, count, scratch);
  }
};

class LstmBackward final : public Lstm {
  using Lstm::Lstm;
  void rows(int64_t first, int64_t count, float* scratch) const override {
    const size_t state = form_.projected ? 4 : 3, dh = state + (form_.has_state ? 1 : 0);
    simd::lstm_backward({.steps = steps_,
                         .units = form_.units,
                         .outputs = form_.outputs,
                         .out = at[1],
                         .width = form_.width(),
                         .w_hh = at[2],
                         .w_hr = optional(form_.projected, 3),
                         .c0 = optional(form_.has_state, state),
                         .dh = at[dh],
                         .dc = optional(form_.has_dc, dh + 1),
                         .result = at[0],
                         .result_width = form_.gradient_width(),
                         .writes_dc = form_.has_state},
                        first, count, scratch);
  }
};

// Slots: the result, the node's operands with the weights packed.
template <class K, bool kBackward>
void lower(Lowering& l, NodeId id) {
  const Node node = l.graph().node(id);
  const LstmForm f = LstmForm::of(node.attrs);
  std::vector<Slot> slots = {l.slot(id)};
  for (const NodeId input : node.inputs) slots.push_back(l.slot(input));
  int64_t offset = 0;
  slots[2] = packed(l, node.inputs[1], gates_operand(f, kBackward), offset);
  if (f.projected) slots[3] = packed(l, node.inputs[2], projection_operand(f, kBackward), offset);
  const std::vector<int64_t> dims = l.dims(id);
  l.emit(std::make_unique<K>(std::move(slots), f, dims[0], dims[1]));
}

template <bool kBackward>
int64_t workspace_of(const Lowering& l, NodeId id) {
  return workspace(l, id, kBackward);
}

}  // namespace

std::span<const LoweringRule> recurrent_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kLstm, .lower = lower<LstmForward, false>, .workspace = workspace_of<false>},
      {.op = &kLstmGradient, .lower = lower<LstmBackward, true>, .workspace = workspace_of<true>},
  };
  return kRules;
}

}  // namespace nd::cpu
