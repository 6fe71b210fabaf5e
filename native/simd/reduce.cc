#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/reduce.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using D64 = hn::ScalableTag<double>;
using DHalf = hn::Rebind<float, D64>;  // as many floats as one vector holds doubles
using V = hn::Vec<D>;
using V64 = hn::Vec<D64>;

constexpr size_t kPartials = 32;  // partial sums: element i goes to partial i % 32 on every target
constexpr size_t kVectors = kPartials / hn::MaxLanes(D64());

HWY_INLINE double tree(double* sums) {
  for (size_t width = kPartials / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; ++j) sums[j] += sums[j + width];
  }
  return sums[0];
}

/// Σ f(x[i]): 32 running sums in double, then a fixed tree.
template <class F>
HWY_INLINE double sum_of(const float* x, size_t n, F f) {
  const D64 d;
  const DHalf dh;
  const size_t lanes = hn::Lanes(d);
  V64 partial[kVectors];
  HWY_UNROLL(16)
  for (size_t v = 0; v < kVectors; ++v) partial[v] = hn::Zero(d);
  size_t i = 0;
  for (; i + kPartials <= n; i += kPartials) {
    HWY_UNROLL(16)
    for (size_t v = 0; v < kVectors; ++v) {
      partial[v] = f(hn::PromoteTo(d, hn::LoadU(dh, x + i + v * lanes)), partial[v]);
    }
  }
  HWY_ALIGN double sums[kPartials];
  if (i < n) {
    HWY_ALIGN float tail[kPartials] = {};
    for (size_t j = 0; i + j < n; ++j) tail[j] = x[i + j];
    HWY_UNROLL(16)
    for (size_t v = 0; v < kVectors; ++v) {
      partial[v] = f(hn::PromoteTo(d, hn::LoadU(dh, tail + v * lanes)), partial[v]);
    }
  }
  HWY_UNROLL(16)
  for (size_t v = 0; v < kVectors; ++v) hn::StoreU(partial[v], d, sums + v * lanes);
  return tree(sums);
}

double sum(const float* x, size_t n) {
  return sum_of(x, n, [](V64 v, V64 total) HWY_ATTR { return hn::Add(total, v); });
}

double sum_of_squares(const float* x, size_t n) {
  // A product of two floats is exact in double, so that FMA and separate operations round alike.
  return sum_of(x, n, [](V64 v, V64 total) HWY_ATTR { return hn::MulAdd(v, v, total); });
}

double sum_of_squares_panels(const float* x, size_t panels, size_t depth, size_t width) {
  const D64 d;
  const DHalf dh;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[kPartials] = {};
  for (size_t panel = 0; panel < panels; ++panel, x += depth * width) {
    double* part = sums + panel * width % kPartials;
    for (size_t j = 0; j < width; j += lanes) {
      V64 total = hn::LoadU(d, part + j);
      for (size_t r = 0; r < depth; ++r) {
        const V64 v = hn::PromoteTo(d, hn::LoadU(dh, x + r * width + j));
        total = hn::MulAdd(v, v, total);
      }
      hn::StoreU(total, d, part + j);
    }
  }
  return tree(sums);
}

/// One strip of kVecs vectors of columns, the last of which has `valid` lanes.
template <size_t kVecs>
HWY_INLINE void sum_strip(const float* x, size_t rows, size_t stride, size_t valid, float* y) {
  const D d;
  const D64 d64;
  const DHalf dh;
  const size_t lanes = hn::Lanes(d);
  V64 low[kVecs], high[kVecs];
  HWY_UNROLL(4)
  for (size_t v = 0; v < kVecs; ++v) low[v] = high[v] = hn::Zero(d64);
  for (size_t r = 0; r < rows; ++r, x += stride) {
    HWY_UNROLL(4)
    for (size_t v = 0; v < kVecs; ++v) {
      const bool last = v + 1 == kVecs && valid < lanes;
      const V row = last ? hn::LoadN(d, x + v * lanes, valid) : hn::LoadU(d, x + v * lanes);
      low[v] = hn::Add(low[v], hn::PromoteTo(d64, hn::LowerHalf(dh, row)));
      high[v] = hn::Add(high[v], hn::PromoteTo(d64, hn::UpperHalf(dh, row)));
    }
  }
  HWY_UNROLL(4)
  for (size_t v = 0; v < kVecs; ++v) {
    const V total = hn::Combine(d, hn::DemoteTo(dh, high[v]), hn::DemoteTo(dh, low[v]));
    hn::StoreN(total, d, y + v * lanes, v + 1 == kVecs ? valid : lanes);
  }
}

void sum_rows(const float* x, size_t rows, size_t stride, size_t n, float* y) {
  const size_t lanes = hn::Lanes(D());
  size_t j = 0;
  for (; j + 4 * lanes <= n; j += 4 * lanes) sum_strip<4>(x + j, rows, stride, lanes, y + j);
  for (; j < n; j += lanes) sum_strip<1>(x + j, rows, stride, HWY_MIN(lanes, n - j), y + j);
}

bool all_finite(const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  // 0 * x is 0 for finite x and NaN otherwise; NaN survives every later addition.
  const V zero = hn::Zero(d);
  V a = zero, b = zero;
  size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    a = hn::MulAdd(zero, hn::LoadU(d, x + i), a);
    b = hn::MulAdd(zero, hn::LoadU(d, x + i + lanes), b);
  }
  for (; i < n; i += lanes) a = hn::MulAdd(zero, hn::LoadN(d, x + i, HWY_MIN(lanes, n - i)), a);
  return hn::AllFalse(d, hn::IsNaN(hn::Add(a, b)));
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(sum);
HWY_EXPORT(sum_of_squares);
HWY_EXPORT(sum_of_squares_panels);
HWY_EXPORT(sum_rows);
HWY_EXPORT(all_finite);

double sum(const float* x, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(sum)(x, static_cast<size_t>(n));
}
double sum_of_squares(const float* x, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares)(x, static_cast<size_t>(n));
}
double sum_of_squares_panels(const float* x, int64_t panels, int64_t depth, int64_t width) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares_panels)(
      x, static_cast<size_t>(panels), static_cast<size_t>(depth), static_cast<size_t>(width));
}
void sum_rows(const float* x, int64_t rows, int64_t row_stride, int64_t n, float* y) {
  HWY_DYNAMIC_DISPATCH(sum_rows)
  (x, static_cast<size_t>(rows), static_cast<size_t>(row_stride), static_cast<size_t>(n), y);
}
bool all_finite(const float* x, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(all_finite)(x, static_cast<size_t>(n));
}

}  // namespace nd::simd
#endif  // HWY_ONCE
