#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/rows.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include <cmath>

#include "simd/dispatch.h"
#include "simd/erf-inl.h"
#include "simd/rows.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Calls f(offset, count) for whole vectors and the tail of a row.
template <class F>
HWY_INLINE void for_each_vector(size_t length, F f) {
  const size_t lanes = hn::Lanes(D());
  size_t i = 0;
  for (; i + lanes <= length; i += lanes) f(i, lanes);
  if (i < length) f(i, length - i);
}

/// Lanes beyond `count` hold `padding`.
HWY_INLINE V load_padded(const float* x, size_t count, V padding) {
  const D d;
  if (count == hn::Lanes(d)) return hn::LoadU(d, x);
  return hn::IfThenElse(hn::FirstN(d, count), hn::LoadN(d, x, count), padding);
}
HWY_INLINE V load(const float* x, size_t count) {
  const D d;
  return count == hn::Lanes(d) ? hn::LoadU(d, x) : hn::LoadN(d, x, count);
}
HWY_INLINE void store(V v, float* y, size_t count) {
  const D d;
  if (count == hn::Lanes(d)) return hn::StoreU(v, d, y);
  hn::StoreN(v, d, y, count);
}

void softmax_rows(const float* x, size_t rows, size_t length, float* y) {
  const D d;
  const V lowest = hn::Neg(hn::Inf(d));
  for (size_t r = 0; r < rows; ++r, x += length, y += length) {
    V top = lowest;
    for_each_vector(length, [&](size_t i, size_t n)
                                HWY_ATTR { top = hn::Max(top, load_padded(x + i, n, lowest)); });
    const V highest = hn::Set(d, hn::ReduceMax(d, top));
    V total = hn::Zero(d);
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      // Padding lanes are -inf and give 0; a NaN in the row stays one, as does inf - inf.
      const V e = exp_nonpositive(d, hn::Sub(load_padded(x + i, n, lowest), highest));
      total = hn::Add(total, n == hn::Lanes(d) ? e : hn::IfThenElseZero(hn::FirstN(d, n), e));
      store(e, y + i, n);
    });
    const V factor = hn::Set(d, 1.0f / hn::ReduceSum(d, total));
    for_each_vector(length, [&](size_t i, size_t n)
                                HWY_ATTR { store(hn::Mul(load(y + i, n), factor), y + i, n); });
  }
}

void softmax_rows_gradient(const float* y, const float* dy, size_t rows, size_t length, float* dx) {
  const D d;
  for (size_t r = 0; r < rows; ++r, y += length, dy += length, dx += length) {
    V total = hn::Zero(d);
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      total = hn::MulAdd(load(y + i, n), load(dy + i, n), total);
    });
    const V mean = hn::Set(d, hn::ReduceSum(d, total));
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      store(hn::Mul(load(y + i, n), hn::Sub(load(dy + i, n), mean)), dx + i, n);
    });
  }
}

struct Moments {
  V mean, inverse;  ///< 1 / √(variance + eps)
};

HWY_INLINE Moments moments(const float* x, size_t length, float eps) {
  const D d;
  V total = hn::Zero(d);
  for_each_vector(length,
                  [&](size_t i, size_t n) HWY_ATTR { total = hn::Add(total, load(x + i, n)); });
  const float scale = 1.0f / static_cast<float>(length);
  const V mean = hn::Set(d, hn::ReduceSum(d, total) * scale);
  V squares = hn::Zero(d);
  for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
    const V centred = hn::Sub(load_padded(x + i, n, mean), mean);
    squares = hn::MulAdd(centred, centred, squares);
  });
  const float variance = hn::ReduceSum(d, squares) * scale;
  return {mean, hn::Set(d, 1.0f / std::sqrt(variance + eps))};
}

void layer_norm_rows(const float* x, size_t rows, size_t length, float eps, float* y) {
  for (size_t r = 0; r < rows; ++r, x += length, y += length) {
    const Moments m = moments(x, length, eps);
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      store(hn::Mul(hn::Sub(load(x + i, n), m.mean), m.inverse), y + i, n);
    });
  }
}

void layer_norm_rows_gradient(const float* x, const float* dy, size_t rows, size_t length,
                              float eps, float* dx) {
  const D d;
  const float scale = 1.0f / static_cast<float>(length);
  for (size_t r = 0; r < rows; ++r, x += length, dy += length, dx += length) {
    const Moments m = moments(x, length, eps);
    V sum = hn::Zero(d), product = hn::Zero(d);
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      const V g = load(dy + i, n);  // 0 in padding lanes
      sum = hn::Add(sum, g);
      product = hn::MulAdd(g, hn::Mul(hn::Sub(load(x + i, n), m.mean), m.inverse), product);
    });
    const V mean = hn::Set(d, hn::ReduceSum(d, sum) * scale);
    const V along = hn::Set(d, hn::ReduceSum(d, product) * scale);
    for_each_vector(length, [&](size_t i, size_t n) HWY_ATTR {
      const V y = hn::Mul(hn::Sub(load(x + i, n), m.mean), m.inverse);
      const V g = hn::Sub(load(dy + i, n), mean);
      store(hn::Mul(hn::NegMulAdd(y, along, g), m.inverse), dx + i, n);
    });
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(softmax_rows_gradient);
HWY_EXPORT(layer_norm_rows);
HWY_EXPORT(layer_norm_rows_gradient);

void softmax_rows(const float* x, int64_t rows, int64_t length, float* y) {
  HWY_DYNAMIC_DISPATCH(softmax_rows)
  (x, static_cast<size_t>(rows), static_cast<size_t>(length), y);
}
void softmax_rows_gradient(const float* y, const float* dy, int64_t rows, int64_t length,
                           float* dx) {
  HWY_DYNAMIC_DISPATCH(softmax_rows_gradient)
  (y, dy, static_cast<size_t>(rows), static_cast<size_t>(length), dx);
}
void layer_norm_rows(const float* x, int64_t rows, int64_t length, float eps, float* y) {
  HWY_DYNAMIC_DISPATCH(layer_norm_rows)
  (x, static_cast<size_t>(rows), static_cast<size_t>(length), eps, y);
}
void layer_norm_rows_gradient(const float* x, const float* dy, int64_t rows, int64_t length,
                              float eps, float* dx) {
  HWY_DYNAMIC_DISPATCH(layer_norm_rows_gradient)
  (x, dy, static_cast<size_t>(rows), static_cast<size_t>(length), eps, dx);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
