// The element operations over one contiguous piece: what the instructions of a program call.
// Operands are vectors of memory (step 1) or one value repeated (step 0). Per-target header,
// included once for each target.
#if defined(ND_SIMD_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_ELEMENTWISE_INL_H_
#undef ND_SIMD_ELEMENTWISE_INL_H_
#else
#define ND_SIMD_ELEMENTWISE_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/erf-inl.h"
#include "simd/math-inl.h"
#include "simd/program.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// One operand of an instruction.
struct Source {
  const float* p;
  int step;
};

/// y[i] = f(x[i]); the tail goes through the same f, padded with zeros.
template <class F>
HWY_INLINE void map(Source x, float* y, size_t n, F f) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, x.p + i)), d, y + i);
  if (i < n) hn::StoreN(f(d, hn::LoadN(d, x.p + i, n - i)), d, y + i, n - i);
}

template <bool kStep>
struct Operand {
  const float* p;
  V repeated;
  HWY_INLINE explicit Operand(Source s) : p(s.p), repeated(hn::Set(D(), *s.p)) {}
  HWY_INLINE V load(size_t i) const { return kStep ? hn::LoadU(D(), p + i) : repeated; }
  HWY_INLINE V load_tail(size_t i, size_t count) const {
    return kStep ? hn::LoadN(D(), p + i, count) : repeated;
  }
};

template <bool kStepA, bool kStepB, class F>
HWY_INLINE void zip(Source a, Source b, float* y, size_t n, F f) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const Operand<kStepA> left(a);
  const Operand<kStepB> right(b);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, left.load(i), right.load(i)), d, y + i);
  if (i < n) hn::StoreN(f(d, left.load_tail(i, n - i), right.load_tail(i, n - i)), d, y + i, n - i);
}

template <class F>
HWY_INLINE void zip_steps(Source a, Source b, float* y, size_t n, F f) {
  if (a.step && b.step) return zip<true, true>(a, b, y, n, f);
  if (a.step) return zip<true, false>(a, b, y, n, f);
  if (b.step) return zip<false, true>(a, b, y, n, f);
  zip<false, false>(a, b, y, n, f);
}

/// y[i] = c[i] != 0 ? a[i] : b[i].
template <bool kStepC, bool kStepA, bool kStepB>
HWY_INLINE void select(Source c, Source a, Source b, float* y, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const Operand<kStepC> condition(c);
  const Operand<kStepA> then(a);
  const Operand<kStepB> otherwise(b);
  const auto choose = [&](V u, V v, V w)
                          HWY_ATTR { return hn::IfThenElse(hn::Ne(u, hn::Zero(d)), v, w); };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(choose(condition.load(i), then.load(i), otherwise.load(i)), d, y + i);
  if (i < n) {
    const size_t rest = n - i;
    hn::StoreN(
        choose(condition.load_tail(i, rest), then.load_tail(i, rest), otherwise.load_tail(i, rest)),
        d, y + i, rest);
  }
}

HWY_INLINE void select_steps(Source c, Source a, Source b, float* y, size_t n) {
  switch (c.step << 2 | a.step << 1 | b.step) {
    case 0:
      return select<false, false, false>(c, a, b, y, n);
    case 1:
      return select<false, false, true>(c, a, b, y, n);
    case 2:
      return select<false, true, false>(c, a, b, y, n);
    case 3:
      return select<false, true, true>(c, a, b, y, n);
    case 4:
      return select<true, false, false>(c, a, b, y, n);
    case 5:
      return select<true, false, true>(c, a, b, y, n);
    case 6:
      return select<true, true, false>(c, a, b, y, n);
    default:
      return select<true, true, true>(c, a, b, y, n);
  }
}

/// Every op but dropout, which knows more than its operands. A unary operand of step 0 comes with
/// n = 1.
///
/// Largest errors over every 97th of all floats, worst of SSE2 … AVX-512, against double: exp 1.0
/// ULP, log 0.9, tanh 2.7, sigmoid 2.3, softplus 2.7, gelu 5.9; gelu_gradient
/// 3e-7 absolute.
HWY_INLINE void element_op(ElementOp op, const Source* in, float* y, size_t n) {
  const auto unary = [=](auto f) HWY_ATTR { map(in[0], y, n, f); };
  const auto binary = [=](auto f) HWY_ATTR { zip_steps(in[0], in[1], y, n, f); };
  switch (op) {
    case ElementOp::neg:
      return unary([](D, V v) HWY_ATTR { return hn::Neg(v); });
    case ElementOp::abs:
      return unary([](D, V v) HWY_ATTR { return hn::Abs(v); });
    case ElementOp::sign:
      return unary([](D d, V v) HWY_ATTR {
        const V one = hn::Set(d, 1.0f), zero = hn::Zero(d);
        return hn::Sub(hn::IfThenElseZero(hn::Gt(v, zero), one),
                       hn::IfThenElseZero(hn::Lt(v, zero), one));
      });
    case ElementOp::exp:
      return unary([](D d, V v) HWY_ATTR { return exp_total(d, v); });
    case ElementOp::log:
      return unary([](D d, V v) HWY_ATTR { return log_total(d, v); });
    case ElementOp::sqrt:
      return unary([](D, V v) HWY_ATTR { return hn::Sqrt(v); });
    case ElementOp::tanh:
      return unary([](D d, V v) HWY_ATTR { return tanh_total(d, v); });
    case ElementOp::sigmoid:
      return unary([](D d, V v) HWY_ATTR { return sigmoid_total(d, v); });
    case ElementOp::relu:
      // Le is false for NaN, which therefore passes through.
      return unary([](D d, V v) HWY_ATTR { return hn::IfThenZeroElse(hn::Le(v, hn::Zero(d)), v); });
    case ElementOp::softplus:
      return unary([](D d, V v) HWY_ATTR { return softplus_total(d, v); });
    case ElementOp::gelu:
      return unary([](D d, V v) HWY_ATTR { return gelu_total(d, v); });
    case ElementOp::dropout:
      return;
    case ElementOp::add:
      return binary([](D, V u, V v) HWY_ATTR { return hn::Add(u, v); });
    case ElementOp::sub:
      return binary([](D, V u, V v) HWY_ATTR { return hn::Sub(u, v); });
    case ElementOp::mul:
      return binary([](D, V u, V v) HWY_ATTR { return hn::Mul(u, v); });
    case ElementOp::div:
      return binary([](D, V u, V v) HWY_ATTR { return hn::Div(u, v); });
    case ElementOp::maximum:
      return binary([](D, V u, V v) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::Ge(u, v), hn::IsNaN(u)), u, v);
      });
    case ElementOp::minimum:
      return binary([](D, V u, V v) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::Le(u, v), hn::IsNaN(u)), u, v);
      });
    case ElementOp::greater:
      return binary([](D d, V u, V v)
                        HWY_ATTR { return hn::IfThenElseZero(hn::Gt(u, v), hn::Set(d, 1.0f)); });
    case ElementOp::gelu_gradient:
      return binary([](D d, V u, V v) HWY_ATTR { return hn::Mul(gelu_slope_total(d, u), v); });
    case ElementOp::select:
      return select_steps(in[0], in[1], in[2], y, n);
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
