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
/// Packs B(k, j) = b[k*b_row + j*b_col], one of the strides being 1; lanes beyond a part become
/// zero.
void pack_recurrent(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n,
                    int64_t parts, float* packed);

/// One LSTM layer forward; legend and layouts as in ops/lstm.h.
struct LstmForward {
  int64_t steps, units, outputs;
  const float* gates;    ///< [rows, T, 4U], before activation and without the recurrent part
  const float* w_hh;     ///< W_hhᵀ [P, 4U] packed in four parts
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
  const float* w_hr;     ///< W_hr [P, U] packed in one part; nullptr without projection
  const float* c0;       ///< [rows, U]; nullptr: zeros
  const float *dh, *dc;  ///< [rows, T, P], [rows, T, U]; dc may be nullptr
  float* result;         ///< [rows, T, result_width]: d gates | d h (projected) | d previous c
  int64_t result_width;
  bool writes_dc;  ///< the last part is there
};

/// Floats of scratch that one call of either needs (64-byte aligned).
int64_t lstm_scratch_floats(int64_t units, int64_t outputs);
/// Rows [first, first + rows), rows <= kRecurrentRows.
void lstm_forward(const LstmForward& l, int64_t first, int64_t rows, float* scratch);
void lstm_backward(const LstmBackward& l, int64_t first, int64_t rows, float* scratch);

}  // namespace nd::simd
