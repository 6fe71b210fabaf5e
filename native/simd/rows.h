// Kernels over rows: softmax and layer normalisation with their gradients. A matrix is `rows`
// contiguous rows of `length`; all may run in place (y over x, dx over dy).
#pragma once

#include <cstdint>

namespace nd::simd {

/// y[r, i] = e^(x[r, i] - max_r) / Σ. Relative error below 4e-7 of an exact softmax (plus 1 ULP per
/// 100 terms of the sum); weights below e^-87 become 0. A row with NaN or +inf, or nothing but
/// -inf, gives NaN.
void softmax_rows(const float* x, int64_t rows, int64_t length, float* y);
/// dx[r, i] = y[r, i]·(dy[r, i] - Σ_j y[r, j]·dy[r, j]).
void softmax_rows_gradient(const float* y, const float* dy, int64_t rows, int64_t length,
                           float* dx);
/// y[r, i] = (x[r, i] - mean_r) / √(variance_r + eps), biased variance around the mean of a first
/// pass.
void layer_norm_rows(const float* x, int64_t rows, int64_t length, float eps, float* y);
/// dx = (dy - mean(dy) - y·mean(dy·y)) / √(variance + eps) with y = layer_norm(x).
void layer_norm_rows_gradient(const float* x, const float* dy, int64_t rows, int64_t length,
                              float eps, float* dx);

}  // namespace nd::simd
