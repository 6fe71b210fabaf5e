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

// In gemm_split.cc: large products where there is a matrix unit.
bool splits(int64_t m, int64_t n, int64_t k);
int64_t split_tiles(int64_t m, int64_t n);
int64_t split_scratch(int64_t m, int64_t n, int64_t k);
void split_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch);

// In gemm_pack.cc.
void pack_b(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, int64_t panel_begin,
            int64_t panel_end, float* packed);

int64_t tile_count(int64_t m, int64_t n, int64_t k) {
  return splits(m, n, k) ? split_tiles(m, n) : Partition(m, n, k).tiles();
}

/// Floats of a block of B that is not read where it lies.
HWY_INLINE int64_t copied_floats(const Partition& p) { return 2 * kPanel * p.depth; }

/// Whether Cᵀ = Bᵀ·Aᵀ is computed: then the stored panels of B are read in place, row by row.
HWY_INLINE bool swaps(const Partition& p, bool a_transposed, bool b_transposed) {
  return b_transposed && !a_transposed && p.m >= kSwappedRows && p.m < kSwappedRowsEnd;
}

int64_t scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_copied) {
  if (splits(m, n, k)) return split_scratch(m, n, k);
  const Partition p(m, n, k);
  const int64_t swapped =
      swaps(p, a_transposed, b_copied) ? ceil_div(m, kPanel) * kPanel * (p.depth + kTallRows) : 0;
  const int64_t direct =
      (b_copied ? copied_floats(p) : 0) +
      (p.packs(a_transposed) ? HWY_MIN(p.strips, kMostStrips) * strip_floats(p, p.depth) : 0);
  return HWY_MAX(swapped, direct);
}

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

/// What a group of vectors is for the register tiles: where it lies in C.
HWY_INLINE void place(const Gemm& g, const Group& group, int64_t row, Micro& t) {
  const auto at = [&](int64_t v) { return v / 2 * g.c_panel + v % 2 * kLanes; };
  t.c = g.c + row * g.ldc + at(group.at(0));
  t.c_far = at(group.at(2)) - at(group.at(0));
  t.near_columns = g.n - group.at(0) * kLanes;
  t.far_columns = g.n - group.at(2) * kLanes;
}

HWY_INLINE void finish(const Gemm& g, int64_t row, int64_t rows, const Tile& t) {
  if (!g.epilogue.run) return;
  const int64_t column = t.panel * kPanel;
  g.epilogue.run(g.epilogue.context, row, rows, column,
                 HWY_MIN(g.n, t.panel_end * kPanel) - column);
}

/// Vectors of the panels of `t`.
HWY_INLINE int64_t end_vector(const Gemm& g, const Tile& t) {
  return HWY_MIN(ceil_div(g.n, kLanes), 2 * t.panel_end);
}

/// One K block of the strips and panels of `t`: a block of B for each group of vectors, past which
/// the strips of A go.
void multiply_block(const Gemm& g, const Partition& p, const Tile& t, int64_t k0, Ahead& ahead,
                    float* scratch) {
  const bool pack = p.packs(g.a_col != 1), copied = g.b_transposed || g.b_row > 0;
  float* copy = scratch;
  if (copied) scratch += copied_floats(p);
  Micro tile{};
  tile.depth = HWY_MIN(p.depth, g.k - k0);
  tile.add = g.accumulate || k0 > 0;
  tile.ldc = g.ldc;
  const int64_t strips = t.strip_end - t.strip, end = end_vector(g, t);
  int64_t start[kMostStrips + 1];  // first_row divides
  for (int64_t s = 0; s <= strips; ++s) start[s] = p.first_row(t.strip + s);
  if (pack) pack_a(g, p, start, strips, k0, tile.depth, scratch);
  // Of packed B.
  const auto lies = [&](int64_t v) { return g.b + (v / 2 * g.k + k0) * kPanel + v % 2 * kLanes; };
  Ahead b_ahead{};
  for (Group group{2 * t.panel, p.vectors_at_once(end - 2 * t.panel)}, next; group.begin < end;
       group = next) {
    next.begin = group.begin + group.vectors;
    next.vectors = next.begin < end ? p.vectors_at_once(end - next.begin) : 0;
    if (g.b_transposed) transpose_b(g, group, k0, tile.depth, copy);
    if (g.b_row > 0) {
      copy_b(g, group, k0, tile.depth, copy);
      if (next.vectors > 0) {
        b_ahead = {g.b + k0 * g.b_row + next.begin * kLanes, g.b_row,
                   HWY_MIN(next.vectors * kLanes, g.n - next.begin * kLanes), tile.depth,
                   ceil_div(tile.depth, strips)};
      }
    }
    tile.b = copied ? copy : lies(group.at(0));
    tile.b_far = copied ? tile.depth * kPanel : lies(group.at(2)) - lies(group.at(0));
    // Rows of the next strip come from far away only the first time.
    const bool first = group.begin == 2 * t.panel && g.a_col == 1 && strips > 1;
    for (int64_t s = 0; s < strips; ++s) {
      const int64_t row = start[s], rows = start[s + 1] - row;
      place(g, group, row, tile);
      if (pack) {
        tile.a = scratch + s * strip_floats(p, tile.depth);
        tile.a_row = 1;
        tile.a_col = rows;
      } else {
        tile.a = g.a + row * g.a_row + k0 * g.a_col;
        tile.a_row = g.a_row;
        tile.a_col = g.a_col;
        tile.next = first && s + 1 < strips && start[s + 1] + rows <= g.m ? tile.a + rows * g.a_row
                                                                          : nullptr;
      }
      tile.fetch = copied || next.vectors == 0 ? tile.b : lies(next.at(s % next.vectors));
      ahead.fetch();
      b_ahead.fetch();
      run_micro(rows, group.vectors, tile);
    }
  }
}

/// What multiply_block(k0) will pack, so that it can arrive before.
HWY_INLINE Ahead packed_next(const Gemm& g, const Partition& p, const Tile& t, int64_t k0) {
  if (!p.packs(g.a_col != 1)) return {};
  const int64_t row = p.first_row(t.strip), groups = ceil_div(t.panel_end - t.panel, 2) + 1;
  return ahead_of(g, row, p.first_row(t.strip_end) - row, k0, HWY_MIN(p.depth, g.k - k0),
                  (t.strip_end - t.strip) * groups);
}

/// The part `whole` of C, in blocks of strips.
void multiply(const Gemm& g, const Partition& p, const Tile& whole, float* scratch) {
  const int64_t strips = whole.strip_end - whole.strip;
  const int64_t blocks = ceil_div(strips, g.b_transposed ? kBlockStripsTransposed : kBlockStrips);
  const auto block = [&](int64_t i) {
    return Tile{whole.strip + strips * i / blocks, whole.strip + strips * (i + 1) / blocks,
                whole.panel, whole.panel_end};
  };
  for (int64_t i = 0; i < blocks; ++i) {
    const Tile t = block(i);
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) {
      Ahead ahead{};
      if (k0 + p.depth < g.k) {
        ahead = packed_next(g, p, t, k0 + p.depth);
      } else if (i + 1 < blocks) {
        ahead = packed_next(g, p, block(i + 1), 0);
      }
      multiply_block(g, p, t, k0, ahead, scratch);
    }
    const int64_t row = p.first_row(t.strip);
    finish(g, row, p.first_row(t.strip_end) - row, t);
  }
}

/// The tile's part of Cᵀ = Bᵀ·Aᵀ, one K block: strips are columns of C, read from the panels of Bᵀ
/// in place; `packed` holds Aᵀ.
void multiply_swapped(const Gemm& g, const Partition& p, const Tile& t, int64_t k0,
                      const float* packed, float* strip_of_c) {
  const int64_t row = p.first_row(t.strip), rows = p.first_row(t.strip_end) - row;
  const int64_t column = t.panel * kPanel, columns = HWY_MIN(g.n, t.panel_end * kPanel) - column;
  const int64_t width = ceil_div(rows, kPanel) * kPanel, vectors = ceil_div(rows, kLanes);
  const Partition transposed(columns, rows, g.k);
  Gemm product{};
  product.c = strip_of_c;
  product.ldc = width;
  product.c_panel = kPanel;
  product.n = rows;
  Micro micro{};
  micro.depth = HWY_MIN(p.depth, g.k - k0);
  micro.ldc = width;
  micro.a_row = kPanel;
  micro.a_col = 1;
  micro.a_skip = (g.n - 1) * kPanel;
  const auto lies = [&](int64_t v) {
    return packed + v / 2 * micro.depth * kPanel + v % 2 * kLanes;
  };
  for (int64_t s = 0; s < transposed.strips; ++s) {
    const int64_t begin = transposed.first_row(s), end = transposed.first_row(s + 1);
    micro.a = g.b + k0 * g.n + (column + begin) * kPanel;
    for (Group group{0, 0}; group.begin < vectors; group.begin += group.vectors) {
      group.vectors = transposed.vectors_at_once(vectors - group.begin);
      place(product, group, 0, micro);
      micro.b = lies(group.at(0));
      micro.b_far = lies(group.at(2)) - micro.b;
      micro.fetch = micro.b;
      const bool last = group.begin + group.vectors == vectors && s + 1 < transposed.strips;
      micro.next = last ? micro.a + (end - begin) * kPanel : nullptr;
      run_micro(end - begin, group.vectors, micro);
    }
    store_transposed(strip_of_c, width, rows, end - begin, g.accumulate || k0 > 0,
                     g.c + row * g.ldc + column + begin, g.ldc);
  }
  if (k0 + micro.depth == g.k) finish(g, row, rows, t);
}

/// Rows [row, row_end) of C = A·b for a single column b and a transposed A, whose rows are read
/// once, kAtOnce at a time, as they lie.
void multiply_column(const Gemm& g, int64_t row, int64_t row_end) {
  constexpr int64_t kAtOnce = 8;
  const hn::ScalableTag<float> d;
  const int64_t b_row = g.b_row > 0 ? g.b_row : kPanel;
  for (int64_t k0 = 0; k0 < g.k; k0 += kAtOnce) {
    const int64_t count = HWY_MIN(kAtOnce, g.k - k0);
    const bool add = g.accumulate || k0 > 0;
    hn::Vec<decltype(d)> right[kAtOnce];
    for (int64_t q = 0; q < kAtOnce; ++q)
      right[q] = hn::Set(d, q < count ? g.b[(k0 + q) * b_row] : 0.0f);
    for (int64_t i = row; i < row_end; i += kLanes) {
      const size_t rows = static_cast<size_t>(HWY_MIN(kLanes, row_end - i));
      const float* a = g.a + k0 * g.a_col + i;
      auto sum = add ? hn::LoadN(d, g.c + i, rows) : hn::Zero(d);
      if (count == kAtOnce && rows == kLanes) {
        HWY_UNROLL(8)
        for (int64_t q = 0; q < kAtOnce; ++q)
          sum = hn::MulAdd(hn::LoadU(d, a + q * g.a_col), right[q], sum);
      } else {
        for (int64_t q = 0; q < count; ++q)
          sum = hn::MulAdd(hn::LoadN(d, a + q * g.a_col, rows), right[q], sum);
      }
      hn::StoreN(sum, d, g.c + i, rows);
    }
  }
}

void run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  if (splits(g.m, g.n, g.k)) return split_run(g, tile_begin, tile_end, scratch);
  const Partition p(g.m, g.n, g.k);
  if (g.k == 0) {
    while (tile_begin < tile_end) {
      const Tile t = p.join(tile_begin, tile_end);
      const int64_t row = p.first_row(t.strip), row_end = p.first_row(t.strip_end);
      if (!g.accumulate) clear(g, row, row_end, t.panel, t.panel_end);
      finish(g, row, row_end - row, t);
    }
  } else if (g.n == 1 && g.ldc == 1 && g.a_row == 1 && g.a_col > 1 && !g.b_transposed) {
    while (tile_begin < tile_end) {
      const Tile t = p.join(tile_begin, tile_end);
      const int64_t row = p.first_row(t.strip), row_end = p.first_row(t.strip_end);
      multiply_column(g, row, row_end);
      finish(g, row, row_end - row, t);
    }
  } else if (swaps(p, g.a_col != 1, g.b_transposed) && g.c_panel == kPanel) {
    for (int64_t k0 = 0; k0 < g.k; k0 += p.depth) {
      const float* packed_of = nullptr;
      float* after = scratch;
      for (int64_t tile = tile_begin; tile < tile_end;) {
        int64_t next = tile;
        const Tile t = p.join(next, ++tile);
        const int64_t row = p.first_row(t.strip), rows = p.first_row(t.strip_end) - row;
        const int64_t depth = HWY_MIN(p.depth, g.k - k0), panels = ceil_div(rows, kPanel);
        const float* from = g.a + row * g.a_row + k0;
        if (from != packed_of) pack_b(from, 1, g.a_row, depth, rows, 0, panels, scratch);
        packed_of = from;
        after = scratch + panels * kPanel * depth;
        multiply_swapped(g, p, t, k0, scratch, after);
      }
    }
  } else {
    while (tile_begin < tile_end) multiply(g, p, p.join(tile_begin, tile_end), scratch);
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

int64_t gemm_scratch_floats(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_copied) {
  return HWY_DYNAMIC_DISPATCH(scratch_floats)(m, n, k, a_transposed, b_copied);
}

void gemm_run(const Gemm& g, int64_t tile_begin, int64_t tile_end, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run)(g, tile_begin, tile_end, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
