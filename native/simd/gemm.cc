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

// In gemm_pack.cc.
void pack_b(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, int64_t panel_begin,
            int64_t panel_end, float* packed);

/// Floats of B that are transposed at a time.
HWY_INLINE int64_t transposed_floats(const Partition& p) {
  return p.panels_per_tile * kPanel * p.depth;
}

/// Whether Cᵀ = Bᵀ·Aᵀ is computed: then the stored panels of B are read in place, row by row.
HWY_INLINE bool swaps(const Partition& p, bool a_transposed, bool b_transposed) {
  return b_transposed && !a_transposed && p.m >= kSwappedRows && p.m < kSwappedRowsEnd;
}

int64_t scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_transposed) {
  const Partition p(m, n, k);
  const int64_t swapped =
      swaps(p, a_transposed, b_transposed) ? ceil_div(m, kPanel) * kPanel * (p.depth + kRows) : 0;
  const int64_t direct =
      (b_transposed ? transposed_floats(p) : 0) +
      (p.packs(a_transposed) ? HWY_MIN(p.strips, kPackedStrips) * strip_floats(p.depth) : 0);
  return HWY_MAX(swapped, direct);
}

/// Where one block of the operands lies, whatever form they came in.
struct Block {
  const float* a;  ///< of the first row and k
  int64_t a_row, a_col, a_skip;
  const float* b;  ///< of the first panel and k
  int64_t b_panel;
  int64_t depth;
  bool add;
  const float* next;  ///< what Micro::next is while the last panel is computed
};

/// Memory that is read soon, but too scattered for the hardware to see it coming.
struct Ahead {
  const float* from;  ///< `left` runs of `floats` floats, `stride` apart
  int64_t stride, floats, left;
  int64_t at_once;

  HWY_INLINE void fetch() {
    for (int64_t i = HWY_MIN(at_once, left); i > 0; --i, --left, from += stride) {
      for (int64_t f = 0; f < floats; f += kLine) fetch_near(from + f);
      fetch_near(from + floats - 1);
    }
  }
};

/// A of one K block of a tile that will be packed.
HWY_INLINE Ahead ahead_of(const Gemm& g, int64_t row, int64_t rows, int64_t k0, int64_t depth,
                          int64_t times) {
  const float* from = g.a + row * g.a_row + k0 * g.a_col;
  if (g.a_row == 1) return {from, g.a_col, rows, depth, ceil_div(depth, times)};
  return {from, g.a_row, g.a_col == 1 ? depth : 1, rows, ceil_div(rows, times)};
}

/// Rows [row, row + rows) of C, panels [panel, panel_end), one K block: as wide as the registers
/// allow.
HWY_INLINE void strip(const Gemm& g, const Block& block, int64_t row, int64_t rows, int64_t panel,
                      int64_t panel_end, Ahead& ahead) {
  Micro t;
  t.a = block.a;
  t.a_row = block.a_row;
  t.a_col = block.a_col;
  t.a_skip = block.a_skip;
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
    const bool last = panel + (vectors + 1) / 2 == panel_end;
    t.next = last ? block.next : nullptr;
    // Too many rows for three vectors each: two halves.
    ahead.fetch();
    const int64_t part = vectors * rows <= kSums ? rows : (rows + 1) / 2;
    run_micro(part, vectors, t);
    if (part < rows) {
      t.a += part * t.a_row;
      t.c += part * t.ldc;
      if (t.next) t.next += part * t.a_row;
      run_micro(rows - part, vectors, t);
      t.a = block.a;
    }
    panel += (vectors + 1) / 2;
    t.b += (vectors + 1) / 2 * t.b_panel;
  }
}

HWY_INLINE void finish(const Gemm& g, int64_t row, int64_t rows, const Tile& t) {
  if (!g.epilogue.run) return;
  const int64_t column = t.panel * kPanel;
  g.epilogue.run(g.epilogue.context, row, rows, column,
                 HWY_MIN(g.n, t.panel_end * kPanel) - column);
}

/// One K block of the strips and panels of `t`.
void multiply_block(const Gemm& g, const Partition& p, const Tile& t, int64_t k0, float* scratch) {
  const bool pack = p.packs(g.a_col != 1);
  Block block{};
  block.depth = HWY_MIN(p.depth, g.k - k0);
  block.add = g.accumulate || k0 > 0;
  if (g.b_transposed) {
    transpose_b(g, t.panel, t.panel_end, k0, block.depth, scratch);
    block.b = scratch;
    block.b_panel = block.depth * kPanel;
    scratch += transposed_floats(p);
  } else {
    block.b = g.b + (t.panel * g.k + k0) * kPanel;
    block.b_panel = g.k * kPanel;
  }
  const bool last = k0 + block.depth == g.k;
  Ahead ahead{};
  for (int64_t s = t.strip; s < t.strip_end; ++s) {
    const int64_t row = p.first_row(s), rows = p.first_row(s + 1) - row;
    if (pack) {
      const int64_t index = (s - t.strip) % kPackedStrips;
      if (index == 0) {
        const int64_t end = HWY_MIN(s + kPackedStrips, t.strip_end);
        pack_a(g, p, {s, end, t.panel, t.panel_end}, k0, block.depth, scratch);
        // What will be packed next arrives while these strips are multiplied.
        const int64_t begin = end < t.strip_end ? end : t.strip,
                      k = end < t.strip_end ? k0 : k0 + block.depth;
        if (k < g.k) {
          const int64_t rows_ahead =
              p.first_row(HWY_MIN(begin + kPackedStrips, t.strip_end)) - p.first_row(begin);
          ahead = ahead_of(g, p.first_row(begin), rows_ahead, k, HWY_MIN(p.depth, g.k - k),
                           (end - s) * (t.panel_end - t.panel));
        }
      }
      block.a = scratch + index * strip_floats(block.depth);
      block.next = nullptr;
      block.a_row = 1;
      block.a_col = rows;
    } else {
      block.a = g.a + row * g.a_row + k0 * g.a_col;
      block.next = g.a_col == 1 && s + 1 < t.strip_end ? block.a + rows * g.a_row : nullptr;
      block.a_row = g.a_row;
      block.a_col = g.a_col;
    }
    strip(g, block, row, rows, t.panel, t.panel_end, ahead);
    if (last) finish(g, row, rows, t);
  }
}

/// The tile's part of Cᵀ = Bᵀ·Aᵀ, one K block: strips are columns of C, read from the panels of Bᵀ
/// in place; `packed` holds Aᵀ.
void multiply_swapped(const Gemm& g, const Partition& p, const Tile& t, int64_t k0,
                      const float* packed, float* strip_of_c) {
  const int64_t row = p.first_row(t.strip), rows = p.first_row(t.strip_end) - row;
  const int64_t column = t.panel * kPanel, columns = HWY_MIN(g.n, t.panel_end * kPanel) - column;
  const int64_t width = ceil_div(rows, kPanel) * kPanel, strips = ceil_div(columns, kRows);
  Gemm transposed{};
  transposed.c = strip_of_c;
  transposed.ldc = width;
  transposed.c_panel = kPanel;
  transposed.n = rows;
  Block block{};
  block.depth = HWY_MIN(p.depth, g.k - k0);
  block.a_row = kPanel;
  block.a_col = 1;
  block.a_skip = (g.n - 1) * kPanel;
  block.b = packed;
  block.b_panel = block.depth * kPanel;
  Ahead ahead{};
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t begin = s * columns / strips, end = (s + 1) * columns / strips;
    block.a = g.b + k0 * g.n + (column + begin) * kPanel;
    block.next = s + 1 < strips ? block.a + (end - begin) * kPanel : nullptr;
    strip(transposed, block, 0, end - begin, 0, ceil_div(rows, kPanel), ahead);
    store_transposed(strip_of_c, width, rows, end - begin, g.accumulate || k0 > 0,
                     g.c + row * g.ldc + column + begin, g.ldc);
  }
  if (k0 + block.depth == g.k) finish(g, row, rows, t);
}

void run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  const Partition p(g.m, g.n, g.k);
  if (swaps(p, g.a_col != 1, g.b_transposed) && g.c_panel == kPanel && g.k > 0) {
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) {
      float* after = scratch;
      for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
        const Tile t = p.tile(tile);
        if (tile == tile_begin || p.row_tiles() > 1) {
          const int64_t row = p.first_row(t.strip), rows = p.first_row(t.strip_end) - row;
          const int64_t depth = HWY_MIN(p.depth, g.k - k0), panels = ceil_div(rows, kPanel);
          pack_b(g.a + row * g.a_row + k0, 1, g.a_row, depth, rows, 0, panels, scratch);
          after = scratch + panels * kPanel * depth;
        }
        multiply_swapped(g, p, t, k0, scratch, after);
      }
    }
    return;
  }
  for (int64_t tile = tile_begin; tile < tile_end;) {
    Tile t = p.tile(tile++);
    // Tiles of the same panels that this call owns are one: a block of B serves all their rows.
    for (; tile < tile_end && p.tile(tile).panel == t.panel; ++tile) {
      t.strip_end = p.tile(tile).strip_end;
    }
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) multiply_block(g, p, t, k0, scratch);
    if (g.k > 0) continue;
    const int64_t row = p.first_row(t.strip), row_end = p.first_row(t.strip_end);
    if (!g.accumulate) clear(g, row, row_end, t.panel, t.panel_end);
    finish(g, row, row_end - row, t);
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
