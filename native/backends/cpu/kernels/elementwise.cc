// Elementwise ops, fused or alone: an elementwise program over a loop nest whose two innermost axes
// are a region of the program.
#include "backends/cpu/kernels/elementwise.h"

#include <algorithm>
#include <array>

#include "backends/cpu/kernels/nest.h"
#include "base/error.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

using simd::ElementOp;

constexpr int64_t kTileElements = 8192;  // operands and result of a tile stay in L1/L2

struct Translation {
  const OpDef* op;
  ElementOp element_op;
  double cost;  // relative to an addition
};

constexpr Translation kTranslations[] = {
    {&kAdd, ElementOp::add, 1},         {&kSub, ElementOp::sub, 1},
    {&kMul, ElementOp::mul, 1},         {&kDiv, ElementOp::div, 2},
    {&kMaximum, ElementOp::maximum, 1}, {&kMinimum, ElementOp::minimum, 1},
    {&kGreater, ElementOp::greater, 1}, {&kWhere, ElementOp::select, 1},
    {&kNeg, ElementOp::neg, 1},         {&kAbs, ElementOp::abs, 1},
    {&kSign, ElementOp::sign, 1},       {&kExp, ElementOp::exp, 3},
    {&kLog, ElementOp::log, 3},         {&kSqrt, ElementOp::sqrt, 2},
    {&kTanh, ElementOp::tanh, 5},       {&kSigmoid, ElementOp::sigmoid, 4},
    {&kRelu, ElementOp::relu, 1},       {&kSoftplus, ElementOp::softplus, 6},
    {&kGelu, ElementOp::gelu, 6},       {&kGeluGradient, ElementOp::gelu_gradient, 7},
    {&kDropout, ElementOp::dropout, 7},
};

class Elementwise final : public Kernel {
 public:
  /// Slots: operands, then the result. `first`: number of the first element for dropout.
  Elementwise(std::vector<Slot> slots, const std::vector<std::vector<int64_t>>& operands,
              const std::vector<int64_t>& out, simd::Program program, int64_t first)
      : Kernel(std::move(slots)), program_(std::move(program)), first_(first) {
    Nest nest{.sizes = out};
    for (const auto& dims : operands) nest.strides.push_back(broadcast_strides(dims, out));
    nest_ = joined(nest);
    columns_ = nest_.sizes.back();
    nest_.sizes.pop_back();
    if (!nest_.sizes.empty()) {
      rows_ = nest_.sizes.back();
      nest_.sizes.pop_back();
    }
    for (size_t k = 0; k < operands.size(); ++k) {
      std::vector<int64_t>& strides = nest_.strides[k];
      steps_[k] = static_cast<int>(strides.back());
      strides.pop_back();
      if (strides.empty()) continue;
      row_strides_[k] = strides.back();
      strides.pop_back();
    }
    total_rows_ = rows_;
    for (int64_t size : nest_.sizes) total_rows_ *= size;
    // A tile is a number of rows, or a part of one row.
    row_tiles_ = std::max<int64_t>(1, (columns_ + kTileElements - 1) / kTileElements);
    rows_per_tile_ = std::max<int64_t>(1, kTileElements / columns_);
    tiles = row_tiles_ > 1 ? total_rows_ * row_tiles_
                           : (total_rows_ + rows_per_tile_ - 1) / rows_per_tile_;
    work = nanoseconds_of(program_) * static_cast<double>(total_rows_ * columns_);
  }

  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    if (row_tiles_ > 1) {
      for (int64_t tile = begin; tile < end; ++tile) {
        const int64_t column = tile % row_tiles_ * kTileElements;
        run_rows(tile / row_tiles_, 1, column, std::min(kTileElements, columns_ - column), context);
      }
      return;
    }
    const int64_t last = std::min(total_rows_, end * rows_per_tile_);
    for (int64_t row = begin * rows_per_tile_; row < last;) {
      const int64_t count = std::min(last - row, rows_ - row % rows_);
      run_rows(row, count, 0, columns_, context);
      row += count;
    }
  }

 private:
  // Rows [row, row + count) of one innermost matrix, columns [column, column + columns).
  void run_rows(int64_t row, int64_t count, int64_t column, int64_t columns,
                const RunContext& context) const {
    const size_t operands = static_cast<size_t>(program_.operands());
    std::array<simd::ProgramOperand, simd::kProgramOperands> in;
    for (size_t k = 0; k < operands; ++k)
      in[k] = {at[k] + row % rows_ * row_strides_[k] + column * steps_[k], row_strides_[k],
               steps_[k]};
    int64_t rest = row / rows_;
    for (size_t axis = nest_.sizes.size(); axis-- > 0 && rest > 0;) {
      const int64_t index = rest % nest_.sizes[axis];
      rest /= nest_.sizes[axis];
      for (size_t k = 0; k < operands; ++k) in[k].at += index * nest_.strides[k][axis];
    }
    const int64_t position = row * columns_ + column;
    simd::run_program(program_, {.in = in.data(),
                                 .out = at[operands] + position,
                                 .out_stride = columns_,
                                 .rows = count,
                                 .columns = columns,
                                 .first = first_ + position,
                                 .index_stride = columns_,
                                 .seed = context.seed,
                                 .step = context.step});
  }

  simd::Program program_;
  int64_t first_;
  Nest nest_;  // axes outside the innermost two
  std::array<int64_t, simd::kProgramOperands> row_strides_{};
  std::array<int, simd::kProgramOperands> steps_{};
  int64_t rows_ = 1, columns_ = 1, total_rows_ = 1, rows_per_tile_ = 1, row_tiles_ = 1;
};

void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots;
  std::vector<std::vector<int64_t>> operands;
  for (NodeId input : node.inputs) {
    slots.push_back(l.slot(input));
    operands.push_back(l.dims(input));
  }
  slots.push_back(l.slot(id));
  const int64_t first = node.shape.is_batched() ? node.shape.elements(1) * l.first_window() : 0;
  l.emit(std::make_unique<Elementwise>(std::move(slots), operands, l.dims(id),
                                       program_of(steps_of(node).steps, operands.size()), first));
}

}  // namespace

simd::Program program_of(const std::vector<FusedStep>& steps, size_t operands) {
  std::vector<simd::ElementInstruction> instructions;
  for (const FusedStep& step : steps) {
    const auto* translation = std::find_if(std::begin(kTranslations), std::end(kTranslations),
                                           [&](const Translation& t) { return t.op == step.op; });
    check_internal(translation != std::end(kTranslations), "an instruction for every element op");
    simd::ElementInstruction instruction{.op = translation->element_op};
    for (size_t k = 0; k < step.operands.size(); ++k)
      instruction.in[k] = static_cast<uint8_t>(step.operands[k]);
    if (step.op == &kDropout) {
      instruction.number = static_cast<uint32_t>(step.attrs.ints[0]);
      instruction.p = static_cast<float>(step.attrs.reals[0]);
    }
    instructions.push_back(instruction);
  }
  return simd::Program(static_cast<int>(operands), std::move(instructions));
}

double nanoseconds_of(const simd::Program& program) {
  constexpr double kNanoseconds = 0.15, kPerInstruction = 0.3;
  double cost = 1 - kPerInstruction;  // memory
  for (const simd::ElementInstruction& instruction : program.instructions()) {
    for (const Translation& t : kTranslations) {
      if (t.element_op == instruction.op) cost += t.cost - 1 + kPerInstruction;
    }
  }
  return kNanoseconds * cost;
}

std::span<const LoweringRule> elementwise_rules() {
  static const std::vector<LoweringRule> kRules = [] {
    std::vector<LoweringRule> rules = {{.op = &kFused, .lower = lower}};
    for (const Translation& t : kTranslations) rules.push_back({.op = t.op, .lower = lower});
    return rules;
  }();
  return kRules;
}

}  // namespace nd::cpu
