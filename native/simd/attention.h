// Attention of one head without a matrix of scores: blocks of queries against blocks of keys, with
// a running maximum and sum (Milakov and Gimelshein, 2018; Dao et al., "FlashAttention", NeurIPS
// 2022). One query per vector lane: the softmax runs down the lanes without a horizontal step, and
// heads of 8 fill vectors as well as heads of 64 do. Operands are read in place, rows `stride`
// floats apart.
#pragma once

#include <cstdint>

#include "base/philox.h"

namespace nd::simd {

/// Rows of one head inside a larger matrix.
struct HeadRows {
  float* data;
  int64_t stride;
};

/// Scores are Σ_p query_p·key_pᵀ, each product over `depth` columns.
struct HeadPair {
  HeadRows query, key;
  int64_t depth;
  HeadRows d_query{}, d_key{};  ///< written by the backward pass
};

inline constexpr int64_t kMaxAttentionPairs = 128;

struct AttentionHead {
  const HeadPair* pairs;
  int64_t pair_count;
  HeadRows value;
  int64_t value_depth;
  int64_t queries, keys;  ///< both at least 1
  bool causal;            ///< query i sees keys 0 … i
  HeadRows out;           ///< written by the forward pass, read by the backward pass
  HeadRows d_out{}, d_value{};
  /// Inverted dropout of the weights; element (i, j) of the head draws half j % 8 of block
  /// first + i·⌈keys/8⌉ + j / 8.
  float dropout = 0;
  PhiloxKey key{};
  uint32_t first = 0;
};

/// Number of query blocks into which a head is cut: a function of `queries` and the target.
int64_t attention_blocks(int64_t queries);
/// Floats of scratch (64-byte aligned) for depths Σ_p depth_p and value_depth; `keys` of the
/// backward pass, 0 for the forward pass.
int64_t attention_scratch_floats(int64_t depth, int64_t value_depth, int64_t keys);
/// Writes the rows of `out` that belong to query block `block`.
void attention_forward(const AttentionHead& head, int64_t block, float* scratch);
/// Writes d_value and every d_query and d_key of the head.
void attention_backward(const AttentionHead& head, float* scratch);

}  // namespace nd::simd
