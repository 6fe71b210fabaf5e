#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gemm_pack.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/gemm.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int64_t kPanel = 2 * kLanes;

/// One panel of a matrix whose columns j are contiguous.
HWY_INLINE void pack_contiguous(const float* b, int64_t b_row, int64_t k, int64_t valid,
                                float* out) {
  const D d;
  if (valid == kPanel) {
    for (int64_t i = 0; i < k; ++i, b += b_row, out += kPanel) {
      hn::StoreU(hn::LoadU(d, b), d, out);
      hn::StoreU(hn::LoadU(d, b + kLanes), d, out + kLanes);
    }
    return;
  }
  const size_t low = static_cast<size_t>(HWY_MIN(valid, kLanes)),
               high = static_cast<size_t>(valid) - low;
  for (int64_t i = 0; i < k; ++i, b += b_row, out += kPanel) {
    hn::StoreU(hn::LoadN(d, b, low), d, out);
    hn::StoreU(high ? hn::LoadN(d, b + kLanes, high) : hn::Zero(d), d, out + kLanes);
  }
}

/// Half a panel (one vector) of a matrix whose k runs along rows: `valid` rows of it exist, at
/// least one.
HWY_INLINE void pack_transposed(const float* b, int64_t b_col, int64_t k, int64_t valid,
                                float* out) {
  const D d;
  const float* row[kLanes];
  for (int64_t j = 0; j < kLanes; ++j) row[j] = b + HWY_MIN(j, valid - 1) * b_col;
  const auto exists = hn::FirstN(d, static_cast<size_t>(valid));
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    V column[4];
    transpose_four(d, row, i, column);
    HWY_UNROLL(4)
    for (int c = 0; c < 4; ++c)
      hn::StoreU(hn::IfThenElseZero(exists, column[c]), d, out + (i + c) * kPanel);
  }
  for (; i < k; ++i) {
    for (int64_t j = 0; j < kLanes; ++j) out[i * kPanel + j] = j < valid ? row[j][i] : 0.0f;
  }
}

void pack_b(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, int64_t panel_begin,
            int64_t panel_end, float* packed) {
  const D d;
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    const int64_t valid = HWY_MIN(kPanel, n - p * kPanel);
    const float* from = b + p * kPanel * b_col;
    float* out = packed + p * kPanel * k;
    if (b_col == 1) {
      pack_contiguous(from, b_row, k, valid, out);
    } else if (b_row == 1) {
      pack_transposed(from, b_col, k, HWY_MIN(valid, kLanes), out);
      if (valid > kLanes) {
        pack_transposed(from + kLanes * b_col, b_col, k, valid - kLanes, out + kLanes);
      } else {
        for (int64_t i = 0; i < k; ++i) hn::StoreU(hn::Zero(d), d, out + i * kPanel + kLanes);
      }
    } else {
      for (int64_t i = 0; i < k; ++i) {
        for (int64_t j = 0; j < kPanel; ++j)
          out[i * kPanel + j] = j < valid ? from[i * b_row + j * b_col] : 0.0f;
      }
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(pack_b);

void pack_b(const float* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, int64_t panel_begin,
            int64_t panel_end, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_b)(b, b_row, b_col, k, n, panel_begin, panel_end, packed);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
