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
template <class DU, class VU = hn::Vec<DU>>
HWY_INLINE void multiply_wide(DU du, VU a, VU m, VU& high, VU& low) {
  const hn::RepartitionToWide<DU> dw;
  const auto even = hn::MulEven(a, m), odd = hn::MulOdd(a, m);
  high = hn::OddEven(hn::BitCast(du, odd), hn::BitCast(du, hn::ShiftRight<32>(even)));
  low =
      hn::OddEven(hn::BitCast(du, hn::ShiftLeft<32>(hn::BitCast(dw, odd))), hn::BitCast(du, even));
}

/// uniform[w] lane i = philox_uniform(key, 4 * block[i] + w).
template <class D, class VU = hn::Vec<hn::RebindToUnsigned<D>>>
HWY_INLINE void philox_uniforms(D d, const PhiloxKey& key, VU block, hn::Vec<D> (&uniform)[4]) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  uint32_t k0 = static_cast<uint32_t>(key.seed), k1 = static_cast<uint32_t>(key.seed >> 32);
  const VU m0 = hn::Set(du, 0xD2511F53u), m1 = hn::Set(du, 0xCD9E8D57u);
  VU c0 = block, c1 = hn::Set(du, key.step);
  VU c2 = hn::Set(du, key.substream), c3 = hn::Set(du, static_cast<uint32_t>(key.stream));
  for (int round = 0; round < 10; ++round) {
    VU high0, low0, high1, low1;
    multiply_wide(du, c0, m0, high0, low0);
    multiply_wide(du, c2, m1, high1, low1);
    c0 = hn::Xor3(high1, c1, hn::Set(du, k0));
    c1 = low1;
    c2 = hn::Xor3(high0, c3, hn::Set(du, k1));
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  // The 24 high bits convert exactly; through int32, which every target converts natively.
  const auto to_uniform = [&](VU word) HWY_ATTR {
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(word))),
                   hn::Set(d, 0x1p-24f));
  };
  uniform[0] = to_uniform(c0);
  uniform[1] = to_uniform(c1);
  uniform[2] = to_uniform(c2);
  uniform[3] = to_uniform(c3);
}

/// y[i] = x[i] * (philox_uniform(key, first + i) < 1-p ? 1/(1-p) : 0), bit for bit; 0 <= p <= 1.
HWY_INLINE void dropout_run(const PhiloxKey& key, float p, const float* x, float* y, uint64_t first,
                            size_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t lanes = hn::Lanes(d), batch = 4 * lanes;
  const auto keep = hn::Set(d, 1.0f - p);
  const auto factor = hn::Set(d, p < 1.0f ? 1.0f / (1.0f - p) : 0.0f);
  HWY_ALIGN float u[4 * hn::MaxLanes(d)];
  size_t done = 0;
  while (done < n) {
    const uint64_t index = first + done;
    hn::Vec<hn::ScalableTag<float>> word[4];
    philox_uniforms(d, key, hn::Iota(du, static_cast<uint32_t>(index / 4)), word);
    hn::StoreInterleaved4(word[0], word[1], word[2], word[3], d, u);
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
