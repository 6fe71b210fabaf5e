// The yardsticks of the benchmarks: what one core can compute and move at best, sampled next to
// each measurement because clocks move from minute to minute.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Floating-point operations per second of a register-only FMA loop on the dispatched target, one
/// thread, measured for about `seconds`.
double fma_peak_flops(double seconds);

/// Exponentials per second of the softmax on data in L1, one thread, measured for about `seconds`.
double exponential_rate(double seconds);

/// Moves the bytes of one step of Adam over n parameters (p, g, m, v read; p, m, v written in
/// place) with next to no arithmetic: timed, the bandwidth that an optimiser can reach.
void update_streams(float* p, const float* g, float* m, float* v, int64_t n);

}  // namespace nd::simd
