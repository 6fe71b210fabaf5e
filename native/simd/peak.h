// The yardstick of the benchmarks: what one core can do at best, sampled next to each measurement
// because clocks move from minute to minute.
#pragma once

namespace nd::simd {

/// Floating-point operations per second of a register-only FMA loop on the dispatched target, one
/// thread, measured for about `seconds`.
double fma_peak_flops(double seconds);

}  // namespace nd::simd
