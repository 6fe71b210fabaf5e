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

/// How a vector is read and written: whole, or the last few elements.
struct Whole {
  HWY_INLINE V load(const float* from) const { return hn::LoadU(D(), from); }
  HWY_INLINE void store(V v, float* to) const { hn::StoreU(v, D(), to); }
};
struct Rest {
  size_t count;
  HWY_INLINE V load(const float* from) const { return hn::LoadN(D(), from, count); }
  HWY_INLINE void store(V v, float* to) const { hn::StoreN(v, D(), to, count); }
};

/// Takes one vector of p, g and the buffers of the optimiser's state through `kernel`.
template <size_t kStates, class Kernel, class Access>
HWY_INLINE void step(const Kernel& kernel, Access access, float* p, const float* g,
                     float* const* states, size_t i, Watch& watch) {
  V value = access.load(p + i), kept[HWY_MAX(kStates, 1)];
  for (size_t s = 0; s < kStates; ++s) kept[s] = access.load(states[s] + i);
  const V gradient = access.load(g + i);
  watch.see(gradient);
  kernel(value, gradient, kept);
  access.store(value, p + i);
  for (size_t s = 0; s < kStates; ++s) access.store(kept[s], states[s] + i);
}

/// Updates all n elements; false when any g is NaN or infinite.
template <class Kernel, class... Buffers>
HWY_INLINE bool run(const Kernel& kernel, size_t n, float* p, const float* g, Buffers... buffers) {
  constexpr size_t kStates = sizeof...(Buffers);
  float* const states[] = {buffers..., nullptr};
  const size_t lanes = hn::Lanes(D());
  Watch watch;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) step<kStates>(kernel, Whole(), p, g, states, i, watch);
  if (i < n) step<kStates>(kernel, Rest{n - i}, p, g, states, i, watch);
  return watch.finite();
}

/// kDecay: any weight decay, kMaximum: AMSGrad, kNesterov: any gradient_rate.
template <bool kDecay, bool kMaximum, bool kNesterov = false, bool kDivided = true>
struct AdamKernel {
  Clip clip;
  V step, gradient_step, first_rate, beta2, second_rate, inverse_bias2, epsilon, decay, shrink;

  explicit AdamKernel(const AdamStep& s)
      : clip(s.clip),
        step(repeat(s.learning_rate / s.bias1)),
        gradient_step(repeat(s.gradient_rate)),
        first_rate(repeat(1 - s.beta1)),
        beta2(repeat(s.beta2)),
        second_rate(repeat(1 - s.beta2)),
        inverse_bias2(repeat(1 / s.bias2_sqrt)),
        epsilon(repeat(s.epsilon)),
        decay(repeat(s.decoupled ? 0 : s.weight_decay)),
        shrink(repeat(s.decoupled ? 1 - s.learning_rate * s.weight_decay : 1)) {}

  template <size_t kStates>
  HWY_INLINE void operator()(V& p, V g, V (&states)[kStates]) const {
    V &m = states[0], &v = states[1];
    g = clip(g);
    if (kDecay) {
      p = hn::Mul(p, shrink);
      g = hn::MulAdd(decay, p, g);
    }
    m = hn::MulAdd(first_rate, hn::Sub(g, m), m);
    v = hn::MulAdd(second_rate, hn::Mul(g, g), hn::Mul(beta2, v));
    if (kMaximum) states[kStates - 1] = hn::Max(states[kStates - 1], v);
    V change = hn::Mul(step, m);
    if (kNesterov) change = hn::MulAdd(gradient_step, g, change);
    if (kDivided) {
      const V root = hn::Sqrt(kMaximum ? states[kStates - 1] : v);
      // 0 / 0 in a padding lane when epsilon is 0.
      change = hn::IfThenZeroElse(hn::Eq(change, hn::Zero(D())),
                                  hn::Div(change, hn::MulAdd(root, inverse_bias2, epsilon)));
    }
    p = hn::Sub(p, change);
  }
};

template <bool kDecay>
HWY_INLINE bool adam_pass(const AdamStep& s, float* p, const float* g, float* m, float* v,
                          size_t n) {
  if (s.max_second) return run(AdamKernel<kDecay, true>(s), n, p, g, m, v, s.max_second);
  if (!s.divided) return run(AdamKernel<kDecay, false, false, false>(s), n, p, g, m, v);
  if (s.gradient_rate != 0) return run(AdamKernel<kDecay, false, true>(s), n, p, g, m, v);
  return run(AdamKernel<kDecay, false>(s), n, p, g, m, v);
}

bool adam(const AdamStep& s, float* p, const float* g, float* m, float* v, size_t n) {
  return s.weight_decay != 0 ? adam_pass<true>(s, p, g, m, v, n)
                             : adam_pass<false>(s, p, g, m, v, n);
}

/// What a rule without running means begins with: the clipped gradient and L2.
struct Slope {
  Clip clip;
  V decay;
  template <class Step>
  HWY_INLINE explicit Slope(const Step& s) : clip(s.clip), decay(repeat(s.weight_decay)) {}
  HWY_INLINE V operator()(V p, V g) const { return hn::MulAdd(decay, p, clip(g)); }
};

template <bool kMomentum>
struct SgdKernel {
  Slope slope;
  V rate, momentum, fresh;
  bool nesterov, first;

  explicit SgdKernel(const SgdStep& s)
      : slope(s),
        rate(repeat(s.learning_rate)),
        momentum(repeat(s.momentum)),
        fresh(repeat(1 - s.dampening)),
        nesterov(s.nesterov),
        first(s.first) {}

  HWY_INLINE void operator()(V& p, V g, V (&buffer)[1]) const {
    V step = slope(p, g);
    if (kMomentum) {
      buffer[0] = first ? step : hn::MulAdd(fresh, step, hn::Mul(momentum, buffer[0]));
      step = nesterov ? hn::MulAdd(momentum, buffer[0], step) : buffer[0];
    }
    p = hn::NegMulAdd(rate, step, p);
  }
};

bool sgd(const SgdStep& s, float* p, const float* g, float* buffer, size_t n) {
  return buffer ? run(SgdKernel<true>(s), n, p, g, buffer) : run(SgdKernel<false>(s), n, p, g);
}

template <bool kCentered, bool kMomentum>
struct RmspropKernel {
  Slope slope;
  V rate, alpha, fresh, epsilon, momentum;

  explicit RmspropKernel(const RmspropStep& s)
      : slope(s),
        rate(repeat(s.learning_rate)),
        alpha(repeat(s.alpha)),
        fresh(repeat(1 - s.alpha)),
        epsilon(repeat(s.epsilon)),
        momentum(repeat(s.momentum)) {}

  /// States: square, mean, buffer, those that there are.
  template <size_t kStates>
  HWY_INLINE void operator()(V& p, V g, V (&states)[kStates]) const {
    g = slope(p, g);
    states[0] = hn::MulAdd(fresh, hn::Mul(g, g), hn::Mul(alpha, states[0]));
    V variance = states[0];
    if (kCentered) {
      V& mean = states[kStates > 1];
      mean = hn::MulAdd(fresh, hn::Sub(g, mean), mean);
      // Rounding can take the variance of an almost constant gradient below 0.
      variance = hn::Max(hn::NegMulAdd(mean, mean, variance), hn::Zero(D()));
    }
    // 0 / 0 in a padding lane when epsilon is 0.
    V step = hn::IfThenZeroElse(hn::Eq(g, hn::Zero(D())),
                                hn::Div(g, hn::Add(hn::Sqrt(variance), epsilon)));
    if (kMomentum) {
      V& buffer = states[kStates - 1];
      buffer = step = hn::MulAdd(momentum, buffer, step);
    }
    p = hn::NegMulAdd(rate, step, p);
  }
};

bool rmsprop(const RmspropStep& s, float* p, const float* g, float* square, float* mean,
             float* buffer, size_t n) {
  if (mean && buffer) return run(RmspropKernel<true, true>(s), n, p, g, square, mean, buffer);
  if (mean) return run(RmspropKernel<true, false>(s), n, p, g, square, mean);
  if (buffer) return run(RmspropKernel<false, true>(s), n, p, g, square, buffer);
  return run(RmspropKernel<false, false>(s), n, p, g, square);
}

struct AdagradKernel {
  Slope slope;
  V rate, epsilon;

  explicit AdagradKernel(const AdagradStep& s)
      : slope(s), rate(repeat(s.learning_rate)), epsilon(repeat(s.epsilon)) {}

  HWY_INLINE void operator()(V& p, V g, V (&squares)[1]) const {
    g = slope(p, g);
    squares[0] = hn::MulAdd(g, g, squares[0]);
    const V step = hn::Div(g, hn::Add(hn::Sqrt(squares[0]), epsilon));
    p = hn::NegMulAdd(rate, hn::IfThenZeroElse(hn::Eq(g, hn::Zero(D())), step), p);
  }
};

bool adagrad(const AdagradStep& s, float* p, const float* g, float* squares, size_t n) {
  return run(AdagradKernel(s), n, p, g, squares);
}

struct AdadeltaKernel {
  Slope slope;
  V rate, rho, fresh, epsilon;

  explicit AdadeltaKernel(const AdadeltaStep& s)
      : slope(s),
        rate(repeat(s.learning_rate)),
        rho(repeat(s.rho)),
        fresh(repeat(1 - s.rho)),
        epsilon(repeat(s.epsilon)) {}

  HWY_INLINE void operator()(V& p, V g, V (&states)[2]) const {
    V &square = states[0], &delta = states[1];
    g = slope(p, g);
    square = hn::MulAdd(fresh, hn::Mul(g, g), hn::Mul(rho, square));
    const V ratio = hn::Div(hn::Sqrt(hn::Add(delta, epsilon)), hn::Sqrt(hn::Add(square, epsilon)));
    const V step = hn::IfThenZeroElse(hn::Eq(g, hn::Zero(D())), hn::Mul(ratio, g));
    delta = hn::MulAdd(fresh, hn::Mul(step, step), hn::Mul(rho, delta));
    p = hn::NegMulAdd(rate, step, p);
  }
};

bool adadelta(const AdadeltaStep& s, float* p, const float* g, float* square, float* delta,
              size_t n) {
  return run(AdadeltaKernel(s), n, p, g, square, delta);
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
HWY_EXPORT(adagrad);
HWY_EXPORT(adadelta);
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
bool adagrad(const AdagradStep& s, float* p, const float* g, float* squares, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(adagrad)(s, p, g, squares, static_cast<size_t>(n));
}
bool adadelta(const AdadeltaStep& s, float* p, const float* g, float* square, float* delta,
              int64_t n) {
  return HWY_DYNAMIC_DISPATCH(adadelta)(s, p, g, square, delta, static_cast<size_t>(n));
}
void scale(float* x, float factor, int64_t n) {
  HWY_DYNAMIC_DISPATCH(scale)(x, factor, static_cast<size_t>(n));
}

}  // namespace nd::simd
#endif  // HWY_ONCE
