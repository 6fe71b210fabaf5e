// Pooling along rows: the max pooling of N-HiTS and the moving average of series decomposition,
// each with its adjoint. A matrix is `rows` contiguous rows of `length`.
#pragma once

#include <cstdint>

namespace nd::simd {

/// y[r, o] = max of x[r, o*kernel … min((o+1)*kernel, length)): [rows, ceil(length/kernel)]. NaN
/// propagates.
void max_pool_rows(const float* x, int64_t rows, int64_t length, int64_t kernel, float* y);
/// dx[r, i] = dy of i's block where x[r, i] is the block's first maximum (first NaN, if any), else
/// 0.
void max_pool_rows_gradient(const float* x, const float* dy, int64_t rows, int64_t length,
                            int64_t kernel, float* dx);
/// y[r, i] = mean of x[r, i-h … i+h], h = (window-1)/2, with the row's end values repeated beyond
/// it; `window` is odd. Pairwise sums: relative error about log2(window) roundings. y may not
/// overlap x.
void moving_average_rows(const float* x, int64_t rows, int64_t length, int64_t window, float* y);
/// The adjoint of moving_average_rows: dx from dy. dx may not overlap dy.
void moving_average_rows_gradient(const float* dy, int64_t rows, int64_t length, int64_t window,
                                  float* dx);
/// Moving averages down the columns of a matrix with rows of `stride` floats, for `width` columns
/// from x on: y[i, c] = mean of x[i-h … i+h, c], ends repeated, by running sums in double. `length`
/// rows.
void moving_average_columns(const float* x, int64_t length, int64_t stride, int64_t width,
                            int64_t window, float* y);
/// The adjoint of moving_average_columns: dx from dy. dx may not overlap dy.
void moving_average_columns_gradient(const float* dy, int64_t length, int64_t stride, int64_t width,
                                     int64_t window, float* dx);

}  // namespace nd::simd
