// Embeddings: of the Transformer family, a circular convolution of the series plus a linear map of
// what is known about each step; and of categories.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

/// y [B, T] and marks [B, T, F] (invalid when there are none) -> [B, T, hidden]. Parameters
/// `<name>.value_embedding.tokenConv.weight` [hidden, 1, 3] and, with marks,
/// `<name>.temporal_embedding.embed.weight` [hidden, F].
Var data_embedding(Graph& graph, Var y, Var marks, int64_t hidden, double dropout_probability,
                   const std::string& name);

/// places [lead…, 1], 0 … cardinality -> [lead…, dim]: a learned vector per category; place 0, a
/// category that training did not see, has the mean of all. Parameter `<name>.weight`
/// [cardinality + 1, dim], whose first row is never read, as in the reference.
Var category_embedding(Graph& graph, Var places, int64_t cardinality, int64_t dim,
                       const std::string& name);

}  // namespace nd
