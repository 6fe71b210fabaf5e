// Single-precision matrix products: a register tile of 9 x 48 on AVX-512, 6 x 16 on AVX2, B packed
// once and kept (weights live packed), A read in place or packed per block where its layout asks
// for it. C is cut into tiles whose boundaries depend on the shape only, and
// K is split into fixed blocks that are summed in order, so any distribution of the tiles over
// threads gives the same bits. Where the processor has a matrix unit for bfloat16, large products
// run there in single precision, every number in three parts (gemm_split.cc).
#pragma once

#include <cstdint>

namespace nd::simd {

/// What a product does to a finished part of C while it is still in the cache: rows
/// [row, row + rows) times columns [column, column + columns), final values stored. Called once per
/// region, by the thread that computed it; regions are disjoint and cover C.
struct GemmEpilogue {
  void (*run)(const void* context, int64_t row, int64_t rows, int64_t column, int64_t columns);
  const void* context;
};

/// C[m,n] = (accumulate ? C : 0) + A·B, f32. m, n and k may be zero; k == 0 gives C = 0 (or C
/// unchanged).
struct Gemm {
  const float* a;  ///< A(i,k) = a[i*a_row + k*a_col]
  int64_t a_row, a_col;
  const float* b;  ///< pack_b of B [k, n], or of Bᵀ [n, k] when b_transposed
  bool b_transposed;  ///< the other use of one packed weight: Y = X·Wᵀ reads it as it is, dX = dY·W
                      ///< transposes blocks of it just before use
  int64_t b_row = 0;  ///< 0: packed; otherwise b is B itself, B(k,j) = b[k*b_row + j], copied in
                      ///< blocks just before use
  float* c;           ///< C(i,j) = c[i*ldc + j/panel*c_panel + j%panel], panel = gemm_panel()
  int64_t ldc;
  int64_t c_panel;  ///< gemm_panel() for a row-major C; ldc = gemm_panel() and c_panel =
                    ///< m*gemm_panel() write C itself packed, lanes beyond n untouched
  int64_t m, n, k;
  bool accumulate;
  GemmEpilogue epilogue;  ///< run = nullptr: none; for a row-major C only
};

/// Width in floats of one panel of packed B on the dispatched target.
int64_t gemm_panel();
/// Floats that pack_b writes for a k x n matrix; the buffer should be 64-byte aligned.
int64_t packed_b_floats(int64_t k, int64_t n);
/// Packs B(k,j) = b[k*b_row + j*b_col], panels [panel_begin, panel_end) of ceil(n / gemm_panel());
/// lanes beyond n become zero. Vectorised for b_col == 1 and, by transposition, for b_row == 1.
void pack_b(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, int64_t panel_begin,
            int64_t panel_end, float* packed);
/// Number of tiles into which C is cut: a function of (m, n, k) alone; 0 for an empty C.
int64_t gemm_tiles(int64_t m, int64_t n, int64_t k);
/// Floats of scratch that one thread needs in gemm_run (64-byte aligned); `a_transposed` says a_col
/// != 1, `b_copied` b_transposed or b_row != 0.
int64_t gemm_scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_copied);
/// Computes tiles [tile_begin, tile_end). Tiles are disjoint parts of C; threads need separate
/// scratch.
void gemm_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch);

}  // namespace nd::simd
