// Elementwise programs: a chain or small tree of elementwise operations as one pass over memory.
// Intermediate values live in blocks of kProgramBlock floats that stay in L1; one dynamic dispatch
// per call, one switch per instruction and block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nd::simd {

/// Operations on elements. Largest errors in ULP: see elementwise-inl.h. sign(NaN) is 0, as in
/// torch; every other function propagates NaN. maximum and minimum give the left operand at
/// equality; greater gives 1 or 0; gelu_gradient gives
/// in[1]·(Φ(in[0]) + in[0]·φ(in[0])); gelu(-inf) is NaN; select gives in[0] != 0 ? in[1] : in[2];
/// dropout multiplies by (dropout_keeps(number, element) ? 1/(1-p) : 0), 0 <= p <= 1.
// clang-format off
enum class ElementOp : uint8_t {
  neg, abs, sign, exp, log, sqrt, tanh, sigmoid, relu, softplus, gelu, dropout,  // of one operand
  add, sub, mul, div, maximum, minimum, greater, gelu_gradient,                  // of two
  select,                                                                        // of three
};
// clang-format on

/// Number of operands of `op`.
inline constexpr int element_arity(ElementOp op) {
  return op < ElementOp::add ? 1 : op < ElementOp::select ? 2 : 3;
}

/// Floats of a block.
inline constexpr int64_t kProgramBlock = 512;
/// Limits of a program: its blocks take 64 KiB of stack at most.
inline constexpr int kProgramOperands = 8;
inline constexpr int kProgramInstructions = 24;

struct ElementInstruction {
  ElementOp op;
  /// k < operands: operand k; otherwise the value of instruction k - operands.
  std::array<uint8_t, 3> in{};
  uint32_t number = 0;  ///< of a dropout op: its Philox substream
  float p = 0;          ///< of a dropout op: probability of a zero
};

/// Instructions in order; the value of the last one is the result.
class Program {
 public:
  Program() = default;
  Program(int operands, std::vector<ElementInstruction> instructions);
  int operands() const { return operands_; }
  const std::vector<ElementInstruction>& instructions() const { return instructions_; }
  /// Block that holds the value of instruction i until its last use.
  int block(size_t i) const { return blocks_[i]; }

 private:
  int operands_ = 0;
  std::vector<ElementInstruction> instructions_;
  std::vector<uint8_t> blocks_;
};

/// Element (r, c) is at[r * row_stride + c * step]: a matrix (step 1), a row repeated (row_stride
/// 0), a column (step 0), a scalar (both 0).
struct ProgramOperand {
  const float* at;
  int64_t row_stride;
  int step;  ///< 0 or 1
};

/// out[r * out_stride + c] for r in [0, rows), c in [0, columns); may overlap operands of the same
/// layout exactly (in place), others not at all.
struct ProgramRegion {
  const ProgramOperand* in;
  float* out;
  int64_t out_stride, rows, columns;
  /// Element (r, c) draws number first + r * index_stride + c of the Philox stream (seed, step).
  int64_t first = 0, index_stride = 0;
  uint64_t seed = 0;
  uint32_t step = 0;
};

void run_program(const Program& program, const ProgramRegion& region);

}  // namespace nd::simd
