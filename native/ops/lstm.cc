#include "ops/lstm.h"

#include "base/error.h"
#include "ops/rules.h"

namespace nd {

LstmForm LstmForm::of(const Attrs& attrs) {
  const auto& i = attrs.ints;
  return {i[0], i[1], i[2], i[3] != 0, i[4] != 0, i[5] != 0, i[6] != 0, i[7] != 0};
}

Attrs LstmForm::attrs() const {
  return {.ints = {inputs, units, outputs, has_bias, projected, has_state, keeps_gates, has_dc}};
}

namespace {

[[noreturn]] void refuse(const ShapeArgs& a, const char* operand, const Shape& received,
                         const std::string& expected) {
  throw Error(Code::shape, "[" + (a.place.empty() ? std::string("lstm") : a.place) + "] received " +
                               operand + " " + to_string(received) + ", expected " + expected);
}

Shape lstm_shape(const ShapeArgs& a) {
  const LstmForm f = LstmForm::of(a.attrs);
  const Shape& x = a.inputs[0];
  if (!x.is_batched() || x.dims.size() != 2 || x.dims[1] != f.inputs || x.dims[0] < 1)
    refuse(a, "x", x, "[B, T, I] with I = " + std::to_string(f.inputs));
  const auto expect = [&](size_t i, const char* operand, const Shape& shape) {
    if (!(a.inputs[i] == shape)) refuse(a, operand, a.inputs[i], to_string(shape));
  };
  expect(1, "w_hh", Shape::fixed({4 * f.units, f.outputs}));
  expect(2, "w_ih", Shape::fixed({4 * f.units, f.inputs}));
  if (f.has_bias) expect(f.bias_operand(), "bias", Shape::fixed({4 * f.units}));
  size_t next = f.projection_operand();
  if (f.projected) expect(next++, "w_hr", Shape::fixed({f.outputs, f.units}));
  if (f.has_state) {
    expect(next++, "h0", Shape::batched({f.outputs}, x.batch));
    expect(next++, "c0", Shape::batched({f.units}, x.batch));
  }
  check_internal(next == a.inputs.size() && (f.projected || f.outputs == f.units),
                 "lstm: operands as its form says");
  return Shape::batched({x.dims[0], f.width()}, x.batch);
}

// The part [begin, end) of the last axis of a derivative; invalid where it is known to be zero.
// Derivatives of slices are paddings, which need not be computed to be cut again.
Var part_of(Var x, int64_t begin, int64_t end) {
  const Node node = x.graph->node(x.id);
  const int64_t last = x.shape().rank() - 1;
  if (node.op == &kPad && node.attrs.ints[0] == last) {
    const Var inner{x.graph, node.inputs[0]};
    const int64_t from = node.attrs.ints[1], to = from + inner.shape().dims.back();
    if (end <= from || to <= begin) return {};
    if (from <= begin && end <= to) return part_of(inner, begin - from, end - from);
  }
  if (node.op == &kAdd) {
    const Var a{x.graph, node.inputs[0]}, b{x.graph, node.inputs[1]};
    if (a.shape() == x.shape() && b.shape() == x.shape()) {
      const Var left = part_of(a, begin, end), right = part_of(b, begin, end);
      return !left.valid() ? right : !right.valid() ? left : left + right;
    }
  }
  return begin == 0 && end == x.shape().dims.back() ? x : slice(x, last, begin, end);
}

void lstm_gradient(GradArgs& g) {
  LstmForm f = LstmForm::of(g.attrs());
  Graph& graph = *g.dout().graph;
  std::vector<NodeId> operands;
  for (size_t i = 0; i < g.count(); ++i) operands.push_back(g.in(i).id);
  const int64_t U = f.units, P = f.outputs, T = g.in(0).shape().dims[0];
  const int64_t batch = g.in(0).shape().batch;
  // A layer that was built to predict keeps no gates: its gradient computes it once more.
  Var out = g.out();
  if (!f.keeps_gates) {
    f.keeps_gates = true;
    out = graph.emit(kLstm, operands, f.attrs());
  }
  Var dh = part_of(g.dout(), 0, P);
  const Var dc = part_of(g.dout(), P, P + U);
  if (!dh.valid()) dh = broadcast(graph.constant(0.0), Shape::batched({T, P}, batch));

  const size_t state = f.state_operand();
  f.has_dc = dc.valid();
  std::vector<NodeId> inputs = {out.id, g.in(1).id};
  if (f.projected) inputs.push_back(g.in(f.projection_operand()).id);
  if (f.has_state) inputs.push_back(g.in(state + 1).id);
  inputs.push_back(dh.id);
  if (f.has_dc) inputs.push_back(dc.id);
  const Var d = graph.emit(kLstmGradient, std::move(inputs), f.attrs());

  const Var dgates = part_of(d, 0, 4 * U);
  g.add(0, matmul(dgates, g.in(2)));
  g.add(2, matmul(dgates, g.in(0), true));
  if (f.has_bias) g.add(f.bias_operand(), sum_to(dgates, g.in(f.bias_operand()).shape()));
  const Var h = slice(out, 2, 0, P);
  if (f.has_state) {
    const Var first = reshape(g.in(state), Shape::batched({1, P}, batch));
    const Var before = T > 1 ? concat({first, slice(h, 1, 0, T - 1)}, 1) : first;
    g.add(1, matmul(dgates, before, true));
    g.add(state, matmul(reshape(slice(dgates, 1, 0, 1), Shape::batched({4 * U}, batch)), g.in(1)));
    const Var dc_before = slice(d, 2, f.gradient_width() - U, f.gradient_width());
    g.add(state + 1, reshape(slice(dc_before, 1, 0, 1), Shape::batched({U}, batch)));
  } else if (T > 1) {
    g.add(1, matmul(dgates, pad(slice(h, 1, 0, T - 1), 1, 1, 0), true));
  }
  if (f.projected) {
    const Var c = slice(out, 2, P, P + U), o = slice(out, 2, P + 4 * U, P + 5 * U);
    g.add(f.projection_operand(), matmul(slice(d, 2, 4 * U, 4 * U + P), o * tanh(c), true));
  }
}

// Products only, as for matmul: what a step costs is decided by them.
Cost lstm_cost(const CostArgs& c) {
  const LstmForm f = LstmForm::of(c.attrs);
  const double steps = static_cast<double>(c.output.elements(c.windows) / c.output.dims.back());
  return {2.0 * steps * static_cast<double>(f.units) *
          static_cast<double>(4 * (f.inputs + f.outputs) + (f.projected ? f.outputs : 0))};
}

}  // namespace

/// All steps of one LSTM layer (Hochreiter and Schmidhuber, Neural Computation 9(8), 1997, with a
/// forget gate; projection: Sak, Senior, Beaufays, INTERSPEECH 2014). Operands: x
/// [B, T, I], w_hh [4U, P], w_ih [4U, I], bias [4U] if there is one, w_hr [P, U] if projected, h0
/// [B, P] and c0 [B, U] with a state; gates in the order i, f, g, o; ints: LstmForm. Its gradient
/// by x and the weights are products over all steps at once.
constinit const OpDef kLstm = {
    .name = "lstm",
    .arity = -1,
    .shape = lstm_shape,
    .gradient = lstm_gradient,
    .cost = lstm_cost,
};

LstmResult lstm(const LstmOperands& x, bool keeps_gates) {
  LstmForm f;
  f.outputs = x.w_hh.shape().dims.back();
  f.units = x.w_hh.shape().dims.front() / 4;
  f.inputs = x.w_ih.shape().dims.back();
  f.has_bias = x.bias.valid();
  f.projected = x.w_hr.valid();
  f.has_state = x.h0.valid();
  f.keeps_gates = keeps_gates;
  std::vector<NodeId> operands = {x.x.id, x.w_hh.id, x.w_ih.id};
  if (f.has_bias) operands.push_back(x.bias.id);
  if (f.projected) operands.push_back(x.w_hr.id);
  if (f.has_state) operands.insert(operands.end(), {x.h0.id, x.c0.id});
  const Var out = x.x.graph->emit(kLstm, std::move(operands), f.attrs());
  return {slice(out, 2, 0, f.outputs), slice(out, 2, f.outputs, f.outputs + f.units)};
}

}  // namespace nd
