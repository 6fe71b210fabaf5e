// Rows of weight matrices, scaled and measured one by one: what weight normalisation
// (train/weight_norm.h) does to every weight in every step.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Rows of a matrix as they lie in memory: element (row, column) at row*columns + column, or, where
/// `panel`, at column*rows + row, as the outputs of a layer lie in a panel of its packed weight.
struct MatrixRows {
  int64_t rows, columns;
  bool panel;
};

/// dots[row] = Σ x·y over the columns, in float64, in an order that depends on neither the vector
/// width nor the number of rows: the same bits on every target.
void row_dots(const MatrixRows& m, const float* x, const float* y, double* dots);
/// out = a[row]·x. `out` may be x.
void row_scale(const MatrixRows& m, const float* a, const float* x, float* out);
/// out = a[row]·x + b[row]·y. `out` may be x or y.
void row_combine(const MatrixRows& m, const float* a, const float* x, const float* b,
                 const float* y, float* out);

}  // namespace nd::simd
