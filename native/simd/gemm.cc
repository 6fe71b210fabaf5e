#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gemm.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/gemm-inl.h"
#include "simd/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

int64_t panel_width() { return kPanel; }

int64_t tile_count(int64_t m, int64_t n, int64_t k) { return Partition(m, n, k).tiles(); }

int64_t scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed) {
  const Partition p(m, n, k);
  return p.packs(a_transposed) ? HWY_MIN(p.strips, kPackedStrips) * strip_floats(p.depth) : 0;
}

/// Rows [row, row + rows) of C, panels [panel, panel_end), one K block: as wide as the registers
/// allow.
HWY_INLINE void strip(const Gemm& g, const float* a, int64_t a_row, int64_t a_col, int64_t row,
                      int64_t rows, int64_t panel, int64_t panel_end, int64_t k_begin,
                      int64_t depth, bool add) {
  Micro t;
  t.a = a;
  t.a_row = a_row;
  t.a_col = a_col;
  t.depth = depth;
  t.b_panel = g.k * kPanel;
  t.ldc = g.ldc;
  t.add = add;
  while (panel < panel_end) {
    const int64_t left = HWY_MIN(g.n - panel * kPanel, (panel_end - panel) * kPanel);  // columns
    const int64_t vectors = vectors_at_once(rows, (left + kLanes - 1) / kLanes);
    t.columns = HWY_MIN(left, vectors * kLanes);
    t.b = g.b + panel * t.b_panel + k_begin * kPanel;
    t.c = g.c + row * g.ldc + panel * kPanel;
    run_micro(rows, vectors, t);
    panel += (vectors + 1) / 2;
  }
}

void run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  const Partition p(g.m, g.n, g.k);
  const bool pack = p.packs(g.a_col != 1);
  for (int64_t tile = tile_begin; tile < tile_end;) {
    Tile t = p.tile(tile++);
    // Tiles of the same panels that this call owns together are packed together: longer runs of A.
    while (tile < tile_end) {
      const Tile next = p.tile(tile);
      if (next.panel != t.panel || next.strip_end - t.strip > kPackedStrips) break;
      t.strip_end = next.strip_end;
      ++tile;
    }
    if (g.k == 0) {
      if (!g.accumulate)
        clear(g, p.first_row(t.strip), p.first_row(t.strip_end), t.panel, t.panel_end);
      continue;
    }
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) {
      const int64_t depth = HWY_MIN(p.depth, g.k - k0);
      const bool add = g.accumulate || k0 > 0;
      if (pack) pack_a(g, p, t, k0, depth, scratch);
      for (int64_t s = t.strip; s < t.strip_end; ++s) {
        const int64_t row = p.first_row(s), rows = p.first_row(s + 1) - row;
        if (pack) {
          strip(g, scratch + (s - t.strip) * strip_floats(depth), 1, rows, row, rows, t.panel,
                t.panel_end, k0, depth, add);
        } else {
          strip(g, g.a + row * g.a_row + k0 * g.a_col, g.a_row, g.a_col, row, rows, t.panel,
                t.panel_end, k0, depth, add);
        }
      }
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(panel_width);
HWY_EXPORT(tile_count);
HWY_EXPORT(scratch_floats);
HWY_EXPORT(run);

int64_t gemm_panel() { return HWY_DYNAMIC_DISPATCH(panel_width)(); }

int64_t packed_b_floats(int64_t k, int64_t n) {
  const int64_t panel = gemm_panel();
  return (n + panel - 1) / panel * panel * k;
}

int64_t gemm_tiles(int64_t m, int64_t n, int64_t k) {
  return HWY_DYNAMIC_DISPATCH(tile_count)(m, n, k);
}

int64_t gemm_scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed) {
  return HWY_DYNAMIC_DISPATCH(scratch_floats)(m, n, k, a_transposed);
}

void gemm_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run)(g, tile_begin, tile_end, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
