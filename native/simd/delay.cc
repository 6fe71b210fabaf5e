#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/delay.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/delay.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr size_t kSteps = 4;     // rows of a register tile
constexpr size_t kVectors = 4;   // vectors of a row in it
constexpr size_t kDelays = 8;    // correlations that share a read of `a`
constexpr size_t kChunk = 64;    // steps summed in float before the sum goes on in double
constexpr size_t kRunSteps = 4;  // steps of `a` that share a row of `v` in a run of delays
constexpr size_t kRun = HWY_TARGET <= HWY_AVX3 ? 16 : 8;  // delays of a run: sums in registers

HWY_INLINE const float* delayed_row(const float* v, size_t t, size_t delay, size_t length,
                                    size_t width) {
  const size_t row = t + delay;
  return v + (row >= length ? row - length : row) * width;
}

/// kRows steps of kColumns whole vectors, or, when kPartial, of the first `part` lanes of one.
template <size_t kRows, size_t kColumns, bool kPartial>
HWY_INLINE void aggregate_tile(const float* v, const float* weights, const int32_t* rows,
                               size_t count, size_t length, size_t width, size_t t, size_t part,
                               float* out) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V total[kRows][kColumns];
  HWY_UNROLL(4)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4)
    for (size_t j = 0; j < kColumns; ++j) total[r][j] = hn::Zero(d);
  }
  for (size_t i = 0; i < count; ++i) {
    const V weight = hn::Set(d, weights[i]);
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) {
      const float* row = delayed_row(v, t + r, static_cast<size_t>(rows[i]), length, width);
      HWY_UNROLL(4)
      for (size_t j = 0; j < kColumns; ++j) {
        const V x = kPartial ? hn::LoadN(d, row, part) : hn::LoadU(d, row + j * lanes);
        total[r][j] = hn::MulAdd(weight, x, total[r][j]);
      }
    }
  }
  HWY_UNROLL(4)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4)
    for (size_t j = 0; j < kColumns; ++j) {
      float* to = out + (t + r) * width + j * lanes;
      if (kPartial) {
        hn::StoreN(total[r][j], d, to, part);
      } else {
        hn::StoreU(total[r][j], d, to);
      }
    }
  }
}

template <size_t kColumns, bool kPartial>
HWY_INLINE void aggregate_columns(const float* v, const float* weights, const int32_t* rows,
                                  size_t count, size_t length, size_t width, size_t part,
                                  float* out) {
  size_t t = 0;
  for (; t + kSteps <= length; t += kSteps)
    aggregate_tile<kSteps, kColumns, kPartial>(v, weights, rows, count, length, width, t, part,
                                               out);
  for (; t < length; ++t)
    aggregate_tile<1, kColumns, kPartial>(v, weights, rows, count, length, width, t, part, out);
}

void delay_aggregate(const float* v, const float* weights, const int32_t* rows, size_t count,
                     size_t length, size_t width, size_t begin, size_t end, float* out) {
  const size_t lanes = hn::Lanes(D());
  size_t c = begin;
  for (; c + kVectors * lanes <= end; c += kVectors * lanes)
    aggregate_columns<kVectors, false>(v + c, weights, rows, count, length, width, 0, out + c);
  for (; c + lanes <= end; c += lanes)
    aggregate_columns<1, false>(v + c, weights, rows, count, length, width, 0, out + c);
  if (c < end)
    aggregate_columns<1, true>(v + c, weights, rows, count, length, width, end - c, out + c);
}

/// Adds to total[i] the products of steps [t, t_end) at delay rows[i], i < kCount.
template <size_t kCount>
HWY_INLINE void correlate_chunk(const float* a, const float* v, const int32_t* rows, size_t length,
                                size_t width, size_t t, size_t t_end, double* total) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V sum[kCount];
  HWY_UNROLL(8)
  for (size_t i = 0; i < kCount; ++i) sum[i] = hn::Zero(d);
  for (; t < t_end; ++t) {
    const float* left = a + t * width;
    const float* right[kCount];
    HWY_UNROLL(8)
    for (size_t i = 0; i < kCount; ++i)
      right[i] = delayed_row(v, t, static_cast<size_t>(rows[i]), length, width);
    size_t c = 0;
    for (; c + lanes <= width; c += lanes) {
      const V x = hn::LoadU(d, left + c);
      HWY_UNROLL(8)
      for (size_t i = 0; i < kCount; ++i)
        sum[i] = hn::MulAdd(x, hn::LoadU(d, right[i] + c), sum[i]);
    }
    if (c < width) {
      const V x = hn::LoadN(d, left + c, width - c);
      HWY_UNROLL(8)
      for (size_t i = 0; i < kCount; ++i)
        sum[i] = hn::MulAdd(x, hn::LoadN(d, right[i] + c, width - c), sum[i]);
    }
  }
  HWY_UNROLL(8)
  for (size_t i = 0; i < kCount; ++i) total[i] += hn::ReduceSum(d, sum[i]);
}

template <size_t kCount>
HWY_INLINE void correlate_block(const float* a, const float* v, const int32_t* rows, size_t length,
                                size_t width, float* out) {
  double total[kCount] = {};
  for (size_t t = 0; t < length; t += kChunk)
    correlate_chunk<kCount>(a, v, rows, length, width, t, HWY_MIN(t + kChunk, length), total);
  for (size_t i = 0; i < kCount; ++i) out[i] = static_cast<float>(total[i]);
}

/// The same for kRun delays that follow each other from `first` on: kStepsHere steps read
/// kRun + kStepsHere - 1 rows of `v` where single delays would read kRun·kStepsHere.
template <size_t kStepsHere>
HWY_INLINE void correlate_run_steps(const float* a, const float* v, size_t first, size_t length,
                                    size_t width, size_t t, V* sum) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const float* left = a + t * width;
  const float* right[kRun + kStepsHere - 1];
  size_t row = (t + first) % length;
  HWY_UNROLL(19)
  for (size_t j = 0; j < kRun + kStepsHere - 1; ++j) {
    right[j] = v + row * width;
    row = row + 1 == length ? 0 : row + 1;
  }
  size_t c = 0;
  const auto columns = [&](auto load) HWY_ATTR {
    V x[kStepsHere];
    HWY_UNROLL(4)
    for (size_t r = 0; r < kStepsHere; ++r) x[r] = load(left + r * width + c);
    HWY_UNROLL(19)
    for (size_t j = 0; j < kRun + kStepsHere - 1; ++j) {
      const V y = load(right[j] + c);
      HWY_UNROLL(4)
      for (size_t r = 0; r < kStepsHere; ++r)
        if (j >= r && j - r < kRun) sum[j - r] = hn::MulAdd(x[r], y, sum[j - r]);
    }
  };
  for (; c + lanes <= width; c += lanes)
    columns([&](const float* from) HWY_ATTR { return hn::LoadU(d, from); });
  if (c < width) columns([&](const float* from) HWY_ATTR { return hn::LoadN(d, from, width - c); });
}

HWY_NOINLINE void correlate_run(const float* a, const float* v, size_t first, size_t length,
                                size_t width, float* out) {
  const D d;
  double total[kRun] = {};
  for (size_t begin = 0; begin < length; begin += kChunk) {
    const size_t end = HWY_MIN(begin + kChunk, length);
    V sum[kRun];
    HWY_UNROLL(16)
    for (size_t i = 0; i < kRun; ++i) sum[i] = hn::Zero(d);
    size_t t = begin;
    for (; t + kRunSteps <= end; t += kRunSteps)
      correlate_run_steps<kRunSteps>(a, v, first, length, width, t, sum);
    for (; t < end; ++t) correlate_run_steps<1>(a, v, first, length, width, t, sum);
    HWY_UNROLL(16)
    for (size_t i = 0; i < kRun; ++i) total[i] += hn::ReduceSum(d, sum[i]);
  }
  for (size_t i = 0; i < kRun; ++i) out[i] = static_cast<float>(total[i]);
}

bool is_run(const int32_t* rows, size_t length) {
  for (size_t i = 1; i < kRun; ++i)
    if (static_cast<size_t>(rows[i]) != (static_cast<size_t>(rows[i - 1]) + 1) % length)
      return false;
  return true;
}

void delay_correlate(const float* a, const float* v, const int32_t* rows, size_t count,
                     size_t length, size_t width, float* out) {
  size_t i = 0;
  for (; i + kRun <= count && is_run(rows + i, length); i += kRun)
    correlate_run(a, v, static_cast<size_t>(rows[i]), length, width, out + i);
  for (; i + kDelays <= count; i += kDelays)
    correlate_block<kDelays>(a, v, rows + i, length, width, out + i);
  for (; i + kDelays / 2 <= count; i += kDelays / 2)
    correlate_block<kDelays / 2>(a, v, rows + i, length, width, out + i);
  for (; i < count; ++i) correlate_block<1>(a, v, rows + i, length, width, out + i);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(delay_aggregate);
HWY_EXPORT(delay_correlate);

void delay_aggregate(const float* v, const float* weights, const int32_t* rows, int64_t count,
                     int64_t length, int64_t width, int64_t begin, int64_t end, float* out) {
  HWY_DYNAMIC_DISPATCH(delay_aggregate)
  (v, weights, rows, static_cast<size_t>(count), static_cast<size_t>(length),
   static_cast<size_t>(width), static_cast<size_t>(begin), static_cast<size_t>(end), out);
}
void delay_correlate(const float* a, const float* v, const int32_t* rows, int64_t count,
                     int64_t length, int64_t width, float* out) {
  HWY_DYNAMIC_DISPATCH(delay_correlate)
  (a, v, rows, static_cast<size_t>(count), static_cast<size_t>(length), static_cast<size_t>(width),
   out);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
