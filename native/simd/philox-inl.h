// Philox (base/philox.h) of whole vectors of counters. Per-target header, included once for each
// target.
#if defined(ND_SIMD_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_PHILOX_INL_H_
#undef ND_SIMD_PHILOX_INL_H_
#else
#define ND_SIMD_PHILOX_INL_H_
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

/// word[w] lane i = philox(key, block[i], kRounds)[w].
template <int kRounds, class DU, class VU = hn::Vec<DU>>
HWY_INLINE void philox_words(DU du, const PhiloxKey& key, VU block, VU (&word)[4]) {
  uint32_t k0 = static_cast<uint32_t>(key.seed), k1 = static_cast<uint32_t>(key.seed >> 32);
  const VU m0 = hn::Set(du, 0xD2511F53u), m1 = hn::Set(du, 0xCD9E8D57u);
  word[0] = block;
  word[1] = hn::Set(du, key.step);
  word[2] = hn::Set(du, key.substream);
  word[3] = hn::Set(du, static_cast<uint32_t>(key.stream));
  HWY_UNROLL(10)
  for (int round = 0; round < kRounds; ++round) {
    VU high0, low0, high1, low1;
    multiply_wide(du, word[0], m0, high0, low0);
    multiply_wide(du, word[2], m1, high1, low1);
    word[0] = hn::Xor3(high1, word[1], hn::Set(du, k0));
    word[1] = low1;
    word[2] = hn::Xor3(high0, word[3], hn::Set(du, k1));
    word[3] = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
