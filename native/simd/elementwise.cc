#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/elementwise.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

void fill(float* y, float value, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto v = hn::Set(d, value);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(v, d, y + i);
  if (i < n) hn::StoreN(v, d, y + i, n - i);
}

void add_into(float* y, const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::LoadU(d, x + i)), d, y + i);
  if (i < n)
    hn::StoreN(hn::Add(hn::LoadN(d, y + i, n - i), hn::LoadN(d, x + i, n - i)), d, y + i, n - i);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(fill);
HWY_EXPORT(add_into);

void fill(float* y, float value, int64_t n) {
  HWY_DYNAMIC_DISPATCH(fill)(y, value, static_cast<size_t>(n));
}
void add_into(float* y, const float* x, int64_t n) {
  HWY_DYNAMIC_DISPATCH(add_into)(y, x, static_cast<size_t>(n));
}

}  // namespace nd::simd
#endif  // HWY_ONCE
