// The parts of a matrix product, for one target: how C is cut, how A is packed, and the register
// tile. Per-target header, included once for each target.
#if defined(ND_SIMD_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_GEMM_INL_H_
#undef ND_SIMD_GEMM_INL_H_
#else
#define ND_SIMD_GEMM_INL_H_
#endif

#include <array>
#include <utility>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "simd/gemm.h"
#include "simd/prefetch.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kLanes = hn::MaxLanes(hn::ScalableTag<float>());
constexpr int64_t kSlack = 16;  // floats that the last vector of a packed strip may reach beyond it
constexpr int64_t kPanel = 2 * kLanes;
// 32 vector registers hold 9 x 3 sums, three vectors of B and a broadcast of A; 16 hold 6 x 2. A
// wide tile loads least per product: 12 loads for 27 of them, where 14 x 2 needs 16 for 28.
constexpr bool kManyRegisters = HWY_MAX_BYTES >= 64 || HWY_ARCH_ARM_A64;
constexpr int64_t kRows = kManyRegisters ? 9 : 6;
constexpr int64_t kTallRows = kManyRegisters ? 14 : 6;  // where C has two vectors or fewer
constexpr int64_t kSums = kManyRegisters ? 28 : 12;
// From this many rows on, a sum over a K block is one chain whatever the number of vectors: C may
// be cut anywhere.
constexpr int64_t kChainRows = kManyRegisters ? 8 : 5;
// A block of B three vectors wide (36 KiB) stays in the first-level cache while the strips of A
// pass by; what is read once may be longer.
constexpr int64_t kDepth = 192, kStreamedDepth = 512;
// Strips of A that share a block of B: their part of A (290 KiB) and of C stay in L2. Transposing
// B costs more than copying it, so more strips share that.
constexpr int64_t kBlockStrips = 32, kBlockStripsTransposed = 64;
constexpr int64_t kMostStrips = HWY_MAX(kBlockStrips, kBlockStripsTransposed);
constexpr int64_t kPackedStrips = 4;  // at a time
// C per tile: some strips for balance between threads; adjacent tiles of one call are computed as
// one.
constexpr int64_t kTileStrips = 4, kTilePanels = 16;
// From 12 to 128 rows a product with a transposed B is computed as its transpose: fewer would leave
// lanes empty; with more, transposing blocks of B is cheaper.
constexpr int64_t kSwappedRows = 12, kSwappedRowsEnd = 129;
// Steps of k between a prefetch and its use where B is streamed: L2 is further away than the
// hardware's first-level prefetcher looks.
constexpr int64_t kAhead = 16;
constexpr int64_t kLine = 16;      // floats of a cache line
constexpr double kTileFlop = 1e5;  // a tile below this is not worth a hand-over between threads

HWY_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Strips [strip, strip_end) times panels [panel, panel_end) of C.
struct Tile {
  int64_t strip, strip_end, panel, panel_end;
};

/// How (m, n, k) is cut: strips of rows, as even as possible; panels; blocks of K.
struct Partition {
  int64_t m, n, k;
  int64_t strips, panels, strips_per_tile, panels_per_tile, depth;
  int64_t rows, least_rows;  ///< of the strips

  Partition(int64_t rows_of_c, int64_t columns, int64_t inner)
      : m(rows_of_c), n(columns), k(inner) {
    const bool tall = n <= kPanel;
    strips = ceil_div(m, tall ? kTallRows : kRows);
    rows = strips > 0 ? ceil_div(m, strips) : 0;
    least_rows = strips > 0 ? m / strips : 0;
    panels = ceil_div(n, kPanel);
    // Blocks of K begin at panels of a transposed B.
    const int64_t longest = tall || strips == 1 ? kStreamedDepth : kDepth;
    depth = k > 0 ? ceil_div(ceil_div(k, ceil_div(k, longest)), kPanel) * kPanel : 1;
    // Few rows are cut by columns only: each thread streams its own part of B.
    strips_per_tile = HWY_MAX(1, m < kSwappedRowsEnd ? strips : tall ? 2 : kTileStrips);
    panels_per_tile = HWY_MAX(1, HWY_MIN(panels, kTilePanels));
    // Few rows: narrower tiles, so that every thread has columns of its own; but a strip that takes
    // two panels at a time (vectors_at_once) keeps them.
    const int64_t narrowest = 4 * m <= kSums ? 2 : 1;
    const double flop =
        2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    while (tiles() > 0 && tiles() < 8 && flop / static_cast<double>(2 * tiles()) >= kTileFlop) {
      if (panels_per_tile >= 2 * narrowest) {
        panels_per_tile = ceil_div(panels_per_tile, 2);
      } else if (strips_per_tile > 1) {
        strips_per_tile = ceil_div(strips_per_tile, 2);
      } else {
        break;
      }
    }
  }

  HWY_INLINE int64_t row_tiles() const { return ceil_div(strips, strips_per_tile); }
  HWY_INLINE int64_t tiles() const { return row_tiles() * ceil_div(panels, panels_per_tile); }
  HWY_INLINE int64_t first_row(int64_t strip) const { return strip * m / strips; }

  /// As many of the tiles [begin, end) as form one part of C, rows varying fastest; moves `begin`
  /// behind them.
  HWY_INLINE Tile join(int64_t& begin, int64_t end) const {
    const int64_t column = begin / row_tiles(), row = begin % row_tiles();
    int64_t columns = 1, tiles = HWY_MIN(row_tiles() - row, end - begin);
    if (tiles == row_tiles() && least_rows >= kChainRows) {
      columns = HWY_MIN((end - begin) / tiles, HWY_MAX(1, kTilePanels / panels_per_tile));
      tiles *= columns;
    }
    begin += tiles;
    return {row * strips_per_tile,
            columns > 1 ? strips : HWY_MIN((row + tiles) * strips_per_tile, strips),
            column * panels_per_tile, HWY_MIN((column + columns) * panels_per_tile, panels)};
  }

  /// Vectors of B that strips take at once, of the `left` that remain. What is left over by
  /// threes comes first: pairs then begin at a panel.
  HWY_INLINE int64_t vectors_at_once(int64_t left) const {
    if (kManyRegisters && least_rows >= kChainRows) {
      return left % 3 == 0 ? 3 : HWY_MIN(left, 2);
    }
    if (left == 3 && rows * 3 <= kSums) return 3;
    if (rows * 4 <= kSums && left >= 4 && left != 5) return 4;
    return HWY_MIN(left, 2);
  }

  /// Whether A is packed. Transposed, its rows are scattered over k. Row-major, rows are streams;
  /// only long ones collide in the cache's sets.
  HWY_INLINE bool packs(bool a_transposed) const {
    return m > 1 && (a_transposed || (k > kStreamedDepth && panels >= 8));
  }
};

/// One product of a register tile: vectors 0 and 1 of B are neighbours, 2 and 3 lie elsewhere.
struct Micro {
  const float* a;
  int64_t a_row, a_col;
  int64_t a_skip;  ///< floats from the end of kPanel successive k to the next ones
  const float* b;
  int64_t b_far;  ///< of vector 2, from b
  float* c;
  int64_t ldc, c_far;
  int64_t near_columns, far_columns;  ///< that exist of vectors 0 and 1, and of 2 and 3
  int64_t depth;
  bool add;
  const float* next;   ///< rows laid out like `a` that come into the cache meanwhile; or nullptr
  const float* fetch;  ///< lines kPanel apart that come into the cache meanwhile, one for each k
};

/// GCC folds a load that is used two or three times into as many memory operands, and a thin tile
/// is bound by loads (1.6x at m = 3).
template <class V>
HWY_INLINE void keep_in_register(V& v) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL
  asm("" : "+v"(v.raw));
#else
  (void)v;
#endif
}

/// C[kR, columns] (+)= A[kR, depth] · B[depth, kV vectors]. Thin tiles split K over several sets of
/// sums, because a chain of dependent FMAs is four cycles per link.
template <int kR, int kV>
void micro(const Micro& t) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kChains = kR * kV >= 8 ? 1 : kR * kV >= 4 ? 2 : 4;
  V sums[kChains][kR][kV];
  HWY_UNROLL(4)
  for (int q = 0; q < kChains; ++q) {
    HWY_UNROLL(16)
    for (int i = 0; i < kR; ++i) {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) sums[q][i][v] = hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT a = t.a;
  const float* HWY_RESTRICT b = t.b;
  const float* HWY_RESTRICT fetch = t.fetch;
  const int64_t a_row = t.a_row, a_col = t.a_col, b_far = t.b_far;
  const auto step = [&](V(&sum)[kR][kV]) HWY_ATTR {
    V right[kV];
    HWY_UNROLL(4)
    for (int v = 0; v < kV; ++v) {
      right[v] = hn::LoadU(d, b + v / 2 * b_far + v % 2 * kLanes);
      if constexpr (kR == 2 || kR == 3) keep_in_register(right[v]);
    }
    if constexpr (kR >= kChainRows) {
      hwy::Prefetch(fetch);
      fetch += kPanel;
    } else {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) {
        hwy::Prefetch(b + kAhead * kPanel + v / 2 * b_far + v % 2 * kLanes);
      }
    }
    HWY_UNROLL(16)
    for (int i = 0; i < kR; ++i) {
      const V left = hn::Set(d, a[i * a_row]);
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    a += a_col;
    b += kPanel;
  };
  const float* next = t.next;
  // One loop where nothing happens in between: a misprediction at its end empties the pipeline.
  const int64_t run = next || t.a_skip != 0 ? kPanel : t.depth;
  for (int64_t begin = 0; begin < t.depth; begin += run) {
    if (next) {
      HWY_UNROLL(16)
      for (int i = 0; i < kR; ++i) {
        for (int64_t line = 0; line < kPanel; line += kLine) fetch_near(next + i * a_row + line);
      }
      next += kPanel * a_col + t.a_skip;
    }
    const int64_t end = HWY_MIN(begin + run, t.depth);
    int64_t k = begin;
    for (; k + kChains <= end; k += kChains) {
      HWY_UNROLL(4)
      for (int q = 0; q < kChains; ++q) step(sums[q]);
    }
    for (; k < end; ++k) step(sums[0]);
    a += t.a_skip;
  }
  const auto total = [&](int i, int v) HWY_ATTR {
    if constexpr (kChains == 1) return sums[0][i][v];
    if constexpr (kChains == 2) return hn::Add(sums[0][i][v], sums[1][i][v]);
    return hn::Add(hn::Add(sums[0][i][v], sums[1][i][v]), hn::Add(sums[2][i][v], sums[3][i][v]));
  };
  float* c = t.c;
  const int64_t ldc = t.ldc, c_far = t.c_far;
  const auto columns = [&](int v) HWY_ATTR {
    return HWY_MAX(0, HWY_MIN(kLanes, (v < 2 ? t.near_columns : t.far_columns) - v % 2 * kLanes));
  };
  const bool add = t.add;
  const bool whole =
      t.near_columns >= HWY_MIN(kV, 2) * kLanes && (kV < 3 || t.far_columns >= (kV - 2) * kLanes);
  if (HWY_UNLIKELY(!whole)) {
    HWY_UNROLL(16)
    for (int i = 0; i < kR; ++i, c += ldc) {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) {
        const size_t part = static_cast<size_t>(columns(v));
        float* to = c + v / 2 * c_far + v % 2 * kLanes;
        V value = total(i, v);
        if (add) value = hn::Add(hn::LoadN(d, to, part), value);
        hn::StoreN(value, d, to, part);
      }
    }
  } else if (add) {
    HWY_UNROLL(16)
    for (int i = 0; i < kR; ++i, c += ldc) {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) {
        float* to = c + v / 2 * c_far + v % 2 * kLanes;
        hn::StoreU(hn::Add(hn::LoadU(d, to), total(i, v)), d, to);
      }
    }
  } else {
    HWY_UNROLL(16)
    for (int i = 0; i < kR; ++i, c += ldc) {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) hn::StoreU(total(i, v), d, c + v / 2 * c_far + v % 2 * kLanes);
    }
  }
}

using MicroFunction = void (*)(const Micro&);

template <int kV, size_t... kIndex>
constexpr auto micro_table(std::index_sequence<kIndex...>) {
  return std::array<MicroFunction, sizeof...(kIndex)>{micro<static_cast<int>(kIndex) + 1, kV>...};
}

HWY_INLINE void run_micro(int64_t rows, int64_t vectors, const Micro& t) {
  static constexpr auto kOne = micro_table<1>(std::make_index_sequence<kTallRows>());
  static constexpr auto kTwo = micro_table<2>(std::make_index_sequence<kTallRows>());
  static constexpr auto kThree = micro_table<3>(std::make_index_sequence<kSums / 3>());
  static constexpr auto kFour = micro_table<4>(std::make_index_sequence<kSums / 4>());
  const size_t index = static_cast<size_t>(rows - 1);
  (vectors == 1   ? kOne[index]
   : vectors == 2 ? kTwo[index]
   : vectors == 3 ? kThree[index]
                  : kFour[index])(t);
}

/// Writes D transposed, D [columns, rows] with leading dimension `ld`: C(i, j) (+)= D(j, i).
HWY_INLINE void store_transposed(const float* from, int64_t ld, int64_t rows, int64_t columns,
                                 bool add, float* c, int64_t ldc) {
  const hn::ScalableTag<float> d;
  for (int64_t j = 0; j < columns; j += kLanes) {
    const size_t part = static_cast<size_t>(HWY_MIN(kLanes, columns - j));
    const float* row[kLanes];
    for (int64_t q = 0; q < kLanes; ++q) row[q] = from + HWY_MIN(j + q, columns - 1) * ld;
    for (int64_t i = 0; i < rows; i += 4) {
      hn::Vec<decltype(d)> column[4];
      transpose_four(d, row, i, column);
      for (int64_t q = 0; q < HWY_MIN(4, rows - i); ++q) {
        float* to = c + (i + q) * ldc + j;
        const auto value = add ? hn::Add(hn::LoadN(d, to, part), column[q]) : column[q];
        hn::StoreN(value, d, to, part);
      }
    }
  }
}

/// Floats from one packed strip of A to the next.
HWY_INLINE int64_t strip_floats(const Partition& p, int64_t depth) {
  return p.rows * depth + kSlack;
}

/// Packs the strips of a tile, which begin at the rows `start`, k in [k0, k0 + depth), as [k][rows
/// of the strip]. Stores are whole vectors: what they write beyond a row is overwritten by the next
/// k, and beyond the last one it is slack.
HWY_INLINE void pack_a(const Gemm& g, const Partition& p, const int64_t* start, int64_t strips,
                       int64_t k0, int64_t depth, float* scratch) {
  const hn::ScalableTag<float> d;
  if (g.a_row == 1) {
    // A few strips at a time: as many lines of each k, and as many pages that are written.
    for (int64_t begin = 0; begin < strips; begin += kPackedStrips) {
      const int64_t end = HWY_MIN(begin + kPackedStrips, strips);
      const bool reads_past_end = start[end] - 1 + kTallRows + kLanes > g.m;
      const float* from = g.a + k0 * g.a_col;
      if (end - begin == kPackedStrips && p.rows <= kLanes && !reads_past_end) {
        float* out[kPackedStrips];
        int64_t rows[kPackedStrips];
        for (int64_t s = 0; s < kPackedStrips; ++s) {
          rows[s] = start[begin + s + 1] - start[begin + s];
          out[s] = scratch + (begin + s) * strip_floats(p, depth);
        }
        from += start[begin];
        for (int64_t k = 0; k < depth; ++k, from += g.a_col) {
          const float* source = from;
          hwy::Prefetch(from + kAhead * g.a_col);
          hwy::Prefetch(from + kAhead * g.a_col + kLine);
          hwy::Prefetch(from + kAhead * g.a_col + 2 * kLine);
          HWY_UNROLL(4)
          for (int64_t s = 0; s < kPackedStrips; ++s) {
            hn::StoreU(hn::LoadU(d, source), d, out[s]);
            source += rows[s];
            out[s] += rows[s];
          }
        }
        continue;
      }
      for (int64_t k = 0; k < depth; ++k, from += g.a_col) {
        for (int64_t s = begin; s < end; ++s) {
          const int64_t rows = start[s + 1] - start[s];
          float* out = scratch + s * strip_floats(p, depth) + k * rows;
          for (int64_t i = 0; i < rows; i += kLanes) {
            const float* source = from + start[s] + i;
            hn::StoreU(reads_past_end ? hn::LoadN(d, source, HWY_MIN(kLanes, rows - i))
                                      : hn::LoadU(d, source),
                       d, out + i);
          }
        }
      }
    }
    return;
  }
  constexpr int64_t kGroups = (kTallRows + kLanes - 1) / kLanes;
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t row = start[s], rows = start[s + 1] - row;
    float* out = scratch + s * strip_floats(p, depth);
    const float* source[kGroups * kLanes];
    for (int64_t i = 0; i < kGroups * kLanes; ++i) {
      source[i] = g.a + (row + HWY_MIN(i, rows - 1)) * g.a_row + k0 * g.a_col;
    }
    int64_t k = 0;
    for (; g.a_col == 1 && k + 4 <= depth; k += 4) {
      hn::Vec<decltype(d)> column[kGroups][4];
      for (int64_t q = 0; q < kGroups; ++q) transpose_four(d, source + q * kLanes, k, column[q]);
      for (int64_t c = 0; c < 4; ++c) {
        for (int64_t q = 0; q < kGroups && q * kLanes < rows; ++q) {
          hn::StoreU(column[q][c], d, out + (k + c) * rows + q * kLanes);
        }
      }
    }
    for (; k < depth; ++k) {
      for (int64_t i = 0; i < rows; ++i) out[k * rows + i] = source[i][k * g.a_col];
    }
  }
}

/// Vectors of B that a tile takes at once. Of three that begin in the middle of a panel the last
/// two are neighbours, so the first one counts as the third.
struct Group {
  int64_t begin, vectors;

  HWY_INLINE int64_t at(int64_t v) const {
    if (vectors != 3 || begin % 2 == 0) return begin + v;
    return v < 2 ? begin + 1 + v : begin;
  }
};

/// B of a group, k in [k0, k0 + depth), from the packed form of Bᵀ, as at most two panels: lanes of
/// one panel there are 2·kLanes successive k of B. Lanes beyond n repeat the last column: products
/// that nobody stores.
HWY_INLINE void transpose_b(const Gemm& g, const Group& group, int64_t k0, int64_t depth,
                            float* out) {
  const hn::ScalableTag<float> d;
  for (int64_t v = 0; v < group.vectors; ++v) {
    float* to = out + v / 2 * depth * kPanel + v % 2 * kLanes;
    for (int64_t k = 0; k < depth; k += kPanel) {
      const float* from = g.b + (k0 + k) * g.n;  // k0 + k begins a panel of kPanel x n floats
      const float* row[kLanes];
      for (int64_t j = 0; j < kLanes; ++j)
        row[j] = from + HWY_MIN(group.at(v) * kLanes + j, g.n - 1) * kPanel;
      const int64_t valid = HWY_MIN(kPanel, depth - k);
      for (int64_t i = 0; i < valid; i += 4) {
        hn::Vec<decltype(d)> column[4];
        transpose_four(d, row, i, column);
        for (int64_t c = 0; c < HWY_MIN(4, valid - i); ++c)
          hn::StoreU(column[c], d, to + (k + i + c) * kPanel);
      }
    }
  }
}

/// The same from a row-major B.
HWY_INLINE void copy_b(const Gemm& g, const Group& group, int64_t k0, int64_t depth, float* out) {
  const hn::ScalableTag<float> d;
  for (int64_t v = 0; v < group.vectors; ++v) {
    const float* from = g.b + k0 * g.b_row + group.at(v) * kLanes;
    float* to = out + v / 2 * depth * kPanel + v % 2 * kLanes;
    const int64_t columns = HWY_MIN(kLanes, g.n - group.at(v) * kLanes);
    if (columns == kLanes) {
      for (int64_t k = 0; k < depth; ++k)
        hn::StoreU(hn::LoadU(d, from + k * g.b_row), d, to + k * kPanel);
    } else {
      for (int64_t k = 0; k < depth; ++k) {
        hn::StoreU(hn::LoadN(d, from + k * g.b_row, static_cast<size_t>(columns)), d,
                   to + k * kPanel);
      }
    }
  }
}

/// Sets rows [row, row_end) of panels [panel, panel_end) of C to zero (an empty sum over k).
HWY_INLINE void clear(const Gemm& g, int64_t row, int64_t row_end, int64_t panel,
                      int64_t panel_end) {
  for (; row < row_end; ++row) {
    for (int64_t j = panel * kPanel; j < HWY_MIN(g.n, panel_end * kPanel); ++j)
      g.c[row * g.ldc + j / kPanel * g.c_panel + j % kPanel] = 0.0f;
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
