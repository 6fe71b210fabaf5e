#include "simd/program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/program.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "base/error.h"
#include "simd/dispatch.h"
#include "simd/dropout-inl.h"
#include "simd/elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

constexpr size_t kBlock = static_cast<size_t>(kProgramBlock);
/// Rows shorter than this are handled several at a time.
constexpr int64_t kShortRow = 128;

HWY_INLINE void repeat(float value, const Target& y) {
  for (size_t r = 0; r < y.rows; ++r) {
    for (size_t i = 0; i < y.n; ++i) y.p[r * y.stride + i] = value;
  }
}

/// One small matrix through all instructions: at most kBlock elements (any number for a program of
/// one instruction). Operands of step 0 have stride 0. `index` counts the first element for
/// dropout.
void run_piece(const Program& program, const ProgramRegion& region, const Source* operands,
               float* blocks, const Target& out, int64_t index) {
  Source values[kProgramOperands + kProgramInstructions];
  const size_t count = static_cast<size_t>(program.operands());
  for (size_t k = 0; k < count; ++k) values[k] = operands[k];
  const ElementInstruction* instructions = program.instructions().data();
  const size_t last = program.instructions().size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    const ElementInstruction& instruction = instructions[i];
    const size_t arity = static_cast<size_t>(element_arity(instruction.op));
    Source in[3];
    int step = 0;
    for (size_t k = 0; k < arity; ++k) {
      in[k] = values[instruction.in[k]];
      step |= in[k].step;
    }
    const bool draws = instruction.op == ElementOp::dropout;
    // A value of scalars alone is a scalar, unless every element draws.
    const bool single = step == 0 && !draws;
    Target y = out;
    if (i < last) {
      y.p = blocks + static_cast<size_t>(program.block(i)) * kBlock;
      y.stride = y.n;
    }
    if (draws) {
      if (step == 0) {
        repeat(*in[0].p, y);
        in[0] = {y.p, 1, y.stride};
      }
      const PhiloxKey key{region.seed, Stream::dropout, instruction.number, region.step};
      for (size_t r = 0; r < y.rows; ++r)
        dropout_run(key, instruction.p, in[0].p + r * in[0].stride, y.p + r * y.stride,
                    static_cast<uint64_t>(index) + r * static_cast<uint64_t>(region.index_stride),
                    y.n);
    } else if (single) {
      element_op(instruction.op, in, {y.p, 1, 1, 1});
      if (i == last) repeat(*y.p, y);
    } else {
      element_op(instruction.op, in, y);
    }
    values[count + i] = {y.p, single ? 0 : 1, single ? 0 : y.stride};
  }
}

/// Copies rows of `columns` elements of an operand behind one another; may write one vector too
/// many.
HWY_INLINE void expand(const ProgramOperand& operand, const float* from, size_t rows,
                       size_t columns, float* to) {
  const D d;
  const size_t lanes = hn::Lanes(d), whole = columns / lanes * lanes;
  for (size_t r = 0; r < rows; ++r, from += operand.row_stride, to += columns) {
    if (operand.step == 0) {
      const V value = hn::Set(d, *from);
      for (size_t c = 0; c < columns; c += lanes) hn::StoreU(value, d, to + c);
    } else {
      for (size_t c = 0; c < whole; c += lanes) hn::StoreU(hn::LoadU(d, from + c), d, to + c);
      if (whole < columns) hn::StoreU(hn::LoadN(d, from + whole, columns - whole), d, to + whole);
    }
  }
}

/// Several short rows at a time: operands that are not contiguous become so in blocks of their own.
void run_short_rows(const Program& program, const ProgramRegion& region, float* blocks) {
  constexpr size_t kStride = kBlock + hn::MaxLanes(D());
  HWY_ALIGN float expanded[static_cast<size_t>(kProgramOperands) * kStride];
  const size_t columns = static_cast<size_t>(region.columns),
               count = static_cast<size_t>(program.operands());
  const size_t most = HWY_MIN(kBlock / columns, static_cast<size_t>(region.rows));
  Source operands[kProgramOperands];
  for (size_t k = 0; k < count; ++k) {
    const ProgramOperand& operand = region.in[k];
    operands[k] = {operand.at, operand.row_stride == 0 && operand.step == 0 ? 0 : 1, 0};
    if (operand.row_stride == 0 && operand.step == 1) {  // the same row again and again: once
      expand(operand, operand.at, most, columns, expanded + k * kStride);
      operands[k].p = expanded + k * kStride;
    }
  }
  for (int64_t row = 0; row < region.rows; row += static_cast<int64_t>(most)) {
    const size_t rows = HWY_MIN(most, static_cast<size_t>(region.rows - row));
    for (size_t k = 0; k < count; ++k) {
      const ProgramOperand& operand = region.in[k];
      if (operand.row_stride == 0) continue;
      operands[k].p = operand.at + row * operand.row_stride;
      if (operand.step == 1 && operand.row_stride == region.columns) continue;
      expand(operand, operands[k].p, rows, columns, expanded + k * kStride);
      operands[k].p = expanded + k * kStride;
    }
    run_piece(program, region, operands, blocks,
              {region.out + row * region.out_stride, 0, 1, rows * columns},
              region.first + row * region.index_stride);
  }
}

/// As many rows at a time as fill a block, or parts of one row. A column's element is a scalar of
/// its row: rows one by one.
void run_rows(const Program& program, const ProgramRegion& region, float* blocks) {
  const size_t count = static_cast<size_t>(program.operands());
  const bool alone = program.instructions().size() == 1;
  int64_t rows_at_once = alone ? region.rows : HWY_MAX(1, kProgramBlock / region.columns);
  for (size_t k = 0; k < count; ++k) {
    if (region.in[k].step == 0 && region.in[k].row_stride != 0) rows_at_once = 1;
  }
  const int64_t part = alone || rows_at_once > 1 ? region.columns : kProgramBlock;
  Source operands[kProgramOperands];
  for (int64_t row = 0; row < region.rows; row += rows_at_once) {
    const int64_t rows = HWY_MIN(rows_at_once, region.rows - row);
    for (int64_t column = 0; column < region.columns; column += part) {
      for (size_t k = 0; k < count; ++k) {
        const ProgramOperand& operand = region.in[k];
        operands[k] = {operand.at + row * operand.row_stride + column * operand.step, operand.step,
                       static_cast<size_t>(operand.row_stride)};
      }
      const size_t n = static_cast<size_t>(HWY_MIN(part, region.columns - column));
      run_piece(program, region, operands, blocks,
                {region.out + row * region.out_stride + column,
                 static_cast<size_t>(region.out_stride), static_cast<size_t>(rows), n},
                region.first + row * region.index_stride + column);
    }
  }
}

void run_program(const Program& program, const ProgramRegion& region) {
  HWY_ALIGN float blocks[static_cast<size_t>(kProgramInstructions) * kBlock];
  bool contiguous = region.out_stride == region.columns && region.index_stride == region.columns;
  const bool dense = contiguous;
  for (int k = 0; k < program.operands() && contiguous; ++k) {
    const ProgramOperand& operand = region.in[k];
    contiguous = operand.step == 1 ? operand.row_stride == region.columns : operand.row_stride == 0;
  }
  if (region.rows > 1 && contiguous) {
    ProgramRegion flat = region;
    flat.columns *= region.rows;
    flat.rows = 1;
    return run_rows(program, flat, blocks);
  }
  if (region.rows > 1 && dense && region.columns < kShortRow)
    return run_short_rows(program, region, blocks);
  run_rows(program, region, blocks);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(run_program);

Program::Program(int operands, std::vector<ElementInstruction> instructions)
    : operands_(operands), instructions_(std::move(instructions)), blocks_(instructions_.size()) {
  const size_t count = instructions_.size(), inputs = static_cast<size_t>(operands);
  check_internal(operands >= 1 && operands <= kProgramOperands && count >= 1 &&
                     count <= static_cast<size_t>(kProgramInstructions),
                 "an elementwise program within its limits");
  std::vector<size_t> last_use(count, count);
  for (size_t i = 0; i < count; ++i) {
    for (int k = 0; k < element_arity(instructions_[i].op); ++k) {
      const size_t value = instructions_[i].in[static_cast<size_t>(k)];
      check_internal(value < inputs + i, "an elementwise program in order");
      if (value >= inputs) last_use[value - inputs] = i;
    }
  }
  // The first block whose value is not needed any more; an instruction may write over its operand.
  std::vector<size_t> free_from;
  for (size_t i = 0; i < count; ++i) {
    size_t block = 0;
    while (block < free_from.size() && free_from[block] > i) ++block;
    if (block == free_from.size()) free_from.push_back(0);
    free_from[block] = last_use[i];
    blocks_[i] = static_cast<uint8_t>(block);
  }
}

void run_program(const Program& program, const ProgramRegion& region) {
  if (region.rows > 0 && region.columns > 0) HWY_DYNAMIC_DISPATCH(run_program)(program, region);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
