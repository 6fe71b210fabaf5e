// What both passes of attention share: blocks of queries along the lanes, scores, exponentials and
// dropout masks. Per-target header, included once for each target.
#if defined(ND_SIMD_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_ATTENTION_INL_H_
#undef ND_SIMD_ATTENTION_INL_H_
#else
#define ND_SIMD_ATTENTION_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "simd/attention.h"
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

inline size_t blocks_of(size_t queries) { return (queries + kPitch - 1) / kPitch; }

/// Blocks of nearly equal width, whole vectors each.
inline Block block_at(size_t queries, size_t index) {
  const size_t lanes = hn::Lanes(D()), blocks = blocks_of(queries);
  const size_t vectors = ((queries + blocks - 1) / blocks + lanes - 1) / lanes;
  const size_t begin = HWY_MIN(index * vectors * lanes, queries);
  const size_t count = HWY_MIN(vectors * lanes, queries - begin);
  return {begin, count, (count + lanes - 1) / lanes};
}

/// t[c, lane] = rows[begin + lane][c], 0 beyond the block's queries.
inline void load_transposed(const HeadRows& rows, const Block& block, size_t depth, float* t) {
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
inline void store_transposed(const float* t, const Block& block, size_t depth,
                             const HeadRows& rows) {
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

inline Buffers buffers(float* scratch, size_t depth, size_t value_depth) {
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

inline size_t scratch_floats(size_t depth, size_t value_depth, size_t keys) {
  return (3 * (depth + value_depth) + 2 * kKeyBlock + hn::Lanes(D()) + HWY_MAX(keys, kKeyBlock)) *
         kPitch;
}

inline size_t total_depth(const AttentionHead& head) {
  size_t depth = 0;
  for (int64_t p = 0; p < head.pair_count; ++p) depth += static_cast<size_t>(head.pairs[p].depth);
  return depth;
}

inline void load_queries(const AttentionHead& head, const Block& block, float* query) {
  for (int64_t p = 0; p < head.pair_count; ++p) {
    const size_t depth = static_cast<size_t>(head.pairs[p].depth);
    load_transposed(head.pairs[p].query, block, depth, query);
    query += depth * kPitch;
  }
}

/// Keys that a block of queries may see.
inline size_t visible_keys(const AttentionHead& head, const Block& block) {
  const size_t keys = static_cast<size_t>(head.keys);
  return head.causal ? HWY_MIN(keys, block.begin + block.count) : keys;
}

/// scores[j, lane] for keys first + j, j < count; -inf where a query may not look.
inline void compute_scores(const AttentionHead& head, const Block& block, const float* query,
                           size_t first, size_t count, float* scores) {
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

/// values[j, lane] times the dropout factors of keys first + j, j < count.
inline void drop(const AttentionHead& head, const Block& block, size_t first, size_t count,
                 float* values) {
  if (head.dropout <= 0) return;
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
      for (size_t k = 0; k < HWY_MIN(size_t{8}, count - j); ++k) {
        float* at = values + (j + k) * kPitch + v * lanes;
        hn::StoreU(hn::Mul(hn::LoadU(d, at), factor(draw[k])), d, at);
      }
    }
  }
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
