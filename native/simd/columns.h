// Kernels along the rows of a matrix with one value per column: the two passes of batch
// normalisation. Rows are contiguous, `stride` floats apart.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Most columns of one call of add_moments.
inline constexpr int64_t kMomentColumns = 256;

/// totals[j] += Σ_r u and totals[columns + j] += Σ_r u·(x[r, j] - centre[j]), u = dy[r, j] or,
/// without dy, x[r, j] - centre[j]. Differences in float, sums in double, row after row: the same
/// for any division of the rows into calls.
void add_moments(const float* x, const float* dy, const float* centre, int64_t rows, int64_t stride,
                 int64_t columns, double* totals);

/// out[r, j] = by_dy[j]·dy[r, j] + by_x[j]·(x[r, j] - centre[j]) + offset[j]; without dy, which is
/// nullptr then, the first term is left out. Rows are `columns` floats apart; `out` may be x or dy.
struct ColumnAffine {
  const float *x, *dy;
  const float *centre, *by_dy, *by_x, *offset;
  int64_t rows, columns;
  float* out;
};
void run_affine(const ColumnAffine& a);

}  // namespace nd::simd
