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

/// 1 / x for normal x far from overflow: the hardware's estimate and one Newton step, within 1 ULP
/// and a fifth of the time of a division. Without FMA the step would lose a bit.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V reciprocal(D d, V x) {
#if HWY_ARCH_X86 && HWY_NATIVE_FMA
  const V estimate = hn::ApproximateReciprocal(x);
  return hn::MulAdd(estimate, hn::NegMulAdd(x, estimate, hn::Set(d, 1.0f)), estimate);
#else
  return hn::Div(hn::Set(d, 1.0f), x);
#endif
}

/// 2^kBias · e^y = power · (1 + part) for y <= 0 (below kLowest: as there): power = 2^(n + kBias),
/// |part| < 0.42, relatively exact also near 0. NaN stays in `part`.
template <int kLowest, int kBias, class D, class V = hn::Vec<D>>
HWY_INLINE void exp_parts(D d, V y, V& power, V& part) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 · 2^23 rounds to an integer, which then lies in the low bits.
  const V round = hn::Set(d, 12582912.0f);
  const V clamped =
      hn::Max(hn::Set(d, static_cast<float>(kLowest)), y);  // the second operand where that is NaN
  const V shifted = hn::MulAdd(clamped, hn::Set(d, 1.44269504f), round);
  const V n = hn::Sub(shifted, round);
  const V r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f),
                            hn::NegMulAdd(n, hn::Set(d, 0.693359375f), clamped));
  power = hn::BitCast(
      d, hn::Add(hn::ShiftLeft<23>(hn::BitCast(di, shifted)), hn::Set(di, (127 + kBias) << 23)));
  // Moshier, Cephes: expf.
  V p = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  part = hn::MulAdd(p, hn::Mul(r, r), r);
}

/// Hyperbolic tangent as -m / (m + 2) with m = e^(-2|x|) - 1, which does not cancel near 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh_total(D d, V x) {
  V power, part;
  exp_parts<-60, 0>(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)), power, part);
  const V m = hn::MulAdd(power, part, hn::Sub(power, hn::Set(d, 1.0f)));
  return hn::CopySign(hn::Mul(m, reciprocal(d, hn::Add(m, hn::Set(d, 2.0f)))), x);
}

/// 1 / (1 + e^-x) from e^-|x|, which never overflows and keeps the left tail's relative accuracy,
/// denormal values included (hence 2^64, taken away at the end).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid_total(D d, V x) {
  V power, part;
  exp_parts<-104, 64>(d, hn::Neg(hn::Abs(x)), power, part);
  const V one = hn::Set(d, 1.0f);
  const V e = hn::Mul(hn::MulAdd(power, part, power), hn::Set(d, 5.42101086e-20f));
  const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Mul(numerator, reciprocal(d, hn::Add(one, e)));
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
