#include "ops/op_table.h"

#include "ops/attention.h"
#include "ops/fused.h"
#include "ops/list.h"
#include "ops/lstm.h"
#include "ops/rules.h"

namespace nd::test {

namespace {

using Vars = std::vector<Var>;
Shape batched(std::vector<int64_t> dims, int64_t multiple = 1) {
  return Shape::batched(std::move(dims), multiple);
}
Shape fixed(std::vector<int64_t> dims) { return Shape::fixed(std::move(dims)); }

OpRow row1(const OpDef& op, Var (*f)(Var), double low = -2, double high = 2) {
  return {&op, "", {batched({7})}, [f](Graph&, const Vars& v) { return f(v[0]); }, low, high};
}

// A binary op in every broadcast form that models use.
void rows2(std::vector<OpRow>& rows, const OpDef& op, Var (*f)(Var, Var), double low = -2,
           double high = 2) {
  const auto build = [f](Graph&, const Vars& v) { return f(v[0], v[1]); };
  rows.push_back({&op, "same", {batched({5, 3}), batched({5, 3})}, build, low, high});
  rows.push_back({&op, "row", {batched({5, 3}), fixed({3})}, build, low, high});
  rows.push_back({&op, "column", {batched({5, 3}), batched({5, 1})}, build, low, high});
  rows.push_back({&op, "window", {batched({1, 1}), batched({5, 3})}, build, low, high});
  rows.push_back({&op, "scalar", {batched({19}), Shape{}}, build, low, high});
  rows.push_back({&op, "unbatched", {fixed({4, 1}), fixed({6})}, build, low, high});
  rows.push_back({&op, "multiple", {batched({5}, 3), batched({1}, 3)}, build, low, high});
}

// Attention of one query-key pair, and of two, over lengths inside and beyond a block of keys.
void attention_rows(std::vector<OpRow>& rows) {
  struct Form {
    const char* label;
    int64_t queries, keys, heads, depth, value_depth, pairs;
    bool causal;
    double dropout;
  };
  for (const Form& f :
       {Form{"heads of 8", 5, 5, 2, 8, 8, 1, false, 0},
        Form{"pairs, cross, odd depths", 4, 7, 3, 3, 5, 2, false, 0},
        Form{"deep heads", 5, 6, 1, 20, 18, 2, false, 0}, Form{"causal", 9, 9, 1, 4, 2, 1, true, 0},
        Form{"dropout", 3, 6, 2, 2, 4, 1, false, 0.3},
        Form{"causal, pairs, dropout", 6, 6, 1, 2, 2, 2, true, 0.5},
        Form{"several blocks", 51, 70, 1, 2, 2, 1, false, 0.2},
        Form{"several causal blocks", 67, 67, 1, 2, 2, 1, true, 0}}) {
    std::vector<Shape> inputs = {batched({f.keys, f.heads * f.value_depth})};
    for (int64_t p = 0; p < f.pairs; ++p) {
      inputs.push_back(batched({f.queries, f.heads * f.depth}));
      inputs.push_back(batched({f.keys, f.heads * f.depth}));
    }
    const AttentionOptions options{f.heads, f.causal, f.dropout};
    const auto build = [options](Graph&, const Vars& v) {
      std::vector<QueryKey> pairs;
      for (size_t i = 1; i + 1 < v.size(); i += 2) pairs.push_back({v[i], v[i + 1]});
      return attention(pairs, v[0], options);
    };
    rows.push_back({&kAttention, f.label, inputs, build});
    rows.back().large = f.keys > 16;
    inputs.push_back(batched({f.queries, f.heads * f.value_depth}));
    rows.push_back({&kAttentionGradient, f.label, inputs, [build](Graph& g, const Vars& v) {
                      const Var out = build(g, {v.begin(), v.end() - 1});
                      const Node node = g.node(out.id);
                      std::vector<NodeId> ids = node.inputs;
                      ids.push_back(out.id);
                      ids.push_back(v.back().id);
                      return g.emit(kAttentionGradient, ids, node.attrs);
                    }});
    rows.back().large = f.keys > 16;
  }
  rows.push_back({&kPart, "second of two", {batched({6})}, [](Graph&, const Vars& v) {
                    return part(v[0] * v[0], 2, {2, 2});
                  }});
}

// Statistics are those of the batch, as the derivative counts on; a window counts when its switch
// is positive.
void batch_norm_rows(std::vector<OpRow>& rows) {
  for (const int64_t features : {3, 70}) {
    const std::string label = std::to_string(features) + " columns";
    const Shape x = batched({5, features}), row = fixed({features}), switches = batched({});
    const auto mask_of = [](Graph& g, Var v) { return greater(v, g.constant(-1.5)); };
    rows.push_back({&kColumnMoments, label, {x, row, switches}, [=](Graph& g, const Vars& v) {
                      return column_moments(v[0], v[1], mask_of(g, v[2]));
                    }});
    rows.push_back(
        {&kColumnMoments, label + ", dy", {x, row, switches, x}, [=](Graph& g, const Vars& v) {
           return emit(kColumnMoments, {v[0], v[1], mask_of(g, v[2]), v[3]});
         }});
    rows.push_back({&kBatchNorm, label, {x, row, row}, [=](Graph& g, const Vars& v) {
                      const Var mask = greater(sum(v[0] * 0.0, {1, 2}), g.constant(-1.0));
                      const Var inverse = g.constant(1.0) / sum(mask, {0}), share = inverse / 5;
                      const Var mean =
                          matrix_row(column_moments(v[0], v[1], mask), 0) * share + v[1];
                      const Var moments = column_moments(v[0], mean, mask);
                      const Var rest = matrix_row(moments, 0) * share;
                      const Var variance = matrix_row(moments, 1) * share - rest * rest;
                      return batch_norm({v[0], v[1], v[2], mean, rest,
                                         g.constant(1.0) / sqrt(variance + 0.1), mask, inverse});
                    }});
    rows.push_back({&kBatchNormGradient,
                    label,
                    {x, x, row, row, row, row, row, row, switches, Shape{}},
                    [=](Graph& g, const Vars& v) {
                      return emit(kBatchNormGradient, {v[0], v[1], v[2], v[3], v[4], v[5], v[6],
                                                       v[7], mask_of(g, v[8]), v[9]});
                    }});
  }
}

void transformer_rows(std::vector<OpRow>& rows) {
  rows.push_back(row1(kGelu, gelu, -4, 4));
  rows.push_back({&kGeluGradient, "", {batched({7}), batched({7})}, [](Graph&, const Vars& v) {
                    return emit(kGeluGradient, {v[0], v[1]});
                  }});
  for (const int64_t length : {1, 5, 19}) {
    const std::string label = "length " + std::to_string(length);
    const std::vector<Shape> one = {batched({3, length})}, two = {one[0], one[0]};
    rows.push_back({&kSoftmax, label, one, [](Graph&, const Vars& v) { return softmax(v[0]); }});
    rows.push_back({&kSoftmaxGradient, label, two, [](Graph&, const Vars& v) {
                      return emit(kSoftmaxGradient, {v[0], v[1]});
                    }});
    // A large eps: the quotient of a row of one value is 0 by a rounding error otherwise.
    rows.push_back(
        {&kLayerNorm, label, one, [](Graph&, const Vars& v) { return layer_norm(v[0], 0.1); }});
    rows.push_back({&kLayerNormGradient, label, two, [](Graph&, const Vars& v) {
                      return emit(kLayerNormGradient, {v[0], v[1]}, {.reals = {0.1}});
                    }});
  }
  batch_norm_rows(rows);
  struct Window {
    const char* label;
    int64_t size, step;
  };
  for (const Window& w : {Window{"overlapping", 4, 2}, {"apart", 2, 3}, {"dense", 3, 1}}) {
    rows.push_back({&kUnfold, w.label, {batched({11})}, [w](Graph&, const Vars& v) {
                      return unfold(v[0], 1, w.size, w.step);
                    }});
    rows.push_back({&kUnfold,
                    std::string(w.label) + " channels",
                    {batched({11, 3})},
                    [w](Graph&, const Vars& v) { return unfold(v[0], 1, w.size, w.step); }});
    const int64_t count = (11 - w.size) / w.step + 1;
    rows.push_back({&kFold, w.label, {batched({count, w.size})}, [w](Graph&, const Vars& v) {
                      return fold(v[0], 1, w.step, 11);
                    }});
    rows.push_back({&kFold,
                    std::string(w.label) + " channels",
                    {batched({2, count, w.size, 3})},
                    [w](Graph&, const Vars& v) { return fold(v[0], 2, w.step, 11); }});
  }
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      const std::vector<int64_t> a =
          trans_a ? std::vector<int64_t>{2, 5, 3} : std::vector<int64_t>{2, 3, 5};
      const std::vector<int64_t> b =
          trans_b ? std::vector<int64_t>{2, 7, 5} : std::vector<int64_t>{2, 5, 7};
      const auto build = [trans_a, trans_b](Graph&, const Vars& v) {
        return batch_matmul(v[0], v[1], trans_a, trans_b);
      };
      const std::string label = std::string(trans_a ? "T" : "N") + (trans_b ? "T" : "N");
      rows.push_back({&kBatchMatMul, label, {batched(a), batched(b)}, build});
      rows.push_back({&kBatchMatMul, label + " unbatched", {fixed(a), fixed(b)}, build});
    }
  }
}

// One layer in the variants of LstmForm; every part of the result that a caller sees counts.
void lstm_rows(std::vector<OpRow>& rows, const std::string& label, int64_t steps, int64_t units,
               int64_t projection, bool state, bool keeps_gates) {
  const int64_t outputs = projection > 0 ? projection : units;
  const int64_t width = keeps_gates ? 3 : 1;
  const bool bias = keeps_gates || state;
  std::vector<Shape> inputs = {batched({steps, width}), fixed({4 * units, outputs}),
                               fixed({4 * units, width})};
  if (bias) inputs.push_back(fixed({4 * units}));
  if (projection > 0) inputs.push_back(fixed({projection, units}));
  if (state) inputs.insert(inputs.end(), {batched({outputs}), batched({units})});
  rows.push_back({&kLstm, label, inputs, [=](Graph&, const Vars& v) {
                    LstmOperands x{.x = v[0], .w_ih = v[2], .w_hh = v[1]};
                    if (bias) x.bias = v[3];
                    if (projection > 0) x.w_hr = v[bias ? 4 : 3];
                    if (state) x.h0 = v[v.size() - 2], x.c0 = v[v.size() - 1];
                    const LstmResult y = lstm(x, keeps_gates);
                    return state ? concat({y.h, y.c}, 2) : y.h;
                  }});
  LstmForm form{width, units, outputs, bias, projection > 0, state, true, state};
  std::vector<Shape> operands = {batched({steps, form.width()}), inputs[1]};
  if (projection > 0) operands.push_back(fixed({projection, units}));
  if (state) operands.push_back(batched({units}));
  operands.push_back(batched({steps, outputs}));
  if (state) operands.push_back(batched({steps, units}));
  rows.push_back({&kLstmGradient,
                  label,
                  operands,
                  [form](Graph& g, const Vars& v) {
                    std::vector<NodeId> ids;
                    for (const Var& x : v) ids.push_back(x.id);
                    return g.emit(kLstmGradient, ids, form.attrs());
                  },
                  -1,
                  1,
                  {},
                  1e-5});
}

std::vector<OpRow> make_table() {
  std::vector<OpRow> rows;
  rows2(rows, kAdd, add);
  rows2(rows, kSub, sub);
  rows2(rows, kMul, mul);
  rows2(rows, kDiv, div, 0.5, 2);
  rows2(rows, kMaximum, maximum);
  rows2(rows, kMinimum, minimum);
  rows2(rows, kGreater, greater);
  for (const auto& [label, condition] :
       {std::pair{"same", batched({5, 3})}, {"column", batched({5, 1})}}) {
    rows.push_back({&kWhere,
                    label,
                    {condition, batched({5, 3}), Shape{}},
                    [](Graph&, const Vars& v) {
                      return where(greater(v[0], v[0].graph->constant(0.1)), v[1], v[2]);
                    },
                    -2,
                    2,
                    {0}});
  }
  rows.push_back(row1(kNeg, neg));
  rows.push_back(row1(kAbs, abs));
  rows.push_back(row1(kSign, sign));
  rows.push_back(row1(kExp, exp));
  rows.push_back(row1(kLog, log, 0.2, 3));
  rows.push_back(row1(kSqrt, sqrt, 0.2, 3));
  rows.push_back(row1(kTanh, tanh));
  rows.push_back(row1(kSigmoid, sigmoid));
  rows.push_back(row1(kRelu, relu));
  rows.push_back(row1(kSoftplus, softplus));

  rows.push_back({&kMatMul, "NN", {batched({9}), fixed({9, 5})}, [](Graph&, const Vars& v) {
                    return matmul(v[0], v[1]);
                  }});
  rows.push_back({&kMatMul, "NT", {batched({9}), fixed({37, 9})}, [](Graph&, const Vars& v) {
                    return matmul(v[0], v[1], false, true);
                  }});
  rows.push_back({&kMatMul, "TN", {batched({9}), batched({35})}, [](Graph&, const Vars& v) {
                    return matmul(v[0], v[1], true);
                  }});
  rows.push_back({&kMatMul, "rank 3", {batched({3, 4}), fixed({4, 6})}, [](Graph&, const Vars& v) {
                    return matmul(v[0], v[1]);
                  }});
  rows.push_back(
      {&kMatMul, "TN rank 3", {batched({3, 4}), batched({3, 2})}, [](Graph&, const Vars& v) {
         return matmul(v[0], v[1], true);
       }});
  rows.push_back({&kMatMul, "unbatched", {fixed({3, 4}), fixed({4, 2})}, [](Graph&, const Vars& v) {
                    return matmul(v[0], v[1]);
                  }});
  rows.push_back(
      {&kMatMul, "weight packed twice", {batched({6}), fixed({6, 6})}, [](Graph&, const Vars& v) {
         return matmul(matmul(v[0], v[1]), v[1], false, true);
       }});

  for (const std::vector<int64_t>& axes :
       {std::vector<int64_t>{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}) {
    for (const bool keep : {false, true}) {
      std::string label = keep ? "keep" : "drop";
      for (int64_t axis : axes) label += " " + std::to_string(axis);
      rows.push_back({&kSum, label, {batched({5, 3})}, [axes, keep](Graph&, const Vars& v) {
                        return sum(v[0], axes, keep);
                      }});
    }
  }
  rows.push_back({&kSum, "alternating", {batched({5, 3, 2})}, [](Graph&, const Vars& v) {
                    return sum(v[0], {0, 2});
                  }});
  rows.push_back(
      {&kSum, "unbatched", {fixed({5, 3})}, [](Graph&, const Vars& v) { return sum(v[0], {0}); }});

  rows.push_back({&kReshape, "", {batched({6})}, [](Graph&, const Vars& v) {
                    return reshape(v[0], batched({2, 3}));
                  }});
  rows.push_back({&kReshape, "multiple", {batched({6})}, [](Graph&, const Vars& v) {
                    return reshape(v[0], batched({3}, 2));
                  }});
  rows.push_back({&kDetach,
                  "",
                  {batched({6})},
                  [](Graph& g, const Vars& v) { return detach(v[0]) * g.constant(1.5); },
                  -2,
                  2,
                  {0}});
  rows.push_back({&kTranspose, "", {batched({2, 5, 3})}, [](Graph&, const Vars& v) {
                    return transpose(v[0], {0, 3, 1, 2});
                  }});
  rows.push_back({&kTranspose, "unbatched", {fixed({4, 3})}, [](Graph&, const Vars& v) {
                    return transpose(v[0], {1, 0});
                  }});
  rows.push_back({&kSlice, "last", {batched({7})}, [](Graph&, const Vars& v) {
                    return slice(v[0], 1, 2, 6);
                  }});
  rows.push_back({&kSlice, "middle", {batched({7, 3})}, [](Graph&, const Vars& v) {
                    return slice(v[0], 1, 1, 3);
                  }});
  rows.push_back(
      {&kConcat, "last", {batched({2}), batched({3}), batched({1})}, [](Graph&, const Vars& v) {
         return concat({v[0], v[1], v[2]}, 1);
       }});
  rows.push_back(
      {&kConcat, "middle", {batched({2, 3}), batched({1, 3})}, [](Graph&, const Vars& v) {
         return concat({v[0], v[1]}, 1);
       }});
  rows.push_back(
      {&kReverse, "last", {batched({7})}, [](Graph&, const Vars& v) { return reverse(v[0], 1); }});
  rows.push_back({&kReverse, "middle", {batched({4, 3})}, [](Graph&, const Vars& v) {
                    return reverse(v[0], 1);
                  }});
  rows.push_back(
      {&kPad, "last", {batched({7})}, [](Graph&, const Vars& v) { return pad(v[0], 1, 2, 1); }});
  rows.push_back({&kPad, "middle", {batched({2, 3})}, [](Graph&, const Vars& v) {
                    return pad(v[0], 1, 0, 2);
                  }});
  rows.push_back({&kBroadcast, "to batch", {fixed({1, 3})}, [](Graph& g, const Vars& v) {
                    return broadcast(v[0], batched({4, 3})) + g.constant(0.0);
                  }});
  rows.push_back({&kBroadcast, "column", {batched({4, 1})}, [](Graph&, const Vars& v) {
                    return broadcast(v[0], batched({4, 3}));
                  }});

  for (const int64_t kernel : {2, 3, 5, 7}) {
    const std::string label = "kernel " + std::to_string(kernel);
    rows.push_back({&kMaxPool1d, label, {batched({7})}, [kernel](Graph&, const Vars& v) {
                      return max_pool1d(v[0], kernel);
                    }});
    rows.push_back({&kMaxPool1dGradient,
                    label,
                    {batched({7}), batched({(7 + kernel - 1) / kernel})},
                    [kernel](Graph&, const Vars& v) {
                      return emit(kMaxPool1dGradient, {v[0], v[1]}, {.ints = {kernel}});
                    }});
  }
  for (const int64_t window : {1, 3, 7, 25}) {
    const std::string label = "window " + std::to_string(window);
    rows.push_back({&kMovingAverage, label, {batched({11})}, [window](Graph&, const Vars& v) {
                      return moving_average(v[0], window);
                    }});
    rows.push_back(
        {&kMovingAverageGradient, label, {batched({11})}, [window](Graph&, const Vars& v) {
           return emit(kMovingAverageGradient, {v[0]}, {.ints = {window, 1}});
         }});
    rows.push_back(
        {&kMovingAverage, label + " middle", {batched({11, 21})}, [window](Graph&, const Vars& v) {
           return moving_average(v[0], window, 1);
         }});
    rows.push_back({&kMovingAverageGradient,
                    label + " middle",
                    {batched({11, 5})},
                    [window](Graph&, const Vars& v) {
                      return emit(kMovingAverageGradient, {v[0]}, {.ints = {window, 1}});
                    }});
  }
  for (const int64_t k : {1, 3, 7}) {
    rows.push_back({&kTopK,
                    "k " + std::to_string(k),
                    {batched({2, 7})},
                    [k](Graph&, const Vars& v) { return top_k(v[0], k); },
                    -2,
                    2,
                    {0}});
  }
  const auto list = [](Graph& g) { return g.constant(fixed({4}), {5, 0, 2, 5}); };
  rows.push_back({&kGather, "shared", {batched({7})}, [list](Graph& g, const Vars& v) {
                    return gather(v[0], list(g));
                  }});
  rows.push_back({&kGather,
                  "per window",
                  {batched({2, 7}), batched({2, 7})},
                  [](Graph&, const Vars& v) { return gather(v[0], top_k(v[1], 3)); },
                  -2,
                  2,
                  {1}});
  rows.push_back({&kScatterAdd, "shared", {batched({4})}, [list](Graph& g, const Vars& v) {
                    return emit(kScatterAdd, {v[0], list(g)}, {.ints = {7}});
                  }});
  rows.push_back({&kScatterAdd,
                  "per window",
                  {batched({3}), batched({7})},
                  [](Graph&, const Vars& v) {
                    return emit(kScatterAdd, {v[0], top_k(v[1], 3)}, {.ints = {7}});
                  },
                  -2,
                  2,
                  {1}});
  for (const int64_t width : {1, 5, 16, 70}) {
    const std::string label = "width " + std::to_string(width);
    const Shape series = batched({6, width});
    rows.push_back(
        {&kDelayAggregate,
         label + " shared",
         {series, batched({4})},
         [list](Graph& g, const Vars& v) { return delay_aggregate(v[0], v[1], list(g)); }});
    rows.push_back(
        {&kDelayAggregate,
         label,
         {series, batched({3}), batched({6})},
         [](Graph&, const Vars& v) { return delay_aggregate(v[0], v[1], top_k(v[2], 3)); },
         -2,
         2,
         {2}});
    rows.push_back(
        {&kDelayCorrelate, label + " shared", {series, series}, [](Graph& g, const Vars& v) {
           std::vector<double> all;
           for (int64_t i = 0; i < 13; ++i) all.push_back(static_cast<double>(i % 6));
           return delay_correlate(v[0], v[1], g.constant(fixed({13}), all));
         }});
    rows.push_back(
        {&kDelayCorrelate,
         label,
         {series, series, batched({6})},
         [](Graph&, const Vars& v) { return delay_correlate(v[0], v[1], top_k(v[2], 5)); },
         -2,
         2,
         {2}});
  }
  lstm_rows(rows, "plain", 5, 8, 0, false, true);
  lstm_rows(rows, "ragged", 3, 11, 0, false, true);
  lstm_rows(rows, "wide", 2, 20, 0, true, true);
  lstm_rows(rows, "state, gates not kept", 4, 5, 0, true, false);
  lstm_rows(rows, "projected", 3, 18, 3, false, true);
  lstm_rows(rows, "projected, state", 3, 6, 2, true, true);
  lstm_rows(rows, "one step", 1, 4, 0, false, true);
  lstm_rows(rows, "one step, state", 1, 17, 0, true, true);
  rows.push_back(
      {&kDropout, "", {batched({13})}, [](Graph&, const Vars& v) { return dropout(v[0], 0.3); }});
  transformer_rows(rows);
  attention_rows(rows);
  const auto fused = [&](const char* label, std::vector<Shape> inputs, FusedSteps steps) {
    rows.push_back({&kFused, label, std::move(inputs), [steps](Graph& g, const Vars& v) {
                      std::vector<NodeId> ids;
                      for (const Var& x : v) ids.push_back(x.id);
                      return g.emit(kFused, ids, encode(steps));
                    }});
  };
  fused("bias and activation", {batched({24}), fixed({24})},
        {{{&kAdd, {0, 1}}, {&kRelu, {2}}}, batched({24})});
  fused("column and row", {batched({5, 3}), batched({5, 1}), fixed({3})},
        {{{&kMul, {0, 1}}, {&kSub, {3, 2}}, {&kTanh, {4}}}, batched({5, 3})});
  fused("window and scalar", {batched({5, 150}), batched({1, 1}), Shape{}},
        {{{&kExp, {2}}, {&kMul, {0, 1}}, {&kWhere, {1, 4, 3}}}, batched({5, 150})});
  fused("three axes", {batched({4, 1, 3}), batched({1, 5, 1}), fixed({5, 3})},
        {{{&kAdd, {0, 1}}, {&kMul, {3, 2}}}, batched({4, 5, 3})});
  fused("dropout", {batched({13}), fixed({13})},
        {{{&kAdd, {0, 1}}, {&kDropout, {2}, {{5}, {0.3}}}, {&kNeg, {3}}}, batched({13})});
  fused("repeated", {fixed({3})}, {{{&kSigmoid, {0}}}, batched({7, 3})});
  const auto product = [&](const char* label, std::vector<Shape> inputs, bool trans_b,
                           FusedSteps steps) {
    rows.push_back({&kMatMulFused, label, std::move(inputs), [=](Graph& g, const Vars& v) {
                      std::vector<NodeId> ids;
                      for (const Var& x : v) ids.push_back(x.id);
                      Attrs attrs = encode(steps);
                      attrs.ints.insert(attrs.ints.begin(), {0, trans_b});
                      return g.emit(kMatMulFused, ids, attrs);
                    }});
  };
  product("bias and activation", {batched({9}), fixed({37, 9}), fixed({37})}, true,
          {{{&kAdd, {0, 1}}, {&kRelu, {2}}}, batched({37})});
  product("mask of an activation", {batched({70}), fixed({70, 300}), batched({300}), Shape{}},
          false, {{{&kWhere, {1, 0, 2}}}, batched({300})});
  product("column, residual and dropout",
          {batched({3, 8}), fixed({8, 5}), batched({3, 1}), batched({3, 5})}, false,
          {{{&kMul, {0, 1}}, {&kDropout, {3}, {{5}, {0.3}}}, {&kAdd, {4, 2}}}, batched({3, 5})});
  product("product read twice", {batched({4}), fixed({4, 6})}, false,
          {{{&kSigmoid, {0}}, {&kMul, {0, 1}}}, batched({6})});
  product("several vectors of rows", {batched({1, 7}, 2), fixed({7, 130}), fixed({1, 130})}, false,
          {{{&kSub, {0, 1}}, {&kTanh, {2}}}, batched({1, 130}, 2)});
  return rows;
}

}  // namespace

const std::vector<OpRow>& op_table() {
  static const std::vector<OpRow> table = make_table();
  return table;
}

}  // namespace nd::test
