// Auto-correlation (Wu et al., NeurIPS 2021), Autoformer's attention: the delays at which the keys
// resemble the queries most take the place of single steps, and what the values hold at these
// delays is averaged.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

struct AutoCorrelationOptions {
  int64_t heads = 1;   ///< at most the width D; all heads share their delays
  int64_t factor = 1;  ///< ⌊factor·ln T⌋ delays of a series of T steps
  /// One list of delays for the whole batch, from the mean correlation of its windows; otherwise
  /// each window has its own.
  bool training = false;
  /// The caller takes what is constant over time out of the result again.
  bool centred = false;
};

/// queries [B, T, D], memory [B, S, D] -> [B, T, D]. Of a memory of another length the first T
/// steps count, or zeros are appended after its projection. Parameters: the linear layers
/// `<name>.query_projection`, `key_projection`, `value_projection` and `out_projection`, whose
/// biases take part only where they can make a difference: one that shifts every delay's
/// correlation alike, or the result where that is `centred`, has the gradient 0 and no rounding
/// error in its place. Throws E0010 unless T steps have so many delays and D at least `heads`
/// channels.
Var auto_correlation(Graph& graph, Var queries, Var memory, const AutoCorrelationOptions& options,
                     const std::string& name);

}  // namespace nd
