// Transcendental functions for every lane value: Highway's polynomials, made total (infinities,
// NaN, overflow). Per-target header, included once for each target.
#if defined(ND_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_MATH_INL_H_
#undef ND_SIMD_MATH_INL_H_
#else
#define ND_SIMD_MATH_INL_H_
#endif

#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// e^x. Highway's exp is valid up to 104, beyond which e^x is infinite anyway, and gives 0 for NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_total(D d, V x) {
  const V y = hn::Exp(d, hn::Min(x, hn::Set(d, 104.0f)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// Natural logarithm: -inf at 0, NaN below, inf at inf.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_total(D d, V x) {
  const V infinity = hn::Inf(d), zero = hn::Zero(d);
  const V inside =
      hn::IfThenElse(hn::Lt(x, infinity), hn::Log(d, x), x);  // inf and NaN stay what they are
  const V at_zero = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), inside);
  return hn::IfThenElse(hn::Lt(x, zero), hn::NaN(d), at_zero);
}

/// Hyperbolic tangent; the clamp keeps the inner e^(2|x|) finite and costs nothing: tanh(±10)
/// rounds to ±1.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh_total(D d, V x) {
  const V limit = hn::Set(d, 10.0f);
  const V clamped = hn::Max(hn::Min(x, limit), hn::Neg(limit));
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, clamped));
}

/// 1 / (1 + e^-x) from e^-|x|, which never overflows and keeps the left tail's relative accuracy.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid_total(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = exp_total(d, hn::Neg(hn::Abs(x)));
  const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(numerator, hn::Add(one, e));
}

/// log(1 + e^x) as max(x, 0) + log1p(e^-|x|).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V softplus_total(D d, V x) {
  const V e = exp_total(d, hn::Neg(hn::Abs(x)));
  const V positive = hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);  // NaN stays
  return hn::Add(positive, hn::Log1p(d, e));
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
