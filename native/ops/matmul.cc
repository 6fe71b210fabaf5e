#include "base/error.h"
#include "ops/rules.h"

namespace nd {

namespace {

// ints = {trans_a, trans_b}.
[[noreturn]] void refuse(const ShapeArgs& a) {
  throw Error(Code::shape, "[" + (a.place.empty() ? std::string("matmul") : a.place) +
                               "] received matmul operands " + to_string(a.inputs[0]) +
                               (a.attrs.ints[0] != 0 ? "ᵀ" : "") + " and " +
                               to_string(a.inputs[1]) + (a.attrs.ints[1] != 0 ? "ᵀ" : "") +
                               ", expected equal inner dimensions");
}

Shape matmul_shape(const ShapeArgs& args) {
  const Shape &a = args.inputs[0], &b = args.inputs[1];
  const bool trans_a = args.attrs.ints[0] != 0, trans_b = args.attrs.ints[1] != 0;
  if (a.dims.empty() || b.dims.empty()) refuse(args);
  if (trans_a) {
    // Contraction over all leading axes: the product does not know the batch any more.
    const int64_t cols_a = a.dims.back(), cols_b = b.dims.back();
    if (trans_b || a.batch != b.batch || a.row() / cols_a != b.row() / cols_b) refuse(args);
    return Shape::fixed({cols_a, cols_b});
  }
  if (b.is_batched() || b.dims.size() != 2) refuse(args);
  const int64_t inner = trans_b ? b.dims[1] : b.dims[0], columns = trans_b ? b.dims[0] : b.dims[1];
  if (a.dims.back() != inner) refuse(args);
  Shape out = a;
  out.dims.back() = columns;
  return out;
}

// With C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC; each form of operand is again one of the forms that matmul
// knows.
void matmul_gradient(GradArgs& g) {
  const bool trans_a = g.attrs().ints[0] != 0, trans_b = g.attrs().ints[1] != 0;
  if (trans_a) {
    g.add(0, matmul(g.in(1), g.dout(), false, true));
    g.add(1, matmul(g.in(0), g.dout()));
    return;
  }
  g.add(0, matmul(g.dout(), g.in(1), false, !trans_b));
  g.add(1, trans_b ? matmul(g.dout(), g.in(0), true) : matmul(g.in(0), g.dout(), true));
}

Cost matmul_cost(const CostArgs& c) {
  const int64_t outputs = c.output.elements(c.windows);
  const Shape& a = c.inputs[0];
  const int64_t inner =
      c.attrs.ints[0] != 0 ? a.elements(c.windows) / a.dims.back() : a.dims.back();
  return {2.0 * static_cast<double>(outputs) * static_cast<double>(inner)};
}

}  // namespace

constinit const OpDef kMatMul = {
    .name = "matmul",
    .arity = 2,
    .shape = matmul_shape,
    .gradient = matmul_gradient,
    .cost = matmul_cost,
};

Var matmul(Var a, Var b, bool trans_a, bool trans_b) {
  return emit(kMatMul, {a, b}, {.ints = {trans_a, trans_b}});
}

}  // namespace nd
