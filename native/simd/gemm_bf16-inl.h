// The parts of a product in bfloat16, for one target: rounding operands into packed tiles
// (simd/amx.h), and the product of such tiles on vectors, where there is no matrix unit. Per-target
// header, included once for each target.
#if defined(ND_SIMD_GEMM_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_GEMM_BF16_INL_H_
#undef ND_SIMD_GEMM_BF16_INL_H_
#else
#define ND_SIMD_GEMM_BF16_INL_H_
#endif

#include <array>

#include "hwy/highway.h"
#include "simd/amx.h"
#include "simd/gemm.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using Bits = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int64_t kPanel = 2 * kLanes;
constexpr int64_t kTileVectors = kTileLines / kLanes;
// A block of B (512 KiB) and one of A (128 KiB) stay in L2 with their part of C; two strips of
// either are what a pass over k reads from L1.
constexpr int64_t kBlockRows = 128, kBlockColumns = 512, kBlockDepth = 512;
constexpr int64_t kCut = 32;  // rows or columns of a tile of C: two strips

HWY_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// k of each block: a multiple of kTileDepth.
HWY_INLINE int64_t block_depth(int64_t k) {
  return ceil_div(ceil_div(k, ceil_div(k, kBlockDepth)), kTileDepth) * kTileDepth;
}

/// An operand as it lies: element (o, i) = at[i/kPanel*panel + o*stride + i%kPanel], where i runs
/// along k and o along lines, or the other way round.
struct Source {
  const float* at;
  int64_t stride, panel;
  int64_t outers, inners;
  bool k_inner;
};

HWY_INLINE Source source_a(const Gemm& g) {
  if (g.a_col == 1) return {g.a, g.a_row, kPanel, g.m, g.k, true};
  return {g.a, g.a_col, kPanel, g.k, g.m, false};
}

HWY_INLINE Source source_b(const Gemm& g) {
  const bool packed = g.b_row == 0;
  const int64_t outers = g.b_transposed ? g.n : g.k, inners = g.b_transposed ? g.k : g.n;
  return {
      g.b,           packed ? kPanel : g.b_row, packed ? outers * kPanel : kPanel, outers, inners,
      g.b_transposed};
}

/// `inner` begins a vector. Zeros beyond the edges, unless all of it exists.
template <bool kWhole>
HWY_INLINE V load(const Source& s, int64_t outer, int64_t inner) {
  const D d;
  const float* p = s.at + inner / kPanel * s.panel + outer * s.stride + inner % kPanel;
  if constexpr (kWhole) return hn::LoadU(d, p);
  if (outer >= s.outers || inner >= s.inners) return hn::Zero(d);
  return hn::LoadN(d, p, static_cast<size_t>(HWY_MIN(kLanes, s.inners - inner)));
}

#if HWY_NATIVE_DOT_BF16
using Halves = hn::Repartition<hwy::bfloat16_t, D>;

/// The lanes of `low`, then those of `high`, in bfloat16.
HWY_INLINE V rounded_in_order(V low, V high) {
  return hn::BitCast(D(), hn::OrderedDemote2To(Halves(), low, high));
}
/// Lane by lane, `even` in the low half of 32 bits.
HWY_INLINE V rounded_pairs(V even, V odd) {
  const hn::Repartition<uint16_t, D> du;
  alignas(64) static constexpr auto kOrder = [] {
    std::array<uint16_t, 2 * kLanes> order{};
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = static_cast<uint16_t>(i / 2 + i % 2 * kLanes);
    return order;
  }();
  const auto both = hn::BitCast(du, hn::OrderedDemote2To(Halves(), even, odd));
  return hn::BitCast(D(), hn::TableLookupLanes(both, hn::SetTableIndices(du, kOrder.data())));
}
#else
/// Bits whose upper half is `v` in bfloat16.
HWY_INLINE hn::Vec<Bits> rounded(V v) {
  const Bits du;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto nearest = hn::Add(hn::Add(bits, odd), hn::Set(du, 0x7FFF));
  return hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(v)), hn::Or(bits, hn::Set(du, 0x400000)),
                        nearest);
}
/// The lanes of `low`, then those of `high`, in bfloat16.
HWY_INLINE V rounded_in_order(V low, V high) {
  const hn::Repartition<uint16_t, D> halves;
  return hn::BitCast(D(), hn::OrderedTruncate2To(halves, hn::ShiftRight<16>(rounded(low)),
                                                 hn::ShiftRight<16>(rounded(high))));
}
/// Lane by lane, `even` in the low half of 32 bits.
HWY_INLINE V rounded_pairs(V even, V odd) {
  const auto upper = hn::And(rounded(odd), hn::Set(Bits(), uint32_t{0xFFFF0000}));
  return hn::BitCast(D(), hn::Or(hn::ShiftRight<16>(rounded(even)), upper));
}
#endif

/// Tile of lines and k that begin at (line, k), with rows that run along the operand's inner index.
template <bool kWhole>
HWY_INLINE void round_tile(const Source& s, int64_t line, int64_t k, float* out) {
  const D d;
  if (s.k_inner) {
    for (int64_t l = 0; l < kTileLines; ++l) {
      for (int64_t v = 0; v < kTileVectors; ++v) {
        const int64_t inner = k + v * kPanel;
        hn::StoreU(rounded_in_order(load<kWhole>(s, line + l, inner),
                                    load<kWhole>(s, line + l, inner + kLanes)),
                   d, out + l * kTileLines + v * kLanes);
      }
    }
    return;
  }
  for (int64_t p = 0; p < kTileDepth / 2; ++p) {
    for (int64_t v = 0; v < kTileVectors; ++v) {
      const int64_t inner = line + v * kLanes;
      hn::StoreU(
          rounded_pairs(load<kWhole>(s, k + 2 * p, inner), load<kWhole>(s, k + 2 * p + 1, inner)),
          d, out + p * kTileLines + v * kLanes);
    }
  }
}

HWY_INLINE void transpose_tile(const float* in, float* out) {
  const D d;
  for (int64_t v = 0; v < kTileVectors; ++v) {
    const float* row[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) row[i] = in + (v * kLanes + i) * kTileLines;
    for (int64_t c = 0; c < kTileLines; c += 4) {
      V column[4];
      transpose_four(d, row, c, column);
      for (int64_t q = 0; q < 4; ++q)
        hn::StoreU(column[q], d, out + (c + q) * kTileLines + v * kLanes);
    }
  }
}

/// One tile of B (kPairs) or A.
template <bool kPairs>
HWY_INLINE void pack_tile(const Source& s, int64_t line, int64_t k, float* out) {
  alignas(64) float turned[kTileElements];
  const bool turns = s.k_inner == kPairs;
  const int64_t outer_end = s.k_inner ? line + kTileLines : k + kTileDepth,
                inner_end = s.k_inner ? k + kTileDepth : line + kTileLines;
  float* to = turns ? turned : out;
  if (outer_end <= s.outers && inner_end <= s.inners) {
    round_tile<true>(s, line, k, to);
  } else {
    round_tile<false>(s, line, k, to);
  }
  if (turns) transpose_tile(turned, out);
}

/// Lines [begin, end) and `depth` tiles from k0 on, as strips; returns their end.
template <bool kPairs>
float* pack_strips(const Source& s, int64_t begin, int64_t end, int64_t k0, int64_t depth,
                   float* out) {
  const int64_t strips = ceil_div(end - begin, kTileLines);
  // Along memory.
  const int64_t outer = s.k_inner ? strips : depth, inner = s.k_inner ? depth : strips;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t strip = s.k_inner ? o : i, t = s.k_inner ? i : o;
      pack_tile<kPairs>(s, begin + strip * kTileLines, k0 + t * kTileDepth,
                        out + (strip * depth + t) * kTileElements);
    }
  }
  return out + strips * depth * kTileElements;
}

/// sum + even·even + odd·odd of pairs of bfloat16.
struct Pairs {
#if HWY_NATIVE_DOT_BF16
  using Dot = hn::Repartition<hwy::bfloat16_t, D>;
  hn::Vec<Dot> both;
  explicit HWY_INLINE Pairs(V v) : both(hn::BitCast(Dot(), v)) {}
  static HWY_INLINE V add(Pairs a, Pairs b, V sum) {
    V none = hn::Zero(D());
    return hn::ReorderWidenMulAccumulate(D(), a.both, b.both, sum, none);
  }
#else
  V even, odd;
  explicit HWY_INLINE Pairs(V v) {
    const Bits du;
    const auto bits = hn::BitCast(du, v);
    even = hn::BitCast(D(), hn::ShiftLeft<16>(bits));
    odd = hn::BitCast(D(), hn::And(bits, hn::Set(du, uint32_t{0xFFFF0000})));
  }
  static HWY_INLINE V add(Pairs a, Pairs b, V sum) {
    return hn::MulAdd(a.odd, b.odd, hn::MulAdd(a.even, b.even, sum));
  }
#endif
};

// Rows and strips of B that share a pass over k: their sums, B and A fit into the registers.
constexpr int64_t kVectorStrips = kLanes == kTileLines ? 2 : 1;
constexpr int64_t kVectorRows = kLanes == kTileLines ? 8 : kLanes * 2 == kTileLines ? 4 : 2;

/// kVectorRows rows from `row` on times kStrips strips of columns.
template <int64_t kStrips>
HWY_INLINE void multiply_rows(const Bf16Block& block, int64_t row, int64_t column) {
  const D d;
  constexpr int64_t kVectors = kStrips * kTileVectors;
  const int64_t strip = block.depth * kTileElements;
  const float* a = block.a + row / kTileLines * strip + row % kTileLines * kTileLines;
  const float* b = block.b + column / kTileLines * strip;
  V sum[kVectorRows][kVectors];
  for (int64_t r = 0; r < kVectorRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  for (int64_t t = 0; t < block.depth; ++t, a += kTileElements, b += kTileElements) {
    for (int64_t p = 0; p < kTileDepth / 2; ++p) {
      const auto of_b = [&](int64_t v) HWY_ATTR {
        return Pairs(hn::LoadU(
            d, b + v / kTileVectors * strip + p * kTileLines + v % kTileVectors * kLanes));
      };
      HWY_UNROLL(8)
      for (int64_t r = 0; r < kVectorRows; ++r) {
        const Pairs of_a(hn::Set(d, a[r * kTileLines + p]));
        HWY_UNROLL(4)
        for (int64_t v = 0; v < kVectors; ++v) sum[r][v] = Pairs::add(of_a, of_b(v), sum[r][v]);
      }
    }
  }
  for (int64_t r = 0; r < HWY_MIN(kVectorRows, block.rows - row); ++r) {
    for (int64_t v = 0; v < kVectors; ++v) {
      const int64_t j = column + v * kLanes;
      if (j >= block.columns) break;
      const size_t columns = static_cast<size_t>(HWY_MIN(kLanes, block.columns - j));
      float* to = block.c + (row + r) * block.ldc + j / kPanel * block.c_panel + j % kPanel;
      const V old = block.add ? hn::LoadN(d, to, columns) : hn::Zero(d);
      hn::StoreN(hn::Add(old, sum[r][v]), d, to, columns);
    }
  }
}

HWY_NOINLINE void multiply_vectors(const Bf16Block& block) {
  for (int64_t column = 0; column < block.columns; column += kVectorStrips * kTileLines) {
    const bool all = column + (kVectorStrips - 1) * kTileLines < block.columns;
    for (int64_t row = 0; row < block.rows; row += kVectorRows) {
      if (all) {
        multiply_rows<kVectorStrips>(block, row, column);
      } else {
        multiply_rows<1>(block, row, column);
      }
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
