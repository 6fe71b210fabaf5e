#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/attention_backward.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include <algorithm>

#include "simd/attention-inl.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

/// Scores of all `keys` become e^(score - maximum); `inverse` = 1 / their sum.
void exponentials(const Block& block, size_t keys, float* scores, V (&inverse)[kTileVectors]) {
  const D d;
  for (size_t v = 0; v < block.vectors; ++v) {
    float* column = scores + v * hn::Lanes(d);
    const V scale = hn::Set(d, kLog2E), shift = hn::Mul(column_maximum(column, keys), scale);
    inverse[v] = hn::Div(hn::Set(d, 1.0f), exponentials_of_column(column, keys, scale, shift));
  }
}

void clear_rows(const HeadRows& rows, size_t begin, size_t end, size_t depth) {
  for (size_t i = begin; i < end; ++i)
    std::memset(rows.data + i * static_cast<size_t>(rows.stride), 0, depth * sizeof(float));
}

// Heads of at most half a vector share vectors between two keys, or half of each would be idle: the
// weights of keys 2j and 2j + 1 lie side by side, every column of the other operand stands twice.

bool fits_half(size_t depth) { return 2 * depth <= hn::Lanes(D()); }

constexpr size_t kPairRow = 2 * kPitch;  // floats from pair to pair
constexpr size_t kPairTile = 12;         // accumulators
constexpr size_t kFewPairs = 4;

/// pairs[j, 2·lane + p] = a[2j + p, lane] for `count` keys, filled up with zeros to whole tiles.
void pair_keys(const float* a, const Block& block, size_t count, float* pairs) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const size_t end = (count + 2 * kFewPairs - 1) / (2 * kFewPairs) * (2 * kFewPairs);
  for (size_t j = 0; j < end; j += 2) {
    for (size_t v = 0; v < block.vectors; ++v) {
      const float* at = a + j * kPitch + v * lanes;
      const V even = j < count ? hn::LoadU(d, at) : hn::Zero(d);
      const V odd = j + 1 < count ? hn::LoadU(d, at + kPitch) : hn::Zero(d);
      float* to = pairs + j / 2 * kPairRow + 2 * v * lanes;
      hn::StoreU(hn::InterleaveWholeLower(d, even, odd), d, to);
      hn::StoreU(hn::InterleaveWholeUpper(d, even, odd), d, to + lanes);
    }
  }
}

/// doubled[i, 2c] = doubled[i, 2c + 1] = rows[begin + i][c].
void double_columns(const HeadRows& rows, const Block& block, size_t depth, float* doubled) {
  const D d;
  const size_t stride = static_cast<size_t>(rows.stride);
  const float* from = rows.data + block.begin * stride;
  for (size_t i = 0; i < block.count; ++i, from += stride) {
    const V x = hn::LoadN(d, from, depth);
    hn::StoreU(hn::InterleaveWholeLower(d, x, x), d, doubled + i * hn::Lanes(d));
  }
}

/// kPairs pairs of rows of `to`, `count` of them exist.
template <size_t kPairs>
HWY_INLINE void paired_tile(const float* pairs, const float* doubled, size_t queries, size_t count,
                            size_t depth, float* to, size_t stride, bool accumulate) {
  const D d;
  const hn::Half<D> dh;
  const hn::Repartition<double, D> two_floats;
  V sum[kPairs];
  HWY_UNROLL(12)
  for (size_t r = 0; r < kPairs; ++r) sum[r] = hn::Zero(d);
  for (size_t i = 0; i < queries; ++i) {
    const V b = hn::LoadU(d, doubled + i * hn::Lanes(d));
    HWY_UNROLL(12)
    for (size_t r = 0; r < kPairs; ++r) {
      double pair;
      std::memcpy(&pair, pairs + r * kPairRow + 2 * i, sizeof pair);
      sum[r] = hn::MulAdd(hn::BitCast(d, hn::Set(two_floats, pair)), b, sum[r]);
    }
  }
  const auto add = [&](size_t row, auto value) HWY_ATTR {
    if (row >= count) return;
    float* at = to + row * stride;
    const auto old = accumulate ? hn::LoadN(dh, at, depth) : hn::Zero(dh);
    hn::StoreN(hn::Add(old, value), dh, at, depth);
  };
  HWY_UNROLL(12)
  for (size_t r = 0; r < kPairs; ++r) {
    add(2 * r, hn::LowerHalf(dh, hn::ConcatEven(d, sum[r], sum[r])));
    add(2 * r + 1, hn::LowerHalf(dh, hn::ConcatOdd(d, sum[r], sum[r])));
  }
}

void paired_product(const float* pairs, const float* doubled, const Block& block, size_t count,
                    size_t depth, float* to, size_t stride, bool accumulate) {
  for (size_t row = 0; row < count;) {
    const bool is_large = row + 2 * (kPairTile - kFewPairs) < count;
    const float* from = pairs + row / 2 * kPairRow;
    if (is_large) {
      paired_tile<kPairTile>(from, doubled, block.count, count - row, depth, to + row * stride,
                             stride, accumulate);
    } else {
      paired_tile<kFewPairs>(from, doubled, block.count, count - row, depth, to + row * stride,
                             stride, accumulate);
    }
    row += 2 * (is_large ? kPairTile : kFewPairs);
  }
}

/// A copy of the block's rows, one right after the other: rows that lie a power of two apart share
/// few sets of a cache. Nothing for heads that share vectors, which get a copy of their own.
void copy_rows(const HeadRows& rows, const Block& block, size_t depth, float* to) {
  if (fits_half(depth)) return;
  const size_t stride = static_cast<size_t>(rows.stride);
  const float* from = rows.data + block.begin * stride;
  for (size_t i = 0; i < block.count; ++i)
    std::memcpy(to + i * depth, from + i * stride, depth * sizeof(float));
}

/// to[first + j] (+)= Σ_i a[j, i]·rows[begin + i] for j < count: what a block of queries adds to
/// the derivative of keys or values. `pairs` holds `a` for heads that share vectors.
void add_product(const float* a, const float* pairs, const HeadRows& rows, const Block& block,
                 size_t count, size_t depth, const HeadRows& to, size_t first, bool accumulate,
                 float* doubled, const float* copied) {
  const size_t out = static_cast<size_t>(to.stride);
  float* c = to.data + first * out;
  if (fits_half(depth)) {
    double_columns(rows, block, depth, doubled);
    paired_product(pairs, doubled, block, count, depth, c, out, accumulate);
    return;
  }
  const Term term = {a, kPitch, 1, copied, depth, block.count};
  product_any(D(), term, count, depth, c, out, accumulate);
}

bool any_fits_half(const AttentionHead& head) {
  return std::any_of(head.pairs, head.pairs + head.pair_count, [](const HeadPair& pair) {
    return fits_half(static_cast<size_t>(pair.depth));
  });
}

void backward_block(const AttentionHead& head, size_t index, const Buffers& b) {
  const D d;
  const size_t lanes = hn::Lanes(d), value_depth = static_cast<size_t>(head.value_depth);
  const size_t value_stride = static_cast<size_t>(head.value.stride);
  const Block block = block_at(static_cast<size_t>(head.queries), index);
  if (block.count == 0) return;
  load_queries(head, block, b.query);
  load_transposed(head.out, block, value_depth, b.out);
  load_transposed(head.d_out, block, value_depth, b.d_out);
  copy_rows(head.d_out, block, value_depth, b.d_out_rows);
  float* query_copy = b.query_rows;
  for (int64_t p = 0; p < head.pair_count; ++p) {
    const size_t pair_depth = static_cast<size_t>(head.pairs[p].depth);
    copy_rows(head.pairs[p].query, block, pair_depth, query_copy);
    query_copy += pair_depth * kPitch;
  }
  const size_t keys = visible_keys(head, block);
  V inverse[kTileVectors], delta[kTileVectors];
  compute_scores(head, block, b.query, 0, keys, b.scores);
  exponentials(block, keys, b.scores, inverse);
  for (size_t v = 0; v < block.vectors; ++v) {
    delta[v] = hn::Zero(d);
    for (size_t c = 0; c < value_depth; ++c) {
      const size_t at = c * kPitch + v * lanes;
      delta[v] = hn::MulAdd(hn::LoadU(d, b.out + at), hn::LoadU(d, b.d_out + at), delta[v]);
    }
  }
  const bool shares_vectors = any_fits_half(head);
  for (size_t first = 0; first < keys; first += kKeyBlock) {
    const size_t count = HWY_MIN(kKeyBlock, keys - first);
    float* scores = b.scores + first * kPitch;
    const Term weights = {
        head.value.data + first * value_stride, value_stride, 1, b.d_out, kPitch, value_depth};
    product_panel(&weights, 1, count, block.vectors, b.d_scores, kPitch, false);
    drop(head, block, first, count, b.d_scores);
    for (size_t j = 0; j < count; ++j) {
      for (size_t v = 0; v < block.vectors; ++v) {
        float* score = scores + j * kPitch + v * lanes;
        float* d_score = b.d_scores + j * kPitch + v * lanes;
        const V weight = hn::Mul(hn::LoadU(d, score), inverse[v]);
        hn::StoreU(weight, d, score);
        hn::StoreU(hn::Mul(weight, hn::Sub(hn::LoadU(d, d_score), delta[v])), d, d_score);
      }
    }
    drop(head, block, first, count, scores);
    if (fits_half(value_depth)) pair_keys(scores, block, count, b.pairs);
    add_product(scores, b.pairs, head.d_out, block, count, value_depth, head.d_value, first,
                index > 0, b.doubled, b.d_out_rows);
    if (shares_vectors) pair_keys(b.d_scores, block, count, b.pairs);
    float* d_query = b.d_query;
    const float* query_rows = b.query_rows;
    for (int64_t p = 0; p < head.pair_count; ++p) {
      const HeadPair& pair = head.pairs[p];
      const size_t stride = static_cast<size_t>(pair.key.stride);
      const size_t pair_depth = static_cast<size_t>(pair.depth);
      const Term term = {pair.key.data + first * stride, 1, stride, b.d_scores, kPitch, count};
      product_panel(&term, 1, pair_depth, block.vectors, d_query, kPitch, first > 0);
      d_query += pair_depth * kPitch;
      add_product(b.d_scores, b.pairs, pair.query, block, count, pair_depth, pair.d_key, first,
                  index > 0, b.doubled, query_rows);
      query_rows += pair_depth * kPitch;
    }
  }
  const float* d_query = b.d_query;
  for (int64_t p = 0; p < head.pair_count; ++p) {
    const HeadPair& pair = head.pairs[p];
    const size_t pair_depth = static_cast<size_t>(pair.depth);
    store_transposed(d_query, block, pair_depth, pair.d_query);
    d_query += pair_depth * kPitch;
    // The first block of queries writes, later ones add: keys that it does not see start at 0.
    if (index == 0) clear_rows(pair.d_key, keys, static_cast<size_t>(head.keys), pair_depth);
  }
  if (index == 0) clear_rows(head.d_value, keys, static_cast<size_t>(head.keys), value_depth);
}

void backward(const AttentionHead& head, float* scratch) {
  const size_t depth = total_depth(head);
  const Buffers b = buffers(scratch, depth, static_cast<size_t>(head.value_depth));
  for (size_t i = 0; i < blocks_of(static_cast<size_t>(head.queries)); ++i)
    backward_block(head, i, b);
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(backward);

void attention_backward(const AttentionHead& head, float* scratch) {
  HWY_DYNAMIC_DISPATCH(backward)(head, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
