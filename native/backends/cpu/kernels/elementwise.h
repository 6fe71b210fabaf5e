// Elementwise nodes as programs: shared by the elementwise kernel and by the epilogues of products.
#pragma once

#include "backends/cpu/lowering.h"
#include "ops/fused.h"
#include "simd/program.h"

namespace nd::cpu {

/// The program of `steps` over `operands` operands.
simd::Program program_of(const std::vector<FusedStep>& steps, size_t operands);

/// Estimated nanoseconds per element on one core, operands in the cache.
double nanoseconds_of(const simd::Program& program);

}  // namespace nd::cpu
