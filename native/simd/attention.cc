#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/attention.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>

#include "simd/attention.h"
#include "simd/dispatch.h"
#include "simd/dropout-inl.h"
#include "simd/erf-inl.h"
#include "simd/product-inl.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr size_t kKeyBlock = 64;  // scores and their derivatives of a block stay in L1
constexpr float kLog2E = 1.44269504088896f;
constexpr size_t kPitch = kTileVectors * hn::MaxLanes(D());  // floats from row to row of scratch

/// Queries [begin, begin + count), one per lane of `vectors` vectors.
struct Block {
  size_t begin, count, vectors;
};

size_t blocks_of(size_t queries) { return (queries + kPitch - 1) / kPitch; }

/// Blocks of nearly equal width, whole vectors each.
Block block_at(size_t queries, size_t index) {
  const size_t lanes = hn::Lanes(D()), blocks = blocks_of(queries);
  const size_t vectors = ((queries + blocks - 1) / blocks + lanes - 1) / lanes;
  const size_t begin = HWY_MIN(index * vectors * lanes, queries);
  const size_t count = HWY_MIN(vectors * lanes, queries - begin);
  return {begin, count, (count + lanes - 1) / lanes};
}

/// t[c, lane] = rows[begin + lane][c], 0 beyond the block's queries.
void load_transposed(const HeadRows& rows, const Block& block, size_t depth, float* t) {
  const D d;
  const size_t lanes = hn::Lanes(d), stride = static_cast<size_t>(rows.stride);
  const float* first = rows.data + block.begin * stride;
  for (size_t v = 0; v < block.vectors; ++v) {
    const size_t base = v * lanes, valid = HWY_MIN(lanes, block.count - base);
    const float* row[hn::MaxLanes(D())];
    for (size_t i = 0; i < lanes; ++i) row[i] = first + (base + HWY_MIN(i, valid - 1)) * stride;
    const auto mask = hn::FirstN(d, valid);
    size_t c = 0;
    for (; c + 4 <= depth; c += 4) {
      V column[4];
      transpose_four(d, row, static_cast<int64_t>(c), column);
      for (size_t k = 0; k < 4; ++k)
        hn::StoreU(hn::IfThenElseZero(mask, column[k]), d, t + (c + k) * kPitch + base);
    }
    for (; c < depth; ++c)
      for (size_t i = 0; i < lanes; ++i) t[c * kPitch + base + i] = i < valid ? row[i][c] : 0.0f;
  }
}

/// rows[begin + lane][c] = t[c, lane].
void store_transposed(const float* t, const Block& block, size_t depth, const HeadRows& rows) {
  const D d;
  const size_t lanes = hn::Lanes(d), stride = static_cast<size_t>(rows.stride);
  float* first = rows.data + block.begin * stride;
  HWY_ALIGN float quads[4 * hn::MaxLanes(D())];
  for (size_t base = 0; base < block.count; base += lanes) {
    const size_t valid = HWY_MIN(lanes, block.count - base);
    float* to = first + base * stride;
    size_t c = 0;
    for (; c + 4 <= depth; c += 4) {
      const float* from = t + c * kPitch + base;
      hn::StoreInterleaved4(hn::LoadU(d, from), hn::LoadU(d, from + kPitch),
                            hn::LoadU(d, from + 2 * kPitch), hn::LoadU(d, from + 3 * kPitch), d,
                            quads);
      for (size_t i = 0; i < valid; ++i)
        std::memcpy(to + i * stride + c, quads + 4 * i, 4 * sizeof(float));
    }
    for (; c < depth; ++c)
      for (size_t i = 0; i < valid; ++i) to[i * stride + c] = t[c * kPitch + base + i];
  }
}

/// Memory of one call, cut from scratch; the backward pass holds the scores of all keys for a block
/// of queries.
struct Buffers {
  float *query, *d_query, *out, *d_out, *query_rows, *d_out_rows, *d_scores, *pairs, *doubled,
      *scores;
};

Buffers buffers(float* scratch, size_t depth, size_t value_depth) {
  Buffers b;
  b.query = scratch;
  b.d_query = b.query + depth * kPitch;
  b.out = b.d_query + depth * kPitch;
  b.d_out = b.out + value_depth * kPitch;
  b.query_rows = b.d_out + value_depth * kPitch;
  b.d_out_rows = b.query_rows + depth * kPitch;
  b.d_scores = b.d_out_rows + value_depth * kPitch;
  b.pairs = b.d_scores + kKeyBlock * kPitch;
  b.doubled = b.pairs + kKeyBlock * kPitch;
  b.scores = b.doubled + kPitch * hn::Lanes(D());
  return b;
}

size_t total_depth(const AttentionHead& head) {
  size_t depth = 0;
  for (int64_t p = 0; p < head.pair_count; ++p) depth += static_cast<size_t>(head.pairs[p].depth);
  return depth;
}

void load_queries(const AttentionHead& head, const Block& block, float* query) {
  for (int64_t p = 0; p < head.pair_count; ++p) {
    const size_t depth = static_cast<size_t>(head.pairs[p].depth);
    load_transposed(head.pairs[p].query, block, depth, query);
    query += depth * kPitch;
  }
}

/// Keys that a block of queries may see.
size_t visible_keys(const AttentionHead& head, const Block& block) {
  const size_t keys = static_cast<size_t>(head.keys);
  return head.causal ? HWY_MIN(keys, block.begin + block.count) : keys;
}

/// scores[j, lane] for keys first + j, j < count; -inf where a query may not look.
void compute_scores(const AttentionHead& head, const Block& block, const float* query, size_t first,
                    size_t count, float* scores) {
  const D d;
  Term terms[kMaxAttentionPairs];
  for (int64_t p = 0; p < head.pair_count; ++p) {
    const HeadPair& pair = head.pairs[p];
    const size_t stride = static_cast<size_t>(pair.key.stride);
    const size_t depth = static_cast<size_t>(pair.depth);
    terms[p] = {pair.key.data + first * stride, stride, 1, query, kPitch, depth};
    query += depth * kPitch;
  }
  product_panel(terms, static_cast<size_t>(head.pair_count), count, block.vectors, scores, kPitch,
                false);
  if (!head.causal || first + count <= block.begin + 1) return;
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < count; ++j) {
    for (size_t v = 0; v < block.vectors; ++v) {
      float* at = scores + j * kPitch + v * lanes;
      // Lane i is query begin + v·lanes + i; both fit a float exactly at any sensible length.
      const V query_index = hn::Iota(d, static_cast<float>(block.begin + v * lanes));
      const auto hidden = hn::Gt(hn::Set(d, static_cast<float>(first + j)), query_index);
      hn::StoreU(hn::IfThenElse(hidden, hn::Neg(hn::Inf(d)), hn::LoadU(d, at)), d, at);
    }
  }
}

/// Running maximum and sum of exponentials of each lane.
struct Statistics {
  V top[kTileVectors], total[kTileVectors];
};

HWY_INLINE V column_maximum(const float* column, size_t count) {
  const D d;
  constexpr size_t kChains = 4;  // the latency of a maximum
  V top[kChains];
  for (V& t : top) t = hn::LoadU(d, column);
  size_t j = 0;
  for (; j + kChains <= count; j += kChains) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < kChains; ++k)
      top[k] = hn::Max(top[k], hn::LoadU(d, column + (j + k) * kPitch));
  }
  for (; j < count; ++j) top[0] = hn::Max(top[0], hn::LoadU(d, column + j * kPitch));
  return hn::Max(hn::Max(top[0], top[1]), hn::Max(top[2], top[3]));
}

/// column[j] becomes 2^(column[j]·scale - shift); returns the sum.
HWY_INLINE V exponentials_of_column(float* column, size_t count, V scale, V shift) {
  const D d;
  constexpr size_t kChains = 4;
  V total[kChains];
  for (V& t : total) t = hn::Zero(d);
  const auto one = [&](size_t j) HWY_ATTR {
    float* at = column + j * kPitch;
    const V e = exp2_nonpositive(d, hn::MulSub(hn::LoadU(d, at), scale, shift));
    hn::StoreU(e, d, at);
    return e;
  };
  size_t j = 0;
  for (; j + kChains <= count; j += kChains) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < kChains; ++k) total[k] = hn::Add(total[k], one(j + k));
  }
  for (; j < count; ++j) total[0] = hn::Add(total[0], one(j));
  return hn::Add(hn::Add(total[0], total[1]), hn::Add(total[2], total[3]));
}

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

/// Calls f(j, v, kept) for every key first + j and vector, `kept` = the dropout factors of its
/// lanes.
template <class F>
HWY_INLINE void for_each_mask(const AttentionHead& head, const Block& block, size_t first,
                              size_t count, F f) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const size_t lanes = hn::Lanes(d);
  const auto pitch = static_cast<uint32_t>((head.keys + 7) / 8);
  const DropoutFactor factor(d, head.dropout);
  for (size_t v = 0; v < block.vectors; ++v) {
    const auto row = hn::Iota(du, static_cast<uint32_t>(block.begin + v * lanes));
    const auto start = hn::MulAdd(row, hn::Set(du, pitch),
                                  hn::Set(du, static_cast<uint32_t>(head.first + first / 8)));
    for (size_t j = 0; j < count; j += 8) {
      hn::Vec<decltype(du)> draw[8];
      philox_halves(du, head.key, hn::Add(start, hn::Set(du, static_cast<uint32_t>(j / 8))), draw);
      for (size_t k = 0; k < HWY_MIN(size_t{8}, count - j); ++k) f(j + k, v, factor(draw[k]));
    }
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
  const size_t lanes = hn::Lanes(d), depth = total_depth(head);
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
    if (head.dropout > 0) {
      for_each_mask(head, block, first, count, [&](size_t j, size_t v, V kept) HWY_ATTR {
        float* at = b.scores + j * kPitch + v * lanes;
        hn::StoreU(hn::Mul(hn::LoadU(d, at), kept), d, at);
      });
    }
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
    if (head.dropout > 0) {
      for_each_mask(head, block, first, count, [&](size_t j, size_t v, V kept) HWY_ATTR {
        float* at = b.d_scores + j * kPitch + v * lanes;
        hn::StoreU(hn::Mul(hn::LoadU(d, at), kept), d, at);
      });
    }
    for (size_t j = 0; j < count; ++j) {
      for (size_t v = 0; v < block.vectors; ++v) {
        float* score = scores + j * kPitch + v * lanes;
        float* d_score = b.d_scores + j * kPitch + v * lanes;
        const V weight = hn::Mul(hn::LoadU(d, score), inverse[v]);
        hn::StoreU(weight, d, score);
        hn::StoreU(hn::Mul(weight, hn::Sub(hn::LoadU(d, d_score), delta[v])), d, d_score);
      }
    }
    if (head.dropout > 0) {
      for_each_mask(head, block, first, count, [&](size_t j, size_t v, V kept) HWY_ATTR {
        float* at = scores + j * kPitch + v * lanes;
        hn::StoreU(hn::Mul(hn::LoadU(d, at), kept), d, at);
      });
    }
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

size_t scratch_floats(size_t depth, size_t value_depth, size_t keys) {
  return (3 * (depth + value_depth) + 2 * kKeyBlock + hn::Lanes(D()) + HWY_MAX(keys, kKeyBlock)) *
         kPitch;
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(blocks_of);
HWY_EXPORT(scratch_floats);
HWY_EXPORT(forward);
HWY_EXPORT(backward);

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
void attention_backward(const AttentionHead& head, float* scratch) {
  HWY_DYNAMIC_DISPATCH(backward)(head, scratch);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
