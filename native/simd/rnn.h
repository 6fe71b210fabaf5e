// Recurrent layers: all time steps of a block of batch rows in one call. Rows do not depend on each
// other, so a block runs from the first step to the last by itself, with its state in the first
// level cache; the product with the recurrent weight keeps its sums in registers and the gates
// follow while they are there. Which rows form a block changes no bit of the result.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Rows of the batch that one call should take.
inline constexpr int64_t kRecurrentRows = 16;

/// Floats of the packed form of a k x n operand, whose n columns are `parts` equal parts that are
/// read side by side (4 for gates) or plain columns (1).
int64_t recurrent_packed_floats(int64_t k, int64_t n, int64_t parts);
/// Packs B(k, j) = b[k*b_row + j*b_col], one of the strides being 1, or zeros (nullptr), as rows
/// [first, first + k) of an operand of `rows` rows; lanes beyond a part become zero.
void pack_recurrent(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n,
                    int64_t parts, int64_t first, int64_t rows, float* packed);

/// Floats of a packed operand (of all its rows) split for the matrix unit, or `rounded` to bfloat16
/// for it; 0 where there is none.
int64_t recurrent_split_floats(int64_t k, int64_t n, int64_t parts, bool rounded);
void split_recurrent(const float* packed, int64_t k, int64_t n, int64_t parts, bool rounded,
                     float* split);
/// Blocks of fewer rows are faster on vectors.
inline constexpr int64_t kLeastSplitRows = 8;

/// Where a step's row of numbers that are multiplied by the gates' weights has them: h, zeros up to
/// x, x, a one for the bias.
struct StepRow {
  int64_t x, one, size;  ///< first of x, place of the one, how many numbers
  StepRow(int64_t inputs, int64_t outputs)
      : x((outputs + 15) / 16 * 16), one(x + inputs), size(one + 1) {}
};

/// One LSTM layer forward; legend and layouts as in ops/lstm.h.
struct LstmForward {
  int64_t steps, inputs, units, outputs;
  const float* x;        ///< [rows, T, I]
  const float* w;        ///< W_hhᵀ, W_ihᵀ and the bias as rows of StepRow, packed in four parts
  const float* split;    ///< w split or rounded for the matrix unit; nullptr: vectors read w
  bool rounded;          ///< so are the rows that it multiplies
  const float* w_hr;     ///< W_hrᵀ [U, P] packed in one part; nullptr without projection
  const float *h0, *c0;  ///< [rows, P], [rows, U]; nullptr: zeros
  float* out;            ///< [rows, T, width]: h | c | gates after activation (keeps_gates)
  int64_t width;
  bool keeps_gates;
};

/// Its backward pass.
struct LstmBackward {
  int64_t steps, units, outputs;
  const float* out;  ///< of the forward pass, gates kept
  int64_t width;
  const float* w_hh;     ///< W_hh [4U, P] packed in one part
  const float* split;    ///< w_hh split or rounded for the matrix unit; nullptr: vectors read w_hh
  bool rounded;          ///< so are the rows that it multiplies
  const float* w_hr;     ///< W_hr [P, U] packed in one part; nullptr without projection
  const float* c0;       ///< [rows, U]; nullptr: zeros
  const float *dh, *dc;  ///< [rows, T, P], [rows, T, U]; dc may be nullptr
  float* result;         ///< [rows, T, result_width]: d gates | d h (projected) | d previous c
  int64_t result_width;
  bool writes_dc;  ///< the last part is there
};

/// Floats of scratch that one call of either needs (64-byte aligned); `inputs`: 0 backward.
int64_t lstm_scratch_floats(int64_t inputs, int64_t units, int64_t outputs);
/// Rows [first, first + rows), rows <= kRecurrentRows.
void lstm_forward(const LstmForward& l, int64_t first, int64_t rows, float* scratch);
void lstm_backward(const LstmBackward& l, int64_t first, int64_t rows, float* scratch);

}  // namespace nd::simd
