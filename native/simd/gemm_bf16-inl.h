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
#include "simd/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A block of B (512 KiB) and one of A (128 KiB) stay in L2 with their part of C; two strips of
// either are what a pass over k reads from L1.
constexpr int64_t kBlockRows = 128, kBlockColumns = 512, kBlockDepth = 512;

/// k of each block: a multiple of kTileDepth.
HWY_INLINE int64_t block_depth(int64_t k) {
  return ceil_div(ceil_div(k, ceil_div(k, kBlockDepth)), kTileDepth) * kTileDepth;
}

#if HWY_NATIVE_DOT_BF16
using Bf16s = hn::Repartition<hwy::bfloat16_t, D>;

/// The lanes of `low`, then those of `high`, in bfloat16.
HWY_INLINE V rounded_in_order(V low, V high) {
  return hn::BitCast(D(), hn::OrderedDemote2To(Bf16s(), low, high));
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
  const auto both = hn::BitCast(du, hn::OrderedDemote2To(Bf16s(), even, odd));
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

/// Elements rounded to the nearest.
struct Rounded {
  static constexpr int kParts = 1;
  template <bool kWhole>
  static HWY_INLINE void tile(const Source& s, int64_t line, int64_t k, float* out) {
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
};

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

HWY_NOINLINE inline void multiply_vectors(const Bf16Block& block) {
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

HWY_INLINE void multiply_tiles(const Bf16Block& block) {
#if HWY_TARGET == HWY_AVX3_SPR
  if (amx_usable()) return amx_multiply(block);
#endif
  multiply_vectors(block);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
