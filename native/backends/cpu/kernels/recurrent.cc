// Recurrent layers: tiles are blocks of batch rows, each of which runs all time steps by itself.
#include "simd/rnn.h"

#include <algorithm>
#include <optional>

#include "backends/cpu/kernels/product.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "ops/lstm.h"

namespace nd::cpu {

namespace {

// One form in which a recurrent weight [out, in] is read: as the right operand of a product over
// its `in` (transposed) or its `out`. It may be some rows of a larger operand.
struct Operand {
  int64_t k, n, parts;
  bool transposed;
  int form;  ///< numbers the forms of one weight, apart from those of matmul
  int64_t first = 0, rows = k;
  bool zeros = false;  ///< instead of a weight

  int64_t floats() const { return simd::recurrent_packed_floats(rows, n, parts); }
};

class PackRecurrent final : public Kernel {
 public:
  PackRecurrent(Slot in, Slot out, const Operand& operand) : Kernel({in, out}), operand_(operand) {
    work = 0.5 * static_cast<double>(operand.k * operand.n);
  }
  void run(int64_t, int64_t, const RunContext&) const override {
    const Operand& o = operand_;
    simd::pack_recurrent(o.zeros ? nullptr : at[0], o.transposed ? 1 : o.n, o.transposed ? o.k : 1,
                         o.k, o.n, o.parts, o.first, o.rows, at[1]);
  }

 private:
  Operand operand_;
};

class SplitRecurrent final : public Kernel {
 public:
  SplitRecurrent(Slot packed, Slot out, const Operand& operand, bool rounded)
      : Kernel({packed, out}), operand_(operand), rounded_(rounded) {
    work = 0.3 * static_cast<double>(operand.rows * operand.n);
  }
  void run(int64_t, int64_t, const RunContext&) const override {
    simd::split_recurrent(at[0], operand_.rows, operand_.n, operand_.parts, rounded_, at[1]);
  }

 private:
  Operand operand_;
  bool rounded_;
};

Operand gates_operand(const LstmForm& f) { return {4 * f.units, f.outputs, 1, false, 2}; }
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

// What the forward pass multiplies the rows of simd::StepRow by: W_hh, W_ih and the bias in one.
Operand step_operand(const LstmForm& f) {
  const int64_t k = simd::StepRow(f.inputs, f.outputs).size;
  return {k, 4 * f.units, 4, true, 3};
}

bool step_is_static(const Lowering& l, const Node& node, const LstmForm& f) {
  return l.is_static(node.inputs[1]) && l.is_static(node.inputs[2]) &&
         (!f.has_bias || l.is_static(node.inputs[f.bias_operand()]));
}

Slot packed_step(Lowering& l, const Node& node, const LstmForm& f, int64_t& offset) {
  const simd::StepRow row(f.inputs, f.outputs);
  const Operand whole = step_operand(f);
  const bool is_static = step_is_static(l, node, f);
  Slot slot = is_static ? l.reserve(whole.floats()) : l.workspace();
  if (!is_static) {
    slot.offset += offset;
    offset += whole.floats();
  }
  const auto pack = [&](size_t operand, int64_t first, int64_t end, bool zeros) {
    if (first == end) return;
    Operand part = whole;
    part.k = end - first;
    part.first = first;
    part.zeros = zeros;
    auto kernel = std::make_unique<PackRecurrent>(l.slot(node.inputs[operand]), slot, part);
    is_static ? l.emit_prologue(std::move(kernel)) : l.emit(std::move(kernel));
  };
  pack(1, 0, f.outputs, false);
  pack(1, f.outputs, row.x, true);
  pack(2, row.x, row.one, false);
  pack(f.has_bias ? f.bias_operand() : 1, row.one, row.size, !f.has_bias);
  return slot;
}

template <bool kBackward>
int64_t workspace(const Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const LstmForm f = LstmForm::of(node.attrs);
  int64_t floats = 0;
  if (kBackward) {
    if (!l.is_static(node.inputs[1])) floats += gates_operand(f).floats();
  } else if (!step_is_static(l, node, f)) {
    floats += step_operand(f).floats();
  }
  const size_t w_hr = kBackward ? 2 : f.projection_operand();
  if (f.projected && !l.is_static(node.inputs[w_hr]))
    floats += projection_operand(f, kBackward).floats();
  return floats;
}

// Whether the matrix unit's operands are rounded instead of split.
bool rounds(const Lowering& l, const LstmForm& f) {
  return Product::rounds(simd::kRecurrentRows, f.units, f.outputs, l.precision());
}

// The split form of a packed operand, where it pays: a weight of which the batch has rows enough.
std::optional<Slot> split(Lowering& l, Slot packed, bool is_static, const Operand& operand,
                          int64_t rows, bool rounded) {
  const int64_t floats =
      simd::recurrent_split_floats(operand.rows, operand.n, operand.parts, rounded);
  if (!is_static || rows < simd::kLeastSplitRows || floats == 0) return std::nullopt;
  const Slot slot = l.reserve(floats);
  l.emit_prologue(std::make_unique<SplitRecurrent>(packed, slot, operand, rounded));
  return slot;
}

// What both passes share: the form, and slots by their place in a list of its own for each pass.
class Lstm : public Kernel {
 public:
  /// `is_split`: the last slot is the split form of the recurrent weight, or the rounded one.
  Lstm(std::vector<Slot> slots, bool is_split, bool rounded, const LstmForm& form, int64_t rows,
       int64_t steps)
      : Kernel(std::move(slots)),
        form_(form),
        is_split_(is_split),
        rounded_(rounded),
        rows_(rows),
        steps_(steps) {
    tiles = (rows + simd::kRecurrentRows - 1) / simd::kRecurrentRows;
    work = static_cast<double>(rows * steps * form.units) *
           (0.07 * static_cast<double>(form.inputs + form.outputs) + 2.0);
    scratch_floats = simd::lstm_scratch_floats(form.inputs, form.units, form.outputs);
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
  const float* split() const { return is_split_ ? at.back() : nullptr; }
  LstmForm form_;
  bool is_split_, rounded_;
  int64_t rows_, steps_;
};

class LstmForward final : public Lstm {
  using Lstm::Lstm;
  void rows(int64_t first, int64_t count, float* scratch) const override {
    const size_t state = 1 + form_.state_operand();
    simd::lstm_forward({.steps = steps_,
                        .inputs = form_.inputs,
                        .units = form_.units,
                        .outputs = form_.outputs,
                        .x = at[1],
                        .w = at[2],
                        .split = split(),
                        .rounded = rounded_,
                        .w_hr = optional(form_.projected, 1 + form_.projection_operand()),
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
                         .split = split(),
                         .rounded = rounded_,
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
  slots[2] = kBackward ? packed(l, node.inputs[1], gates_operand(f), offset)
                       : packed_step(l, node, f, offset);
  const size_t w_hr = kBackward ? 2 : f.projection_operand();
  if (f.projected)
    slots[1 + w_hr] = packed(l, node.inputs[w_hr], projection_operand(f, kBackward), offset);
  const std::vector<int64_t> dims = l.dims(id);
  const bool is_static = kBackward ? l.is_static(node.inputs[1]) : step_is_static(l, node, f);
  const auto split_form =
      split(l, slots[2], is_static, kBackward ? gates_operand(f) : step_operand(f), dims[0],
            rounds(l, f));
  if (split_form) slots.push_back(*split_form);
  l.emit(std::make_unique<K>(std::move(slots), split_form.has_value(), rounds(l, f), f, dims[0],
                             dims[1]));
}

}  // namespace

std::span<const LoweringRule> recurrent_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kLstm, .lower = lower<LstmForward, false>, .workspace = workspace<false>},
      {.op = &kLstmGradient, .lower = lower<LstmBackward, true>, .workspace = workspace<true>},
  };
  return kRules;
}

}  // namespace nd::cpu
