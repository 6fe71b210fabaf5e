// What recurrent kernels are made of, for one target: the packed weight, the thin product of a few
// rows with it, and reading a vector that ends inside one. Per-target header, included once for
// each target.
#if defined(ND_SIMD_RNN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_RNN_INL_H_
#undef ND_SIMD_RNN_INL_H_
#else
#define ND_SIMD_RNN_INL_H_
#endif

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Df = hn::ScalableTag<float>;
using Vf = hn::Vec<Df>;
constexpr int64_t kWidth = hn::MaxLanes(Df());
/// Vectors that are read side by side: the four gates of `kWidth` units, or four of plain columns.
constexpr int64_t kSide = 4;
constexpr int64_t kGroup = kSide * kWidth;
/// 32 registers hold 6 x 4 sums, four vectors of B and broadcasts; 16 hold 3 x 4.
constexpr int64_t kThin = HWY_MAX_BYTES >= 64 || HWY_ARCH_ARM_A64 ? 6 : 3;

HWY_INLINE int64_t round_up(int64_t n, int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}
/// Groups of kSide vectors of a packed operand of n columns in `parts` parts.
HWY_INLINE int64_t groups_of(int64_t n, int64_t parts) {
  return parts == 1 ? round_up(n, kGroup) / kGroup : round_up(n / parts, kWidth) / kWidth;
}

HWY_INLINE Vf load(const float* p, int64_t count) {
  return count >= kWidth ? hn::LoadU(Df(), p) : hn::LoadN(Df(), p, static_cast<size_t>(count));
}
HWY_INLINE void store(Vf v, float* p, int64_t count) {
  if (count >= kWidth) {
    hn::StoreU(v, Df(), p);
  } else {
    hn::StoreN(v, Df(), p, static_cast<size_t>(count));
  }
}

/// C[kR, kV vectors] = A[kR, depth] · one group of B. Few sums: K over two sets of them, because a
/// chain of dependent FMAs is four cycles per link.
template <int kR, int kV>
void thin_product(const float* HWY_RESTRICT a, int64_t a_row, const float* HWY_RESTRICT b,
                  int64_t depth, float* HWY_RESTRICT c, int64_t c_row) {
  constexpr int kChains = kR * kV >= 8 ? 1 : 2;
  constexpr int64_t kAheadFloats = 8 * kGroup;
  const Df d;
  Vf sums[kChains][kR][kV];
  HWY_UNROLL(2)
  for (int q = 0; q < kChains; ++q) {
    HWY_UNROLL(8)
    for (int i = 0; i < kR; ++i) {
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) sums[q][i][v] = hn::Zero(d);
    }
  }
  const auto step = [&](Vf(&sum)[kR][kV], int64_t k) HWY_ATTR {
    Vf right[kV];
    HWY_UNROLL(4)
    for (int v = 0; v < kV; ++v) {
      right[v] = hn::Load(d, b + v * kWidth);
      hwy::Prefetch(b + kAheadFloats + v * kWidth);
    }
    HWY_UNROLL(8)
    for (int i = 0; i < kR; ++i) {
      const Vf left = hn::Set(d, a[i * a_row + k]);
      HWY_UNROLL(4)
      for (int v = 0; v < kV; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    b += kGroup;
  };
  int64_t k = 0;
  for (; k + kChains <= depth; k += kChains) {
    HWY_UNROLL(2)
    for (int q = 0; q < kChains; ++q) step(sums[q], k + q);
  }
  for (; k < depth; ++k) step(sums[0], k);
  HWY_UNROLL(8)
  for (int i = 0; i < kR; ++i) {
    HWY_UNROLL(4)
    for (int v = 0; v < kV; ++v) {
      hn::Store(kChains == 1 ? sums[0][i][v] : hn::Add(sums[0][i][v], sums[kChains - 1][i][v]), d,
                c + i * c_row + v * kWidth);
    }
  }
}

template <int kV>
HWY_INLINE void thin_rows(int64_t rows, const float* a, int64_t a_row, const float* b,
                          int64_t depth, float* c, int64_t c_row) {
  switch (rows) {
    case 1:
      return thin_product<1, kV>(a, a_row, b, depth, c, c_row);
    case 2:
      return thin_product<2, kV>(a, a_row, b, depth, c, c_row);
#if HWY_MAX_BYTES >= 64 || HWY_ARCH_ARM_A64
    case 3:
      return thin_product<3, kV>(a, a_row, b, depth, c, c_row);
    case 4:
      return thin_product<4, kV>(a, a_row, b, depth, c, c_row);
    case 5:
      return thin_product<5, kV>(a, a_row, b, depth, c, c_row);
#endif
    default:
      return thin_product<kThin, kV>(a, a_row, b, depth, c, c_row);
  }
}

/// C[rows, vectors of one group] = A[rows, depth] · the group, strip by strip of at most kThin
/// rows, as even as possible. c and its rows are aligned to vectors.
HWY_INLINE void group_product(const float* a, int64_t a_row, const float* b, int64_t depth,
                              int64_t rows, int64_t vectors, float* c, int64_t c_row) {
  const int64_t strips = (rows + kThin - 1) / kThin;
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t begin = s * rows / strips, count = (s + 1) * rows / strips - begin;
    const float* left = a + begin * a_row;
    float* to = c + begin * c_row;
    if (vectors == 1) {
      thin_rows<1>(count, left, a_row, b, depth, to, c_row);
    } else if (vectors == 2) {
      thin_rows<2>(count, left, a_row, b, depth, to, c_row);
    } else {
      thin_rows<4>(count, left, a_row, b, depth, to, c_row);
    }
  }
}

/// C[rows, n] = A[rows, k] · B packed in one part; rows of C have room for whole groups.
HWY_INLINE void packed_product(const float* a, int64_t a_row, const float* packed, int64_t k,
                               int64_t n, int64_t rows, float* c, int64_t c_row) {
  for (int64_t g = 0, left = n; left > 0; ++g, left -= kGroup) {
    group_product(a, a_row, packed + g * k * kGroup, k, rows,
                  HWY_MIN((left + kWidth - 1) / kWidth, kSide), c + g * kGroup, c_row);
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
