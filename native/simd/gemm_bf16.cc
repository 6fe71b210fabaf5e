#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gemm_bf16.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/amx.h"
#include "simd/dispatch.h"
#include "simd/gemm_bf16-inl.h"
#include "simd/gemm_bf16.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

int64_t bf16_tiles(int64_t m, int64_t n) { return region_tiles(m, n); }

int64_t bf16_scratch_floats(int64_t m, int64_t n, int64_t k) {
  const int64_t tiles = block_depth(k) / kTileDepth * kTileElements;
  return (ceil_div(HWY_MIN(m, kBlockRows), kTileLines) +
          ceil_div(HWY_MIN(n, kBlockColumns), kTileLines)) *
         tiles;
}

void bf16_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  const Region region = region_of(g, tile_begin, tile_end);
  const Source a = source_a(g), b = source_b(g);
  const int64_t deepest = block_depth(g.k);
  Bf16Block block{};
  block.ldc = g.ldc;
  block.c_panel = g.c_panel;
  for (int64_t column = region.column; column < region.column_end; column += kBlockColumns) {
    block.columns = HWY_MIN(kBlockColumns, region.column_end - column);
    for (int64_t k0 = 0; k0 < g.k; k0 += deepest) {
      block.depth = ceil_div(HWY_MIN(deepest, g.k - k0), kTileDepth);
      block.add = g.accumulate || k0 > 0;
      block.b = scratch;
      float* packed_a =
          pack_strips<Rounded, true>(b, column, column + block.columns, k0, block.depth, scratch);
      block.a = packed_a;
      for (int64_t row = region.row; row < region.row_end; row += kBlockRows) {
        block.rows = HWY_MIN(kBlockRows, region.row_end - row);
        pack_strips<Rounded, false>(a, row, row + block.rows, k0, block.depth, packed_a);
        block.c = g.c + row * g.ldc + column / kPanel * g.c_panel;
        multiply_tiles(block);
        if (g.epilogue.run && k0 + deepest >= g.k)
          g.epilogue.run(g.epilogue.context, row, block.rows, column, block.columns);
      }
    }
  }
}

const char* unit() {
#if HWY_TARGET == HWY_AVX3_SPR
  if (amx_present()) return "AMX";
#endif
  return HWY_NATIVE_DOT_BF16 ? (HWY_ARCH_X86 ? "AVX512_BF16" : "BF16") : "none";
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(bf16_tiles);
HWY_EXPORT(bf16_scratch_floats);
HWY_EXPORT(bf16_run);
HWY_EXPORT(unit);

int64_t gemm_bf16_tiles(int64_t m, int64_t n) { return HWY_DYNAMIC_DISPATCH(bf16_tiles)(m, n); }

int64_t gemm_bf16_scratch_floats(int64_t m, int64_t n, int64_t k) {
  return HWY_DYNAMIC_DISPATCH(bf16_scratch_floats)(m, n, k);
}

void gemm_bf16_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  HWY_DYNAMIC_DISPATCH(bf16_run)(g, tile_begin, tile_end, scratch);
}

const char* bf16_unit() { return HWY_DYNAMIC_DISPATCH(unit)(); }

}  // namespace nd::simd
#endif  // HWY_ONCE
