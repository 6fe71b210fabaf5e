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

/// Floats of B that are transposed at a time.
HWY_INLINE int64_t transposed_floats(const Partition& p, bool b_transposed) {
  return b_transposed ? p.panels_per_tile * kPanel * p.depth : 0;
}

int64_t scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_transposed) {
  const Partition p(m, n, k);
  return transposed_floats(p, b_transposed) +
         (p.packs(a_transposed) ? HWY_MIN(p.strips, kPackedStrips) * strip_floats(p.depth) : 0);
}

/// Where one block of the operands lies, whatever form they came in.
struct Block {
  const float* a;  ///< of the first row and k
  int64_t a_row, a_col;
  const float* b;  ///< of the first panel and k
  int64_t b_panel;
  int64_t depth;
  bool add;
};

/// Rows [row, row + rows) of C, panels [panel, panel_end), one K block: as wide as the registers
/// allow.
HWY_INLINE void strip(const Gemm& g, const Block& block, int64_t row, int64_t rows, int64_t panel,
                      int64_t panel_end) {
  Micro t;
  t.a = block.a;
  t.a_row = block.a_row;
  t.a_col = block.a_col;
  t.b = block.b;
  t.b_panel = block.b_panel;
  t.depth = block.depth;
  t.ldc = g.ldc;
  t.c_panel = g.c_panel;
  t.add = block.add;
  while (panel < panel_end) {
    const int64_t left = HWY_MIN(g.n - panel * kPanel, (panel_end - panel) * kPanel);  // columns
    const int64_t vectors = vectors_at_once(rows, (left + kLanes - 1) / kLanes);
    t.columns = HWY_MIN(left, vectors * kLanes);
    t.c = g.c + row * g.ldc + panel * g.c_panel;
    run_micro(rows, vectors, t);
    panel += (vectors + 1) / 2;
    t.b += (vectors + 1) / 2 * t.b_panel;
  }
}

/// One K block of the strips and panels of `t`.
void multiply_block(const Gemm& g, const Partition& p, const Tile& t, int64_t k0, float* scratch) {
  const bool pack = p.packs(g.a_col != 1);
  Block block;
  block.depth = HWY_MIN(p.depth, g.k - k0);
  block.add = g.accumulate || k0 > 0;
  if (g.b_transposed) {
    transpose_b(g, t.panel, t.panel_end, k0, block.depth, scratch);
    block.b = scratch;
    block.b_panel = block.depth * kPanel;
    scratch += transposed_floats(p, true);
  } else {
    block.b = g.b + (t.panel * g.k + k0) * kPanel;
    block.b_panel = g.k * kPanel;
  }
  const bool last = k0 + block.depth == g.k;
  for (int64_t s = t.strip; s < t.strip_end; ++s) {
    const int64_t row = p.first_row(s), rows = p.first_row(s + 1) - row;
    if (pack) {
      const int64_t index = (s - t.strip) % kPackedStrips;
      if (index == 0) {
        pack_a(g, p, {s, HWY_MIN(s + kPackedStrips, t.strip_end), t.panel, t.panel_end}, k0,
               block.depth, scratch);
      }
      block.a = scratch + index * strip_floats(block.depth);
      block.a_row = 1;
      block.a_col = rows;
    } else {
      block.a = g.a + row * g.a_row + k0 * g.a_col;
      block.a_row = g.a_row;
      block.a_col = g.a_col;
    }
    strip(g, block, row, rows, t.panel, t.panel_end);
    if (last && g.epilogue.run) {
      const int64_t column = t.panel * kPanel;
      g.epilogue.run(g.epilogue.context, row, rows, column,
                     HWY_MIN(g.n, t.panel_end * kPanel) - column);
    }
  }
}

void run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  const Partition p(g.m, g.n, g.k);
  for (int64_t tile = tile_begin; tile < tile_end;) {
    Tile t = p.tile(tile++);
    // Tiles of the same panels that this call owns are one: a block of B serves all their rows.
    for (; tile < tile_end && p.tile(tile).panel == t.panel; ++tile) {
      t.strip_end = p.tile(tile).strip_end;
    }
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) multiply_block(g, p, t, k0, scratch);
    if (g.k > 0) continue;
    const int64_t row = p.first_row(t.strip), row_end = p.first_row(t.strip_end);
    const int64_t column = t.panel * kPanel;
    if (!g.accumulate) clear(g, row, row_end, t.panel, t.panel_end);
    if (g.epilogue.run) {
      g.epilogue.run(g.epilogue.context, row, row_end - row, column,
                     HWY_MIN(g.n, t.panel_end * kPanel) - column);
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

int64_t gemm_scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_transposed) {
  return HWY_DYNAMIC_DISPATCH(scratch_floats)(m, n, k, a_transposed, b_transposed);
}

void gemm_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run)(g, tile_begin, tile_end, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
