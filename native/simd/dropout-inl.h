// Dropout masks: Philox4x32-10 (base/philox.h) of whole vectors of counters. Per-target header,
// included once for each target.
#if defined(ND_SIMD_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_DROPOUT_INL_H_
#undef ND_SIMD_DROPOUT_INL_H_
#else
#define ND_SIMD_DROPOUT_INL_H_
#endif

#include "base/philox.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// High and low halves of the 64-bit products a * m, lane by lane.
template <class VU>
HWY_INLINE void multiply_wide(VU a, VU m, VU& high, VU& low) {
  const hn::DFromV<VU> du;
  const hn::RepartitionToWide<decltype(du)> dw;
  const auto even = hn::MulEven(a, m), odd = hn::MulOdd(a, m);
  high = hn::OddEven(hn::BitCast(du, odd), hn::BitCast(du, hn::ShiftRight<32>(even)));
  low =
      hn::OddEven(hn::BitCast(du, hn::ShiftLeft<32>(hn::BitCast(dw, odd))), hn::BitCast(du, even));
}

/// Philox4x32-10 (base/philox.h) of Lanes() consecutive blocks: 4 * Lanes() uniforms in index
/// order.
HWY_INLINE void uniforms(const PhiloxKey& key, uint32_t first_block, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  using VU = hn::Vec<decltype(du)>;
  uint32_t k0 = static_cast<uint32_t>(key.seed), k1 = static_cast<uint32_t>(key.seed >> 32);
  const VU m0 = hn::Set(du, 0xD2511F53u), m1 = hn::Set(du, 0xCD9E8D57u);
  VU c0 = hn::Add(hn::Iota(du, 0), hn::Set(du, first_block)), c1 = hn::Set(du, key.step);
  VU c2 = hn::Set(du, key.substream), c3 = hn::Set(du, static_cast<uint32_t>(key.stream));
  for (int round = 0; round < 10; ++round) {
    VU high0, low0, high1, low1;
    multiply_wide(c0, m0, high0, low0);
    multiply_wide(c2, m1, high1, low1);
    c0 = hn::Xor3(high1, c1, hn::Set(du, k0));
    c1 = low1;
    c2 = hn::Xor3(high0, c3, hn::Set(du, k1));
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  // The 24 high bits convert exactly; through int32, which every target converts natively.
  const auto to_uniform = [&](VU word) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(word))),
                   hn::Set(d, 0x1p-24f));
  };
  hn::StoreInterleaved4(to_uniform(c0), to_uniform(c1), to_uniform(c2), to_uniform(c3), d, out);
}

/// y[i] = x[i] * (philox_uniform(key, first + i) < 1-p ? 1/(1-p) : 0), bit for bit; 0 <= p <= 1.
HWY_INLINE void dropout_run(const PhiloxKey& key, float p, const float* x, float* y, uint64_t first,
                            size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), batch = 4 * lanes;
  const auto keep = hn::Set(d, 1.0f - p);
  const auto factor = hn::Set(d, p < 1.0f ? 1.0f / (1.0f - p) : 0.0f);
  HWY_ALIGN float u[4 * hn::MaxLanes(d)];
  size_t done = 0;
  while (done < n) {
    const uint64_t index = first + done;
    uniforms(key, static_cast<uint32_t>(index / 4), u);
    const size_t lead = index % 4, count = HWY_MIN(batch - lead, n - done);
    for (size_t i = 0; i < count; i += lanes) {
      const size_t part = HWY_MIN(lanes, count - i);
      const auto kept = hn::Lt(hn::LoadN(d, u + lead + i, part), keep);
      const auto mask = hn::IfThenElseZero(kept, factor);
      hn::StoreN(hn::Mul(hn::LoadN(d, x + done + i, part), mask), d, y + done + i, part);
    }
    done += count;
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
