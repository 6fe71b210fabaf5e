// Packing for products in single precision on a matrix unit of bfloat16 numbers: an element is the
// sum of three of them, of 8 bits each. Per-target header, included once for each target.
#if defined(ND_SIMD_GEMM_SPLIT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_GEMM_SPLIT_INL_H_
#undef ND_SIMD_GEMM_SPLIT_INL_H_
#else
#define ND_SIMD_GEMM_SPLIT_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/prefetch.h"
#include "simd/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Halves = hn::Repartition<uint16_t, D>;

/// The nearest number whose lower 16 bits are 0; `v` becomes what is missing.
HWY_INLINE V take_upper(V& v) {
  const Bits du;
  const auto near = hn::Add(hn::BitCast(du, v), hn::Set(du, 0x8000u));
  const V upper = hn::BitCast(D(), hn::And(near, hn::Set(du, 0xFFFF0000u)));
  v = hn::Sub(v, upper);
  return upper;
}

/// Elements in three parts.
struct Split {
  static constexpr int kParts = 3;

  /// Part p of an element is a number whose lower 16 bits are 0 (the last one exactly, since 24
  /// bits are 3 times 8).
  static HWY_INLINE void split(V v, V (&part)[kParts]) {
    part[0] = take_upper(v);
    part[1] = take_upper(v);
    part[2] = v;
  }

  template <bool kWhole>
  static HWY_INLINE void tile(const Source& s, int64_t line, int64_t k, float* out) {
    const D d;
    const Bits du;
    const Halves dh;
    const auto halves = [&](V v) HWY_ATTR { return hn::BitCast(dh, v); };
    V first[kParts], second[kParts];
    if (s.k_inner) {
      for (int64_t l = 0; l < kTileLines; ++l, out += kTileLines) {
        // The next strip: too many rows at once for the hardware to see them coming.
        fetch_near(element(s, line + l + kTileLines, k));
        fetch_near(element(s, line + l + kTileLines, k + kLanes));
        split(load<kWhole>(s, line + l, k), first);
        split(load<kWhole>(s, line + l, k + kLanes), second);
        for (int p = 0; p < kParts; ++p)
          hn::Store(hn::BitCast(d, hn::ConcatOdd(dh, halves(second[p]), halves(first[p]))), d,
                    out + p * kTileElements);
      }
      return;
    }
    for (int64_t pair = 0; pair < kTileDepth / 2; ++pair, out += kTileLines) {
      fetch_near(element(s, k + 2 * pair + kTileDepth, line));
      fetch_near(element(s, k + 2 * pair + 1 + kTileDepth, line));
      split(load<kWhole>(s, k + 2 * pair, line), first);
      split(load<kWhole>(s, k + 2 * pair + 1, line), second);
      for (int p = 0; p < kParts; ++p) {
        const auto even = hn::BitCast(dh, hn::ShiftRight<16>(hn::BitCast(du, first[p])));
        hn::Store(hn::BitCast(d, hn::OddEven(halves(second[p]), even)), d, out + p * kTileElements);
      }
    }
  }
};

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
