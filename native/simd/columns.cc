#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/columns.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/columns.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using D64 = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using V64 = hn::Vec<D64>;

/// Both sums of one vector of columns, its halves in double.
struct Sums {
  V64 low, high;

  HWY_INLINE void load(const double* from) {
    low = hn::LoadU(D64(), from);
    high = hn::LoadU(D64(), from + hn::Lanes(D64()));
  }
  HWY_INLINE void store(double* to) const {
    hn::StoreU(low, D64(), to);
    hn::StoreU(high, D64(), to + hn::Lanes(D64()));
  }
};

/// kVectors vectors of columns, the last of which has `valid` lanes.
template <size_t kVectors, bool kHasDy>
HWY_INLINE void add_strip(const float* x, const float* dy, const float* centre, size_t rows,
                          size_t stride, size_t valid, double* first, double* second) {
  const D d;
  const D64 d64;
  const hn::Rebind<float, D64> half;
  const size_t lanes = hn::Lanes(d);
  const auto load = [&](const float* from, size_t v) HWY_ATTR {
    return v + 1 == kVectors && valid < lanes ? hn::LoadN(d, from + v * lanes, valid)
                                              : hn::LoadU(d, from + v * lanes);
  };
  Sums sum[kVectors], product[kVectors];
  V middle[kVectors];
  HWY_UNROLL(2)
  for (size_t v = 0; v < kVectors; ++v) {
    middle[v] = load(centre, v);
    sum[v].load(first + v * lanes);
    product[v].load(second + v * lanes);
  }
  for (size_t r = 0; r < rows; ++r, x += stride, dy += kHasDy ? stride : 0) {
    HWY_UNROLL(2)
    for (size_t v = 0; v < kVectors; ++v) {
      const V centred = hn::Sub(load(x, v), middle[v]);
      const V64 low = hn::PromoteTo(d64, hn::LowerHalf(half, centred));
      const V64 high = hn::PromoteTo(d64, hn::UpperHalf(half, centred));
      V64 u_low = low, u_high = high;
      if constexpr (kHasDy) {
        const V u = load(dy, v);
        u_low = hn::PromoteTo(d64, hn::LowerHalf(half, u));
        u_high = hn::PromoteTo(d64, hn::UpperHalf(half, u));
      }
      sum[v].low = hn::Add(sum[v].low, u_low);
      sum[v].high = hn::Add(sum[v].high, u_high);
      // A product of two floats is exact in double: FMA and separate operations round alike.
      product[v].low = hn::MulAdd(u_low, low, product[v].low);
      product[v].high = hn::MulAdd(u_high, high, product[v].high);
    }
  }
  HWY_UNROLL(2)
  for (size_t v = 0; v < kVectors; ++v) {
    sum[v].store(first + v * lanes);
    product[v].store(second + v * lanes);
  }
}

template <bool kHasDy>
HWY_INLINE void add_columns(const float* x, const float* dy, const float* centre, size_t rows,
                            size_t stride, size_t columns, double* totals) {
  const size_t lanes = hn::Lanes(D());
  const auto at = [&](size_t j) { return kHasDy ? dy + j : nullptr; };
  double *first = totals, *second = totals + columns;
  size_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes)
    add_strip<2, kHasDy>(x + j, at(j), centre + j, rows, stride, lanes, first + j, second + j);
  for (; j < columns; j += lanes) {
    const size_t valid = HWY_MIN(lanes, columns - j);
    if (valid == lanes) {
      add_strip<1, kHasDy>(x + j, at(j), centre + j, rows, stride, valid, first + j, second + j);
      continue;
    }
    HWY_ALIGN double part[2][hn::MaxLanes(D())] = {};
    for (size_t i = 0; i < valid; ++i) part[0][i] = first[j + i], part[1][i] = second[j + i];
    add_strip<1, kHasDy>(x + j, at(j), centre + j, rows, stride, valid, part[0], part[1]);
    for (size_t i = 0; i < valid; ++i) first[j + i] = part[0][i], second[j + i] = part[1][i];
  }
}

void add_moments(const float* x, const float* dy, const float* centre, size_t rows, size_t stride,
                 size_t columns, double* totals) {
  constexpr size_t kRows = 32;  // that stay in the first-level cache from strip to strip
  for (size_t r = 0; r < rows; r += kRows) {
    const size_t count = HWY_MIN(kRows, rows - r);
    if (dy != nullptr) {
      add_columns<true>(x + r * stride, dy + r * stride, centre, count, stride, columns, totals);
    } else {
      add_columns<false>(x + r * stride, nullptr, centre, count, stride, columns, totals);
    }
  }
}

void run_affine(const ColumnAffine& a) {
  const D d;
  const size_t lanes = hn::Lanes(d), columns = static_cast<size_t>(a.columns);
  for (size_t r = 0; r < static_cast<size_t>(a.rows); ++r) {
    const float *x = a.x + r * columns, *dy = a.dy != nullptr ? a.dy + r * columns : nullptr;
    float* out = a.out + r * columns;
    for (size_t j = 0; j < columns; j += lanes) {
      const size_t n = HWY_MIN(lanes, columns - j);
      const auto load = [&](const float* from) HWY_ATTR {
        return n == lanes ? hn::LoadU(d, from + j) : hn::LoadN(d, from + j, n);
      };
      V y = hn::MulAdd(load(a.by_x), hn::Sub(load(x), load(a.centre)), load(a.offset));
      if (dy != nullptr) y = hn::MulAdd(load(a.by_dy), load(dy), y);
      if (n == lanes) {
        hn::StoreU(y, d, out + j);
      } else {
        hn::StoreN(y, d, out + j, n);
      }
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(add_moments);
HWY_EXPORT(run_affine);

void add_moments(const float* x, const float* dy, const float* centre, int64_t rows, int64_t stride,
                 int64_t columns, double* totals) {
  HWY_DYNAMIC_DISPATCH(add_moments)
  (x, dy, centre, static_cast<size_t>(rows), static_cast<size_t>(stride),
   static_cast<size_t>(columns), totals);
}
void run_affine(const ColumnAffine& a) { HWY_DYNAMIC_DISPATCH(run_affine)(a); }

}  // namespace nd::simd
#endif  // HWY_ONCE
