#include "nn/embedding.h"

#include <cmath>

#include "nn/conv.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {

Var data_embedding(Graph& graph, Var y, Var marks, int64_t hidden, double dropout_probability,
                   const std::string& name) {
  const int64_t T = y.shape().dims[0];
  // He et al., ICCV 2015, over the three inputs of a step.
  const Init init = Init::normal(std::sqrt(2.0 / 3.0));
  Var embedded = circular_conv3(graph, reshape(y, Shape::batched({T, 1})), hidden, init,
                                name + ".value_embedding.tokenConv");
  if (marks.valid())
    embedded = embedded + linear(graph, marks, hidden, name + ".temporal_embedding.embed",
                                 /*bias=*/false);
  return dropout(embedded, dropout_probability);
}

}  // namespace nd
