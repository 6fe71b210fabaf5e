// Transposition of four columns at a time, the core of packing matrices whose k runs along rows.
// Per-target header, included once for each target.
#if defined(ND_SIMD_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_TRANSPOSE_INL_H_
#undef ND_SIMD_TRANSPOSE_INL_H_
#else
#define ND_SIMD_TRANSPOSE_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Block q of the result holds four floats of row[4q].
template <class D>
HWY_INLINE hn::Vec<D> load_every_fourth_row(D d, const float* const* row, int64_t offset) {
  if constexpr (hn::MaxLanes(D()) <= 4) {
    return hn::LoadU(d, row[0] + offset);
  } else {
    const hn::Half<D> dh;
    return hn::Combine(d, load_every_fourth_row(dh, row + hn::MaxLanes(dh), offset),
                       load_every_fourth_row(dh, row, offset));
  }
}

/// column[c] lane i = row[i][offset + c], for c < 4 and Lanes(d) rows: rows are gathered so that
/// each 128-bit block holds a 4 x 4 matrix, which two rounds of interleaving transpose.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void transpose_four(D d, const float* const* row, int64_t offset, V (&column)[4]) {
  const hn::Repartition<uint64_t, D> pairs;
  const V r0 = load_every_fourth_row(d, row + 0, offset),
          r1 = load_every_fourth_row(d, row + 1, offset);
  const V r2 = load_every_fourth_row(d, row + 2, offset),
          r3 = load_every_fourth_row(d, row + 3, offset);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  column[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  column[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  column[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  column[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
