#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/peak.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/erf-inl.h"
#include "simd/peak.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `rounds` rounds over 12 independent FMA chains (more than latency times ports anywhere); returns
/// the operations done. `sink` keeps the results alive.
double fma_rounds(long rounds, float* sink) {
  const hn::ScalableTag<float> d;
  constexpr int kChains = 12;
  using V = hn::Vec<decltype(d)>;
  V chain[kChains];
  // Values that converge, so that no denormal and no infinity appears whatever the number of
  // rounds.
  const V factor = hn::Set(d, *sink), offset = hn::Set(d, 1.0f);
  HWY_UNROLL(12)
  for (int i = 0; i < kChains; ++i) chain[i] = hn::Set(d, 1.0f + static_cast<float>(i));
  for (long r = 0; r < rounds; ++r) {
    HWY_UNROLL(12)
    for (int i = 0; i < kChains; ++i) chain[i] = hn::MulAdd(chain[i], factor, offset);
  }
  V total = hn::Zero(d);
  HWY_UNROLL(12)
  for (int i = 0; i < kChains; ++i) total = hn::Add(total, chain[i]);
  *sink = hn::ReduceSum(d, total) > 0 ? 0.5f : 0.25f;
  return 2.0 * kChains * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
}

/// y[i] = e^x[i], `rounds` times; returns how many.
double exponential_rounds(long rounds, const float* x, size_t n, float* y) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  for (long r = 0; r < rounds; ++r) {
    for (size_t i = 0; i + 2 * lanes <= n; i += 2 * lanes) {
      hn::StoreU(exp_nonpositive(d, hn::LoadU(d, x + i)), d, y + i);
      hn::StoreU(exp_nonpositive(d, hn::LoadU(d, x + i + lanes)), d, y + i + lanes);
    }
  }
  return static_cast<double>(rounds) * static_cast<double>(n);
}

void update_streams_kernel(float* p, const float* g, float* m, float* v, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto half = hn::Set(d, 0.5f);  // values converge: no denormal, no infinity
  for (int64_t i = 0; i + lanes <= n; i += lanes) {
    const auto gradient = hn::LoadU(d, g + i);
    const auto first = hn::MulAdd(hn::LoadU(d, m + i), half, gradient);
    const auto second = hn::MulAdd(hn::LoadU(d, v + i), half, gradient);
    hn::StoreU(first, d, m + i);
    hn::StoreU(second, d, v + i);
    hn::StoreU(hn::MulAdd(hn::LoadU(d, p + i), half, first), d, p + i);
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <time.h>

namespace nd::simd {

namespace {

/// The thread's own processor time: on a busy machine, time given to others does not count.
double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Operations per second of `rounds`, which returns how many it did in well under a tenth of a
/// millisecond.
template <class F>
double rate_of(double seconds, F rounds) {
  double operations = 0, elapsed = 0;
  const double start = thread_seconds();
  do {
    operations += rounds();
    elapsed = thread_seconds() - start;
  } while (elapsed < seconds);
  return operations / elapsed;
}

}  // namespace

HWY_EXPORT(fma_rounds);
HWY_EXPORT(exponential_rounds);
HWY_EXPORT(update_streams_kernel);

void update_streams(float* p, const float* g, float* m, float* v, int64_t n) {
  HWY_DYNAMIC_DISPATCH(update_streams_kernel)(p, g, m, v, n);
}

double fma_peak_flops(double seconds) {
  float sink = 0.5f;
  return rate_of(seconds, [&] { return HWY_DYNAMIC_DISPATCH(fma_rounds)(20000, &sink); });
}

double exponential_rate(double seconds) {
  constexpr size_t kCount = 1024;
  float x[kCount], y[kCount];
  for (size_t i = 0; i < kCount; ++i) x[i] = -0.01f * static_cast<float>(i);
  return rate_of(seconds,
                 [&] { return HWY_DYNAMIC_DISPATCH(exponential_rounds)(40, x, kCount, y); });
}

}  // namespace nd::simd
#endif  // HWY_ONCE
