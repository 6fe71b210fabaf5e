// Included by every file with kernels, so that ND_DISABLE_TARGETS is honoured before the first of
// them runs.
#pragma once

namespace nd::simd {

/// Applies ND_DISABLE_TARGETS once; returns true.
bool apply_target_environment();

inline const bool kTargetEnvironmentApplied = apply_target_environment();

}  // namespace nd::simd
