// Products in single precision where the processor multiplies matrices of bfloat16 numbers (AMX)
// sixteen times as fast as its vectors multiply floats: three such numbers hold the 24 bits of a
// float, and six of the nine products of parts are all that single precision can tell. Per target;
// simd/gemm.cc decides which products come here.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gemm_split.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/gemm.h"
#include "simd/gemm_split-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3_SPR

namespace {

// Of C: columns whose B (1.5 MiB in parts) is packed once for all rows, and rows whose A stays in
// L2 with it. All of a long depth at once: loading and storing sums costs more than L1 would save.
constexpr int64_t kColumns = 512, kRows = 128, kDepth = 512;
// Below this, splitting the operands takes longer than it saves.
constexpr int64_t kLeastSide = 64, kLeastDepth = 32;

int64_t padded(int64_t n, int64_t unit) { return ceil_div(n, unit) * unit; }

}  // namespace

bool splits(int64_t m, int64_t n, int64_t k) {
  return HWY_MIN(m, n) >= kLeastSide && k >= kLeastDepth && amx_usable();
}

int64_t split_tiles(int64_t m, int64_t n) { return region_tiles(m, n); }

int64_t split_scratch(int64_t m, int64_t n, int64_t k) {
  const int64_t lines =
      padded(HWY_MIN(m, kRows), kTileLines) + padded(HWY_MIN(n, kColumns), kTileLines);
  return Split::kParts * lines * padded(HWY_MIN(k, kDepth), kTileDepth) / 2;
}

void split_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  const Region region = region_of(g, tile_begin, tile_end);
  const Source a = source_a(g), b = source_b(g);
  Bf16Block block{};
  block.ldc = g.ldc;
  block.c_panel = g.c_panel;
  block.parts = Split::kParts;
  for (int64_t column = region.column; column < region.column_end; column += kColumns) {
    block.columns = HWY_MIN(kColumns, region.column_end - column);
    for (int64_t k0 = 0; k0 < g.k; k0 += kDepth) {
      block.depth = ceil_div(HWY_MIN(kDepth, g.k - k0), kTileDepth);
      block.add = g.accumulate || k0 > 0;
      float* packed_a =
          pack_strips<Split, true>(b, column, column + block.columns, k0, block.depth, scratch);
      block.a = packed_a;
      block.b = scratch;
      for (int64_t row = region.row; row < region.row_end; row += kRows) {
        block.rows = HWY_MIN(kRows, region.row_end - row);
        block.c = g.c + row * g.ldc + column / kPanel * g.c_panel;
        pack_strips<Split, false>(a, row, row + block.rows, k0, block.depth, packed_a);
        amx_multiply(block);
        if (g.epilogue.run && k0 + kDepth >= g.k)
          g.epilogue.run(g.epilogue.context, row, block.rows, column, block.columns);
      }
    }
  }
}

#else

bool splits(int64_t, int64_t, int64_t) { return false; }
int64_t split_tiles(int64_t, int64_t) { return 0; }
int64_t split_scratch(int64_t, int64_t, int64_t) { return 0; }
void split_run(const Gemm&, int64_t, int64_t, float*) {}

#endif

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
