// Scaled dot-product attention (Vaswani et al., NeurIPS 2017) as one op that never stores the
// matrix of scores: online softmax, memory O(length), forward and backward (Dao et al.,
// "FlashAttention", NeurIPS 2022). Heads lie side by side in the last axis, as projections leave
// them: no transposes.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/rules.h"

namespace nd {

/// Query [B, N, heads·d] and key [B, M, heads·d], scaled already.
struct QueryKey {
  Var query, key;
};

/// Most pairs of one attention.
inline constexpr size_t kMaxAttentionPairs = 128;

struct AttentionOptions {
  int64_t heads = 1;
  bool causal = false;  ///< query i sees keys 0 … i
  /// Of the weights after the softmax. The mask is Philox(seed, step, op, element), element =
  /// ((row of the batch axis·heads + head)·N + query)·⌈M/4⌉·4 + key.
  double dropout = 0;
};

/// softmax(Σ_p query_p·key_pᵀ)·v per head: [B, N, heads·e] for v [B, M, heads·e]. Several pairs are
/// how residual attention (He et al., "RealFormer", ACL 2021) carries scores from layer to layer:
/// scores add up, so a layer attends with the queries and keys of all layers below it, and no
/// matrix of scores is kept.
Var attention(const std::vector<QueryKey>& pairs, Var v, const AttentionOptions& options);

}  // namespace nd
