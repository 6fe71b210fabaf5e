// Plain passes over contiguous floats. Any length, any alignment; nothing is written outside
// [0, n). What computes is an elementwise program (program.h).
#pragma once

#include <cstdint>

namespace nd::simd {

/// y[i] = value.
void fill(float* y, float value, int64_t n);
/// y[i] += x[i].
void add_into(float* y, const float* x, int64_t n);

}  // namespace nd::simd
