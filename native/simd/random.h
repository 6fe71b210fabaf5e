// Long runs of random numbers: the first weights of a network are millions of draws.
#pragma once

#include <cstdint>

#include "base/philox.h"

namespace nd::simd {

/// y[i] = (2·philox_uniform(key, i) - 1)·bound, computed in double and rounded once: the same on
/// every target.
void uniform(const PhiloxKey& key, double bound, float* y, int64_t n);

}  // namespace nd::simd
