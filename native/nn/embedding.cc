#include "nn/embedding.h"

#include <cmath>
#include <numeric>
#include <vector>

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

Var category_embedding(Graph& graph, Var places, int64_t cardinality, int64_t dim,
                       const std::string& name) {
  const int64_t K = cardinality;
  const Var table = graph.parameter(
      {.name = name + ".weight", .shape = Shape::fixed({K + 1, dim}), .init = Init::normal(1.0)});
  const Var seen = slice(table, 0, 1, K + 1);
  const Var rows = concat({sum(seen, {0}, /*keep=*/true) / static_cast<double>(K), seen}, 0);
  std::vector<double> numbers(static_cast<size_t>(K + 1));
  std::iota(numbers.begin(), numbers.end(), 0.0);
  // A row of zeros with a one at the place: the product picks a vector, its derivative adds to it.
  const Var one_hot = relu(1.0 - abs(places - graph.constant(Shape::fixed({K + 1}), numbers)));
  return matmul(one_hot, rows);
}

}  // namespace nd
