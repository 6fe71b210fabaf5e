#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/attention.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/attention-inl.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

/// Running maximum and sum of exponentials of each lane.
struct Statistics {
  V top[kTileVectors], total[kTileVectors];
};

/// Takes a block of scores in: they become e^(score - maximum). Returns in `factor` by what earlier
/// sums and results shrink.
HWY_INLINE void absorb(const Block& block, size_t count, float* scores, bool is_first,
                       Statistics& s, V (&factor)[kTileVectors]) {
  const D d;
  const V scale = hn::Set(d, kLog2E);
  for (size_t v = 0; v < block.vectors; ++v) {
    float* column = scores + v * hn::Lanes(d);
    V top = column_maximum(column, count);
    if (!is_first) top = hn::Max(top, s.top[v]);
    const V shift = hn::Mul(top, scale);
    const V sum = exponentials_of_column(column, count, scale, shift);
    factor[v] = is_first ? hn::Zero(d) : exp2_nonpositive(d, hn::MulSub(s.top[v], scale, shift));
    s.total[v] = is_first ? sum : hn::MulAdd(s.total[v], factor[v], sum);
    s.top[v] = top;
  }
}

void scale_rows(float* t, size_t rows, const Block& block, const V (&factor)[kTileVectors]) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t v = 0; v < block.vectors; ++v) {
      float* at = t + r * kPitch + v * lanes;
      hn::StoreU(hn::Mul(hn::LoadU(d, at), factor[v]), d, at);
    }
  }
}

void forward(const AttentionHead& head, size_t index, float* scratch) {
  const D d;
  const size_t depth = total_depth(head);
  const size_t value_depth = static_cast<size_t>(head.value_depth);
  const size_t value_stride = static_cast<size_t>(head.value.stride);
  const Block block = block_at(static_cast<size_t>(head.queries), index);
  if (block.count == 0) return;
  const Buffers b = buffers(scratch, depth, value_depth);
  load_queries(head, block, b.query);
  Statistics statistics;
  V factor[kTileVectors];
  const size_t keys = visible_keys(head, block);
  for (size_t first = 0; first < keys; first += kKeyBlock) {
    const size_t count = HWY_MIN(kKeyBlock, keys - first);
    compute_scores(head, block, b.query, first, count, b.scores);
    absorb(block, count, b.scores, first == 0, statistics, factor);
    drop(head, block, first, count, b.scores);
    if (first > 0) scale_rows(b.out, value_depth, block, factor);
    const Term term = {
        head.value.data + first * value_stride, 1, value_stride, b.scores, kPitch, count};
    product_panel(&term, 1, value_depth, block.vectors, b.out, kPitch, first > 0);
  }
  for (size_t v = 0; v < block.vectors; ++v)
    factor[v] = hn::Div(hn::Set(d, 1.0f), statistics.total[v]);
  scale_rows(b.out, value_depth, block, factor);
  store_transposed(b.out, block, value_depth, head.out);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(blocks_of);
HWY_EXPORT(scratch_floats);
HWY_EXPORT(forward);

int64_t attention_blocks(int64_t queries) {
  return static_cast<int64_t>(HWY_DYNAMIC_DISPATCH(blocks_of)(static_cast<size_t>(queries)));
}
int64_t attention_scratch_floats(int64_t depth, int64_t value_depth, int64_t keys) {
  return static_cast<int64_t>(HWY_DYNAMIC_DISPATCH(scratch_floats)(
      static_cast<size_t>(depth), static_cast<size_t>(value_depth), static_cast<size_t>(keys)));
}
void attention_forward(const AttentionHead& head, int64_t block, float* scratch) {
  HWY_DYNAMIC_DISPATCH(forward)(head, static_cast<size_t>(block), scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
