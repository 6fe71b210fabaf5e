// Reductions in a fixed order. The order does not depend on the vector width either, so these give
// the same bits on every target.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Σ x[i], accumulated in float64.
double sum(const float* x, int64_t n);
/// Σ x[i]², accumulated in float64.
double sum_of_squares(const float* x, int64_t n);
/// Σ x[i]² of `panels` panels, each `depth` rows of `width` floats (a divisor of 32), in the order
/// of sum_of_squares over panels 32 wide, the last one filled up with zeros.
double sum_of_squares_panels(const float* x, int64_t panels, int64_t depth, int64_t width);
/// y[j] = Σ_i x[i*row_stride + j] for j < n (bias gradients), accumulated in float64: where
/// they cancel, as before a batch normalisation, the result shows every rounding.
void sum_rows(const float* x, int64_t rows, int64_t row_stride, int64_t n, float* y);
/// False when any x[i] is NaN or infinite.
bool all_finite(const float* x, int64_t n);

}  // namespace nd::simd
