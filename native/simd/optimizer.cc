#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/optimizer.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/optimizer.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Whether all values that it has seen are finite: 0 * x is 0 for finite x and NaN otherwise, and
/// NaN survives every later addition.
struct Watch {
  V total;
  HWY_INLINE Watch() : total(hn::Zero(D())) {}
  HWY_INLINE void see(V x) { total = hn::MulAdd(hn::Zero(D()), x, total); }
  HWY_INLINE bool finite() const { return hn::AllFalse(D(), hn::IsNaN(total)); }
};

HWY_INLINE V repeat(double value) { return hn::Set(D(), static_cast<float>(value)); }

struct Clip {
  V factor, limit;
  HWY_INLINE explicit Clip(const GradientClip& clip)
      : factor(repeat(clip.factor)), limit(repeat(clip.limit)) {}
  HWY_INLINE V operator()(V g) const {
    return hn::Min(hn::Max(hn::Mul(g, factor), hn::Neg(limit)), limit);
  }
};

/// What happens to one vector; kDecay: any weight decay, kMaximum: AMSGrad.
template <bool kDecay, bool kMaximum>
struct AdamKernel {
  Clip clip;
  V step, first_rate, beta2, second_rate, inverse_bias2, epsilon, decay, shrink;

  explicit AdamKernel(const AdamStep& s)
      : clip(s.clip),
        step(repeat(s.learning_rate / s.bias1)),
        first_rate(repeat(1 - s.beta1)),
        beta2(repeat(s.beta2)),
        second_rate(repeat(1 - s.beta2)),
        inverse_bias2(repeat(1 / s.bias2_sqrt)),
        epsilon(repeat(s.epsilon)),
        decay(repeat(s.decoupled ? 0 : s.weight_decay)),
        shrink(repeat(s.decoupled ? 1 - s.learning_rate * s.weight_decay : 1)) {}

  HWY_INLINE void operator()(V& p, V g, V& m, V& v, V& top) const {
    g = clip(g);
    if (kDecay) {
      p = hn::Mul(p, shrink);
      g = hn::MulAdd(decay, p, g);
    }
    m = hn::MulAdd(first_rate, hn::Sub(g, m), m);
    v = hn::MulAdd(second_rate, hn::Mul(g, g), hn::Mul(beta2, v));
    if (kMaximum) top = hn::Max(top, v);
    const V denominator = hn::MulAdd(hn::Sqrt(kMaximum ? top : v), inverse_bias2, epsilon);
    const V update = hn::Div(hn::Mul(step, m), denominator);
    // 0 / 0 in a padding lane when epsilon is 0.
    p = hn::Sub(p, hn::IfThenZeroElse(hn::Eq(m, hn::Zero(D())), update));
  }
};

template <bool kDecay, bool kMaximum>
HWY_INLINE bool adam_pass(const AdamStep& s, float* p, const float* g, float* m, float* v,
                          size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const AdamKernel<kDecay, kMaximum> kernel(s);
  float* top = s.max_second;
  Watch watch;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V pi = hn::LoadU(d, p + i), mi = hn::LoadU(d, m + i), vi = hn::LoadU(d, v + i);
    V ti = kMaximum ? hn::LoadU(d, top + i) : vi;
    const V gi = hn::LoadU(d, g + i);
    watch.see(gi);
    kernel(pi, gi, mi, vi, ti);
    hn::StoreU(pi, d, p + i);
    hn::StoreU(mi, d, m + i);
    hn::StoreU(vi, d, v + i);
    if (kMaximum) hn::StoreU(ti, d, top + i);
  }
  if (i == n) return watch.finite();
  const size_t rest = n - i;
  V pi = hn::LoadN(d, p + i, rest), mi = hn::LoadN(d, m + i, rest), vi = hn::LoadN(d, v + i, rest);
  V ti = kMaximum ? hn::LoadN(d, top + i, rest) : vi;
  const V gi = hn::LoadN(d, g + i, rest);
  watch.see(gi);
  kernel(pi, gi, mi, vi, ti);
  hn::StoreN(pi, d, p + i, rest);
  hn::StoreN(mi, d, m + i, rest);
  hn::StoreN(vi, d, v + i, rest);
  if (kMaximum) hn::StoreN(ti, d, top + i, rest);
  return watch.finite();
}

bool adam(const AdamStep& s, float* p, const float* g, float* m, float* v, size_t n) {
  const bool decays = s.weight_decay != 0;
  if (s.max_second) {
    return decays ? adam_pass<true, true>(s, p, g, m, v, n)
                  : adam_pass<false, true>(s, p, g, m, v, n);
  }
  return decays ? adam_pass<true, false>(s, p, g, m, v, n)
                : adam_pass<false, false>(s, p, g, m, v, n);
}

bool sgd(const SgdStep& s, float* p, const float* g, float* buffer, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V rate = repeat(s.learning_rate), momentum = repeat(s.momentum),
          fresh = repeat(1 - s.dampening);
  const V decay = repeat(s.weight_decay);
  const Clip clip(s.clip);
  Watch watch;
  for (size_t i = 0; i < n; i += lanes) {
    const size_t count = HWY_MIN(lanes, n - i);
    const V value = hn::LoadN(d, p + i, count);
    const V gradient = hn::LoadN(d, g + i, count);
    watch.see(gradient);
    V step = hn::MulAdd(decay, value, clip(gradient));
    if (buffer) {
      const V old = hn::LoadN(d, buffer + i, count);
      const V average = s.first ? step : hn::MulAdd(fresh, step, hn::Mul(momentum, old));
      hn::StoreN(average, d, buffer + i, count);
      step = s.nesterov ? hn::MulAdd(momentum, average, step) : average;
    }
    hn::StoreN(hn::NegMulAdd(rate, step, value), d, p + i, count);
  }
  return watch.finite();
}

bool rmsprop(const RmspropStep& s, float* p, const float* g, float* square, float* mean,
             float* buffer, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V rate = repeat(s.learning_rate), alpha = repeat(s.alpha), fresh = repeat(1 - s.alpha);
  const V epsilon = repeat(s.epsilon), decay = repeat(s.weight_decay),
          momentum = repeat(s.momentum);
  const Clip clip(s.clip);
  Watch watch;
  for (size_t i = 0; i < n; i += lanes) {
    const size_t count = HWY_MIN(lanes, n - i);
    const V value = hn::LoadN(d, p + i, count);
    const V gradient = hn::LoadN(d, g + i, count);
    watch.see(gradient);
    const V slope = hn::MulAdd(decay, value, clip(gradient));
    const V squared =
        hn::MulAdd(fresh, hn::Mul(slope, slope), hn::Mul(alpha, hn::LoadN(d, square + i, count)));
    hn::StoreN(squared, d, square + i, count);
    V variance = squared;
    if (mean) {
      const V old = hn::LoadN(d, mean + i, count);
      const V average = hn::MulAdd(fresh, hn::Sub(slope, old), old);
      hn::StoreN(average, d, mean + i, count);
      // Rounding can take the variance of an almost constant gradient below 0.
      variance = hn::Max(hn::NegMulAdd(average, average, squared), hn::Zero(d));
    }
    // 0 / 0 in a padding lane when epsilon is 0.
    V step = hn::IfThenZeroElse(hn::Eq(slope, hn::Zero(d)),
                                hn::Div(slope, hn::Add(hn::Sqrt(variance), epsilon)));
    if (buffer) {
      step = hn::MulAdd(momentum, hn::LoadN(d, buffer + i, count), step);
      hn::StoreN(step, d, buffer + i, count);
    }
    hn::StoreN(hn::NegMulAdd(rate, step, value), d, p + i, count);
  }
  return watch.finite();
}

void scale(float* x, float factor, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V f = hn::Set(d, factor);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Mul(hn::LoadU(d, x + i), f), d, x + i);
  if (i < n) hn::StoreN(hn::Mul(hn::LoadN(d, x + i, n - i), f), d, x + i, n - i);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(adam);
HWY_EXPORT(sgd);
HWY_EXPORT(rmsprop);
HWY_EXPORT(scale);

bool adam(const AdamStep& s, float* p, const float* g, float* m, float* v, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(adam)(s, p, g, m, v, static_cast<size_t>(n));
}
bool sgd(const SgdStep& s, float* p, const float* g, float* buffer, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(sgd)(s, p, g, buffer, static_cast<size_t>(n));
}
bool rmsprop(const RmspropStep& s, float* p, const float* g, float* square, float* mean,
             float* buffer, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(rmsprop)(s, p, g, square, mean, buffer, static_cast<size_t>(n));
}
void scale(float* x, float factor, int64_t n) {
  HWY_DYNAMIC_DISPATCH(scale)(x, factor, static_cast<size_t>(n));
}

}  // namespace nd::simd
#endif  // HWY_ONCE
