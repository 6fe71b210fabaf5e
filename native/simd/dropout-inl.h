// Dropout masks from vectors of Philox blocks. Per-target header, included once for each target.
#if defined(ND_SIMD_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_DROPOUT_INL_H_
#undef ND_SIMD_DROPOUT_INL_H_
#else
#define ND_SIMD_DROPOUT_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// draw[part] lane i = philox_half(key, block[i], part).
template <class DU, class VU = hn::Vec<DU>>
HWY_INLINE void philox_halves(DU du, const PhiloxKey& key, VU block, VU (&draw)[8]) {
  VU c[4];
  philox_words<kDropoutRounds>(du, key, block, c);
  HWY_UNROLL(4)
  for (int w = 0; w < 4; ++w) {
    draw[w] = hn::ShiftRight<16>(c[w]);
    draw[4 + w] = hn::And(c[w], hn::Set(du, 0xFFFFu));
  }
}

/// The factor of dropout with probability p for each draw: 0 or 1 / (1-p).
template <class D>
class DropoutFactor {
 public:
  DropoutFactor(D, float p)
      : keep_(hn::Set(DI(), static_cast<int32_t>(kept_draws(p)))),
        scale_(hn::Set(D(), p < 1.0f ? 1.0f / (1.0f - p) : 0.0f)) {}
  HWY_INLINE hn::Vec<D> operator()(hn::Vec<hn::RebindToUnsigned<D>> draw) const {
    const auto kept = hn::Lt(hn::BitCast(DI(), draw), keep_);  // every target compares signed ones
    return hn::IfThenElseZero(hn::RebindMask(D(), kept), scale_);
  }

 private:
  using DI = hn::RebindToSigned<D>;
  hn::Vec<DI> keep_;
  hn::Vec<D> scale_;
};

/// y[i] = x[i] * (dropout_keeps(key, first + i, p) ? 1/(1-p) : 0), bit for bit; 0 <= p <= 1.
HWY_INLINE void dropout_run(const PhiloxKey& key, float p, const float* x, float* y, uint64_t first,
                            size_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t lanes = hn::Lanes(d);
  const DropoutFactor factor(d, p);
  // Calls f(i, factors) for the elements of the group that starts at `group`.
  const auto for_each_vector = [&](uint64_t group, auto f) HWY_ATTR {
    const uint32_t block = static_cast<uint32_t>(group / kDropoutGroup * kDropoutRow);
    for (size_t column = 0; column < kDropoutRow; column += lanes) {
      hn::Vec<decltype(du)> draw[8];
      philox_halves(du, key, hn::Iota(du, block + static_cast<uint32_t>(column)), draw);
      HWY_UNROLL(8)
      for (size_t part = 0; part < 8; ++part) f(part * kDropoutRow + column, factor(draw[part]));
    }
  };
  for (size_t done = 0; done < n;) {
    const size_t lead = (first + done) % kDropoutGroup;
    const size_t count = HWY_MIN(static_cast<size_t>(kDropoutGroup) - lead, n - done);
    const uint64_t group = first + done - lead;
    if (count == kDropoutGroup) {
      for_each_vector(group, [&](size_t i, auto factors) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, x + done + i), factors), d, y + done + i);
      });
    } else {
      HWY_ALIGN float factors_of[kDropoutGroup];
      for_each_vector(
          group, [&](size_t i, auto factors) HWY_ATTR { hn::StoreU(factors, d, factors_of + i); });
      for (size_t i = 0; i < count; i += lanes) {
        const size_t part = HWY_MIN(lanes, count - i);
        const auto factors = hn::LoadN(d, factors_of + lead + i, part);
        hn::StoreN(hn::Mul(hn::LoadN(d, x + done + i, part), factors), d, y + done + i, part);
      }
    }
    done += count;
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
