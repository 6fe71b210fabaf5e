// The normal distribution on top of one exponential: GELU and its slope, and the exponential of
// softmax. Per-target header, included once for each target.
#if defined(ND_SIMD_ERF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_ERF_INL_H_
#undef ND_SIMD_ERF_INL_H_
#else
#define ND_SIMD_ERF_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// e^(high + low) for high <= 88 and |low| below 1e-4·|high|; 0 below e^-87.3, where floats become
/// denormal; NaN stays NaN. Largest error 1.1 ULP.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_sum(D d, V high, V low) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5·2^23 rounds to an integer and leaves it in the low bits.
  const V magic = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(high, hn::Set(d, 1.44269504088896f), magic);
  const V k = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(k, hn::Set(d, 0.693145751953125f), high);  // 16 bits: k times it is exact
  r = hn::NegMulAdd(k, hn::Set(d, 1.42860677e-6f), r);
  r = hn::Add(r, low);
  V p = hn::Set(d, 1.381460142484923e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 8.368716770071996e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.166838800458494e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666520632086418e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.999999344788578e-1f));
  p = hn::MulAdd(hn::Mul(r, r), p, r);
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::BitCast(di, shifted), hn::Set(di, 127)));
  const V scale = hn::BitCast(d, exponent);
  return hn::IfThenZeroElse(hn::Lt(high, hn::Set(d, -87.3f)), hn::MulAdd(p, scale, scale));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_nonpositive(D d, V x) {
  return exp_of_sum(d, x, hn::Zero(d));
}

/// 2^x for x <= 0; 0 below 2^-126, where floats become denormal, and at -inf; NaN stays NaN.
/// Largest relative error 2e-7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2_nonpositive(D d, V x) {
  const hn::RebindToSigned<D> di;
  // As above, the bias of the exponent already added.
  const V magic = hn::Set(d, 12582912.0f + 127.0f);
  const V shifted = hn::Add(x, magic);
  const V r = hn::Sub(x, hn::Sub(shifted, magic));  // exact, at most a half
  V p = hn::Set(d, 1.326472690e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 9.671512661e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.550733744e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 2.402224208e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 6.931469776e-1f));
  const V scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  const V result = hn::MulAdd(hn::Mul(p, r), scale, scale);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -126.0f)), result);
}

/// What GELU and its slope share, at u = min(|x|, 14): e^(-u²/2) and Φ(-u) = e^(-u²/2)·g(u). g is
/// smooth: t = 1 / (1 + 0.3u) times a polynomial in t - 1, to 4e-9, so that the far tail keeps its
/// relative accuracy; the rounding error of u² goes into the exponential as well.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void normal_tail(D d, V x, V& density, V& tail) {
  const V limit = hn::Set(d, 14.0f), magnitude = hn::Abs(x);
  const V u = hn::IfThenElse(hn::Gt(magnitude, limit), limit, magnitude);  // NaN stays
  const V half = hn::Set(d, -0.5f), one = hn::Set(d, 1.0f);
#if HWY_NATIVE_FMA
  const V square = hn::Mul(u, u), rest = hn::MulSub(u, u, square);
#else
  // Twelve bits of u have an exact square.
  const hn::RebindToUnsigned<D> du;
  const V head = hn::And(u, hn::BitCast(d, hn::Set(du, 0xFFFFF000u)));
  const V square = hn::Mul(head, head), rest = hn::Mul(hn::Sub(u, head), hn::Add(u, head));
#endif
  density = exp_of_sum(d, hn::Mul(square, half), hn::Mul(rest, half));
  const V slope = hn::Mul(u, hn::Set(d, 0.3f));
  const V t = hn::Div(one, hn::Add(slope, one));
  const V w = hn::Neg(hn::Mul(slope, t));
  V g = hn::Set(d, -0.0206234457f);
  g = hn::MulAdd(g, w, hn::Set(d, -0.0731755137f));
  g = hn::MulAdd(g, w, hn::Set(d, -0.0711734188f));
  g = hn::MulAdd(g, w, hn::Set(d, 0.0101152547f));
  g = hn::MulAdd(g, w, hn::Set(d, -0.0233645605f));
  g = hn::MulAdd(g, w, hn::Set(d, -0.139732751f));
  g = hn::MulAdd(g, w, hn::Set(d, 0.0810197071f));
  g = hn::MulAdd(g, w, hn::Set(d, 0.618145162f));
  g = hn::MulAdd(g, w, hn::Set(d, 0.829807179f));
  g = hn::MulAdd(g, w, hn::Set(d, 0.5f));
  tail = hn::Mul(hn::Mul(g, t), density);
}

/// x·Φ(x); NaN at -inf, as 0·inf.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_total(D d, V x) {
  V density, tail;
  normal_tail(d, x, density, tail);
  const V below = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
  return hn::Mul(x, below);
}

/// Φ(x) + x·φ(x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_slope_total(D d, V x) {
  V density, tail;
  normal_tail(d, x, density, tail);
  const V below = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
  // Beyond the limit the density is 0, also where x is infinite.
  const V near = hn::Max(hn::Min(x, hn::Set(d, 14.0f)), hn::Set(d, -14.0f));
  const V weighted = hn::Mul(hn::Mul(near, hn::Set(d, 0.3989422804014327f)), density);
  return hn::Add(below, weighted);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
