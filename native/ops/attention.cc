#include "ops/attention.h"
#include "base/error.h"

namespace nd {

namespace {

// Inputs v, q0, k0, q1, k1, …; see ops/attention.h.
Shape attention_shape(const ShapeArgs& a) {
  const int64_t heads = a.attrs.ints[0];
  check_internal(a.inputs.size() >= 3 && a.inputs.size() % 2 == 1 &&
                     a.inputs.size() <= 2 * kMaxAttentionPairs + 1,
                 "attention: v and pairs");
  const Shape& v = a.inputs[0];
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    const Shape& x = a.inputs[i];
    // Queries stand at odd places.
    const int64_t rows = i % 2 == 1 ? a.inputs[1].dims[0] : v.dims[0];
    check_internal(x.is_batched() && x.dims.size() == 2 && x.batch == v.batch &&
                       x.dims[1] % heads == 0 && x.dims[0] == rows,
                   "attention: operands [B, length, heads·depth]");
  }
  for (size_t i = 1; i < a.inputs.size(); i += 2)
    check_internal(a.inputs[i].dims[1] == a.inputs[i + 1].dims[1],
                   "attention: a query and its key have one depth");
  return Shape::batched({a.inputs[1].dims[0], v.dims[1]}, v.batch);
}

void attention_backward(GradArgs& g) {
  std::vector<NodeId> ids;
  for (size_t i = 0; i < g.count(); ++i) ids.push_back(g.in(i).id);
  ids.push_back(g.out().id);
  ids.push_back(g.dout().id);
  const Var whole = g.dout().graph->emit(kAttentionGradient, ids, g.attrs());
  int64_t offset = 0;
  for (size_t i = 0; i < g.count(); ++i) {
    const Shape shape = g.in(i).shape();  // a copy: nodes move while the graph grows
    g.add(i, part(whole, offset, shape.dims));
    offset += shape.row();
  }
}

Cost attention_cost(const CostArgs& c) {
  // Scores and weighted sum; the exponentials count as one operation each.
  const double queries = static_cast<double>(c.inputs[1].dims[0]);
  const double keys = static_cast<double>(c.inputs[0].dims[0]);
  double depth = static_cast<double>(c.inputs[0].dims[1]);
  for (size_t i = 1; i < c.inputs.size(); i += 2) depth += static_cast<double>(c.inputs[i].dims[1]);
  const double rows = static_cast<double>(c.output.batch * c.windows);
  return {rows * queries * keys * (2 * depth + static_cast<double>(c.attrs.ints[0]))};
}

}  // namespace

constinit const OpDef kAttention = {
    .name = "attention",
    .arity = -1,
    .shape = attention_shape,
    .gradient = attention_backward,
    .cost = attention_cost,
    .random = true,
};

Var attention(const std::vector<QueryKey>& pairs, Var v, const AttentionOptions& options) {
  check_internal(options.dropout >= 0 && options.dropout < 1, "attention: dropout in [0, 1)");
  Graph& graph = *v.graph;
  std::vector<NodeId> inputs = {v.id};
  for (const QueryKey& pair : pairs) {
    inputs.push_back(pair.query.id);
    inputs.push_back(pair.key.id);
  }
  // As in dropout: the node's position numbers the mask.
  const int64_t number = options.dropout > 0 ? static_cast<int64_t>(graph.nodes().size()) : 0;
  return graph.emit(kAttention, std::move(inputs),
                    {.ints = {options.heads, options.causal, number}, .reals = {options.dropout}});
}

}  // namespace nd
