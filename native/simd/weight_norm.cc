#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/weight_norm.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/weight_norm.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using D64 = hn::ScalableTag<double>;
using DHalf = hn::Rebind<float, D64>;  // as many floats as one vector holds doubles
using V = hn::Vec<D>;
using V64 = hn::Vec<D64>;

constexpr size_t kPartials = 16;  // partial sums: element i goes to partial i % 16 on every target
constexpr size_t kVectors = kPartials / hn::MaxLanes(D64());

/// total + x·y of as many floats. A product of two floats is exact in double, so that FMA and
/// separate operations round alike.
HWY_INLINE V64 add_products(const float* x, const float* y, V64 total) {
  const DHalf dh;
  const D64 d;
  return hn::MulAdd(hn::PromoteTo(d, hn::LoadU(dh, x)), hn::PromoteTo(d, hn::LoadU(dh, y)), total);
}

HWY_INLINE double dot(const float* x, const float* y, size_t n) {
  const D64 d;
  const size_t lanes = hn::Lanes(d);
  V64 partial[kVectors];
  HWY_UNROLL(16)
  for (size_t v = 0; v < kVectors; ++v) partial[v] = hn::Zero(d);
  const auto add = [&](const float* a, const float* b) HWY_ATTR {
    HWY_UNROLL(16)
    for (size_t v = 0; v < kVectors; ++v)
      partial[v] = add_products(a + v * lanes, b + v * lanes, partial[v]);
  };
  size_t i = 0;
  for (; i + kPartials <= n; i += kPartials) add(x + i, y + i);
  if (i < n) {
    HWY_ALIGN float a[kPartials] = {}, b[kPartials] = {};
    for (size_t j = 0; i + j < n; ++j) a[j] = x[i + j], b[j] = y[i + j];
    add(a, b);
  }
  HWY_ALIGN double sums[kPartials];
  HWY_UNROLL(16)
  for (size_t v = 0; v < kVectors; ++v) hn::StoreU(partial[v], d, sums + v * lanes);
  for (size_t width = kPartials / 2; width > 0; width /= 2)
    for (size_t j = 0; j < width; ++j) sums[j] += sums[j + width];
  return sums[0];
}

void row_dots(const MatrixRows& m, const float* x, const float* y, double* dots) {
  const auto rows = static_cast<size_t>(m.rows), columns = static_cast<size_t>(m.columns);
  if (!m.panel) {
    for (size_t r = 0; r < rows; ++r) dots[r] = dot(x + r * columns, y + r * columns, columns);
    return;
  }
  const D64 d;
  const size_t lanes = hn::Lanes(d);
  size_t r = 0;
  for (; r + lanes <= rows; r += lanes) {
    V64 total = hn::Zero(d);
    for (size_t c = 0; c < columns; ++c)
      total = add_products(x + c * rows + r, y + c * rows + r, total);
    hn::StoreU(total, d, dots + r);
  }
  for (; r < rows; ++r) {
    dots[r] = 0;
    for (size_t c = 0; c < columns; ++c)
      dots[r] += static_cast<double>(x[c * rows + r]) * static_cast<double>(y[c * rows + r]);
  }
}

/// out[i] = f(a, x[i], b, y[i]) for i < n, with the factors of place i, or of as many as are left.
template <class Factors, class F>
HWY_INLINE void map(size_t n, const Factors& factors, const float* x, const float* y, float* out,
                    const F& f) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(f(factors.a(i), hn::LoadU(d, x + i), factors.b(i), hn::LoadU(d, y + i)), d, out + i);
  if (const size_t rest = n - i; rest > 0)
    hn::StoreN(f(factors.a(i, rest), hn::LoadN(d, x + i, rest), factors.b(i, rest),
                 hn::LoadN(d, y + i, rest)),
               d, out + i, rest);
}

/// Of one row, the same for all columns.
struct Repeated {
  V first, second;
  HWY_INLINE V a(size_t) const { return first; }
  HWY_INLINE V b(size_t) const { return second; }
  HWY_INLINE V a(size_t, size_t) const { return first; }
  HWY_INLINE V b(size_t, size_t) const { return second; }
};
/// Of the rows that lie side by side.
struct Listed {
  const float *first, *second;
  HWY_INLINE V a(size_t i) const { return hn::LoadU(D(), first + i); }
  HWY_INLINE V b(size_t i) const { return hn::LoadU(D(), second + i); }
  HWY_INLINE V a(size_t i, size_t n) const { return hn::LoadN(D(), first + i, n); }
  HWY_INLINE V b(size_t i, size_t n) const { return hn::LoadN(D(), second + i, n); }
};

template <class F>
HWY_INLINE void map_rows(const MatrixRows& m, const float* a, const float* x, const float* b,
                         const float* y, float* out, const F& f) {
  const auto rows = static_cast<size_t>(m.rows), columns = static_cast<size_t>(m.columns);
  if (m.panel) {
    for (size_t c = 0; c < columns; ++c)
      map(rows, Listed{a, b}, x + c * rows, y + c * rows, out + c * rows, f);
    return;
  }
  for (size_t r = 0; r < rows; ++r)
    map(columns, Repeated{hn::Set(D(), a[r]), hn::Set(D(), b[r])}, x + r * columns, y + r * columns,
        out + r * columns, f);
}

void row_scale(const MatrixRows& m, const float* a, const float* x, float* out) {
  map_rows(m, a, x, a, x, out,
           [](V factor, V value, V, V) HWY_ATTR { return hn::Mul(factor, value); });
}

void row_combine(const MatrixRows& m, const float* a, const float* x, const float* b,
                 const float* y, float* out) {
  map_rows(m, a, x, b, y, out,
           [](V p, V u, V q, V v) HWY_ATTR { return hn::MulAdd(p, u, hn::Mul(q, v)); });
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(row_dots);
HWY_EXPORT(row_scale);
HWY_EXPORT(row_combine);

void row_dots(const MatrixRows& m, const float* x, const float* y, double* dots) {
  HWY_DYNAMIC_DISPATCH(row_dots)(m, x, y, dots);
}
void row_scale(const MatrixRows& m, const float* a, const float* x, float* out) {
  HWY_DYNAMIC_DISPATCH(row_scale)(m, a, x, out);
}
void row_combine(const MatrixRows& m, const float* a, const float* x, const float* b,
                 const float* y, float* out) {
  HWY_DYNAMIC_DISPATCH(row_combine)(m, a, x, b, y, out);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
