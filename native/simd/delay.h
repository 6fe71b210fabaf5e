// Sums over cyclic delays of a series: the time-delay aggregation of Autoformer and its adjoint. A
// series is `length` rows (steps) of `width` channels; rows[i] in [0, length) is a delay.
#pragma once

#include <cstdint>

namespace nd::simd {

/// out[t, c] = Σ_i weights[i]·v[(t + rows[i]) mod length, c] for channels c in [begin, end); terms
/// are added in the order of i. `out` may not overlap `v`.
void delay_aggregate(const float* v, const float* weights, const int32_t* rows, int64_t count,
                     int64_t length, int64_t width, int64_t begin, int64_t end, float* out);
/// out[i] = Σ_t Σ_c a[t, c]·v[(t + rows[i]) mod length, c]; every few hundred terms go into a sum
/// in double. Fastest where delays follow each other (d, d + 1, …).
void delay_correlate(const float* a, const float* v, const int32_t* rows, int64_t count,
                     int64_t length, int64_t width, float* out);

}  // namespace nd::simd
