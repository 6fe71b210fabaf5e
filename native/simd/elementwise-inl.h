// The element operations over a small matrix: what the instructions of a program call. Rows of
// operands are vectors of memory (step 1) or one value repeated (step 0). Per-target header,
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

/// One operand of an instruction: element (r, i) is p[r * stride + i * step].
struct Source {
  const float* p;
  int step;
  size_t stride;
};

/// Its result: element (r, i) is p[r * stride + i], r < rows, i < n.
struct Target {
  float* p;
  size_t stride, rows, n;
};

/// A source in one row after the other. A repeated value is read once: the result may lie over it.
template <bool kStep>
struct Operand {
  const float* p;
  size_t stride;
  V repeated;
  HWY_INLINE explicit Operand(const Source& s)
      : p(s.p), stride(s.stride), repeated(hn::Set(D(), *s.p)) {}
  HWY_INLINE void next_row() { p += stride; }
  HWY_INLINE V load(size_t i) const { return kStep ? hn::LoadU(D(), p + i) : repeated; }
  HWY_INLINE V load_tail(size_t i, size_t count) const {
    return kStep ? hn::LoadN(D(), p + i, count) : repeated;
  }
};

/// y(r, i) = f(operands(r, i)…); the tail of a row goes through the same f, padded with zeros.
template <class F, class... Operands>
HWY_INLINE void apply_to(const Target& y, F f, Operands... operands) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  float* out = y.p;
  for (size_t row = 0; row < y.rows; ++row, out += y.stride) {
    size_t i = 0;
    for (; i + lanes <= y.n; i += lanes) hn::StoreU(f(d, operands.load(i)...), d, out + i);
    if (i < y.n) hn::StoreN(f(d, operands.load_tail(i, y.n - i)...), d, out + i, y.n - i);
    (operands.next_row(), ...);
  }
}

template <bool... kSteps, class F, class... Sources>
HWY_INLINE void apply(const Target& y, F f, const Sources&... sources) {
  apply_to(y, f, Operand<kSteps>(sources)...);
}

template <class F>
HWY_INLINE void zip(const Source& a, const Source& b, const Target& y, F f) {
  if (a.step && b.step) return apply<true, true>(y, f, a, b);
  if (a.step) return apply<true, false>(y, f, a, b);
  if (b.step) return apply<false, true>(y, f, a, b);
  apply<false, false>(y, f, a, b);
}

/// y = c != 0 ? a : b.
HWY_INLINE void select(const Source& c, const Source& a, const Source& b, const Target& y) {
  const auto f = [](D d, V condition, V then, V otherwise) HWY_ATTR {
    return hn::IfThenElse(hn::Ne(condition, hn::Zero(d)), then, otherwise);
  };
  switch (c.step << 2 | a.step << 1 | b.step) {
    case 0:
      return apply<false, false, false>(y, f, c, a, b);
    case 1:
      return apply<false, false, true>(y, f, c, a, b);
    case 2:
      return apply<false, true, false>(y, f, c, a, b);
    case 3:
      return apply<false, true, true>(y, f, c, a, b);
    case 4:
      return apply<true, false, false>(y, f, c, a, b);
    case 5:
      return apply<true, false, true>(y, f, c, a, b);
    case 6:
      return apply<true, true, false>(y, f, c, a, b);
    default:
      return apply<true, true, true>(y, f, c, a, b);
  }
}

/// Every op but dropout, which knows more than its operands. A unary operand of step 0 comes with
/// one element.
///
/// Largest errors over every 97th of all floats, worst of SSE2 … AVX-512, against double: exp 1.0
/// ULP, log 0.9, tanh 2.7, sigmoid 2.3, softplus 2.7, gelu 5.9; gelu_gradient
/// 3e-7 absolute.
HWY_INLINE void element_op(ElementOp op, const Source* in, const Target& y) {
  const auto unary = [&](auto f) HWY_ATTR { apply<true>(y, f, in[0]); };
  const auto binary = [&](auto f) HWY_ATTR { zip(in[0], in[1], y, f); };
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
      return select(in[0], in[1], in[2], y);
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
