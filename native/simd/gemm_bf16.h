// Products whose operands are rounded to bfloat16 (8 bits of precision, to the nearest even) and
// whose sums stay in single precision: an eighth to a twentieth of the time where the processor
// multiplies matrices of such numbers (AMX), about half with dot products of pairs (AVX512_BF16),
// and no gain, but the same values up to the order of sums, elsewhere. Operands are read as the
// floats that they are and rounded block by block on the way, so whoever calls gemm_run can call
// this instead.
#pragma once

#include "simd/gemm.h"

namespace nd::simd {

/// Number of tiles into which C is cut: a function of (m, n) alone; 0 for an empty C.
int64_t gemm_bf16_tiles(int64_t m, int64_t n);
/// Floats of scratch that one thread needs in gemm_bf16_run (64-byte aligned).
int64_t gemm_bf16_scratch_floats(int64_t m, int64_t n, int64_t k);
/// Computes tiles [tile_begin, tile_end) of C, k > 0. One of a_row and a_col is 1, and with
/// b_transposed and b_row > 0 B is B(k,j) = b[j*b_row + k]; else as gemm_run.
void gemm_bf16_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch);

/// What carries out such products here: "AMX", "AVX512_BF16" (or its like) or "none": floats.
const char* bf16_unit();

}  // namespace nd::simd
