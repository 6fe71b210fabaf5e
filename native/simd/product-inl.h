// Small products on operands as they lie: C = Σ_t A_t·B_t (+ C), where the elements of A are
// broadcast from anywhere and the rows of B and C run along vectors. For matrices of a few dozen
// rows, where packing would cost more than it saves. Per-target header, included once for each
// target.
#if defined(ND_SIMD_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_PRODUCT_INL_H_
#undef ND_SIMD_PRODUCT_INL_H_
#else
#define ND_SIMD_PRODUCT_INL_H_
#endif

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// A(r, i) = a[r·a_row + i·a_inner], B(i, j) = b[i·b_inner + j], i < inner.
struct Term {
  const float* a;
  size_t a_row, a_inner;
  const float* b;
  size_t b_inner;
  size_t inner;
};

// Accumulators of a tile: 8 x 3 of 32 registers, 4 x 2 of 16.
constexpr size_t kTileVectors = HWY_MAX_BYTES >= 64 ? 3 : 2;
constexpr size_t kTileRows = HWY_MAX_BYTES >= 64 ? 8 : 4;
constexpr size_t kLine = 16;  // floats of a cache line
constexpr size_t kAhead = 8;

template <size_t kRows, size_t kVectors, bool kTail, class D>
HWY_INLINE void product_tile(D d, const Term* terms, size_t count, size_t row, size_t last,
                             float* c, size_t ldc, bool accumulate) {
  using V = hn::Vec<D>;
  const size_t lanes = hn::Lanes(d);
  V sum[kRows][kVectors];
  HWY_UNROLL(8)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  for (size_t t = 0; t < count; ++t) {
    const Term& term = terms[t];
    const float* a = term.a + row * term.a_row;
    const float* b = term.b;
    const size_t a_row = term.a_row, a_inner = term.a_inner, b_inner = term.b_inner;
    // Rows that lie apart are nothing that hardware foresees: those of the next tile, or of the
    // next steps, are asked for in time.
    if (a_inner == 1) {
      for (size_t r = kRows; r < 2 * kRows; ++r)
        for (size_t i = 0; i < term.inner; i += kLine) hwy::Prefetch(a + r * a_row + i);
    }
    for (size_t i = term.inner; i != 0; --i, a += a_inner, b += b_inner) {
      hwy::Prefetch(a + kAhead * a_inner);
      V bv[kVectors];
      HWY_UNROLL(3)
      for (size_t v = 0; v < kVectors; ++v) {
        bv[v] = kTail && v + 1 == kVectors ? hn::LoadN(d, b + v * lanes, last)
                                           : hn::LoadU(d, b + v * lanes);
      }
      HWY_UNROLL(8)
      for (size_t r = 0; r < kRows; ++r) {
        const V av = hn::Set(d, a[r * a_row]);
        HWY_UNROLL(3)
        for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(av, bv[v], sum[r][v]);
      }
    }
  }
  HWY_UNROLL(8)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(3)
    for (size_t v = 0; v < kVectors; ++v) {
      float* to = c + r * ldc + v * lanes;
      if (kTail && v + 1 == kVectors) {
        const V old = accumulate ? hn::LoadN(d, to, last) : hn::Zero(d);
        hn::StoreN(hn::Add(old, sum[r][v]), d, to, last);
      } else {
        const V old = accumulate ? hn::LoadU(d, to) : hn::Zero(d);
        hn::StoreU(hn::Add(old, sum[r][v]), d, to);
      }
    }
  }
}

template <size_t kVectors, bool kTail, class D>
HWY_INLINE void product_columns(D d, const Term* terms, size_t count, size_t rows, size_t last,
                                float* c, size_t ldc, bool accumulate) {
  size_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows)
    product_tile<kTileRows, kVectors, kTail>(d, terms, count, row, last, c + row * ldc, ldc,
                                             accumulate);
  if constexpr (kTileRows > 4) {
    if (row + 4 <= rows) {
      product_tile<4, kVectors, kTail>(d, terms, count, row, last, c + row * ldc, ldc, accumulate);
      row += 4;
    }
  }
  if (row + 2 <= rows) {
    product_tile<2, kVectors, kTail>(d, terms, count, row, last, c + row * ldc, ldc, accumulate);
    row += 2;
  }
  if (row < rows)
    product_tile<1, kVectors, kTail>(d, terms, count, row, last, c + row * ldc, ldc, accumulate);
}

/// C[rows, columns] with at most kTileVectors whole vectors of columns.
HWY_NOINLINE inline void product_panel(const Term* terms, size_t count, size_t rows, size_t vectors,
                                       float* c, size_t ldc, bool accumulate) {
  const hn::ScalableTag<float> d;
  if (vectors == 1) {
    product_columns<1, false>(d, terms, count, rows, 0, c, ldc, accumulate);
  } else if (vectors == 2) {
    product_columns<2, false>(d, terms, count, rows, 0, c, ldc, accumulate);
  } else {
    product_columns<kTileVectors, false>(d, terms, count, rows, 0, c, ldc, accumulate);
  }
}

/// C[rows, columns] of one term, any number of columns; nothing outside is read or written.
template <class D>
HWY_NOINLINE void product_any(D d, Term term, size_t rows, size_t columns, float* c, size_t ldc,
                              bool accumulate) {
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes, term.b += 2 * lanes)
    product_columns<2, false>(d, &term, 1, rows, 0, c + j, ldc, accumulate);
  if (j + lanes <= columns) {
    product_columns<1, false>(d, &term, 1, rows, 0, c + j, ldc, accumulate);
    j += lanes, term.b += lanes;
  }
  if (j < columns) product_columns<1, true>(d, &term, 1, rows, columns - j, c + j, ldc, accumulate);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
