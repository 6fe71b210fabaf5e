#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/random.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/philox-inl.h"
#include "simd/random.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void uniform(const PhiloxKey& key, double bound, float* y, int64_t n) {
  const hn::ScalableTag<uint32_t> du;
  HWY_ALIGN uint32_t words[4 * hn::MaxLanes(du)];
  const auto batch = static_cast<int64_t>(4 * hn::Lanes(du));
  for (int64_t i = 0; i < n; i += batch) {
    hn::Vec<decltype(du)> word[4];
    philox_words<10>(du, key, hn::Iota(du, static_cast<uint32_t>(i / 4)), word);
    hn::StoreInterleaved4(word[0], word[1], word[2], word[3], du, words);
    const int64_t count = HWY_MIN(batch, n - i);
    for (int64_t j = 0; j < count; ++j) {
      const double u = static_cast<double>(static_cast<int32_t>(words[j] >> 8)) * 0x1p-24;
      y[i + j] = static_cast<float>((2.0 * u - 1.0) * bound);
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {
HWY_EXPORT(uniform);

void uniform(const PhiloxKey& key, double bound, float* y, int64_t n) {
  HWY_DYNAMIC_DISPATCH(uniform)(key, bound, y, n);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
