#include "base/error.h"
#include "ops/rules.h"

namespace nd {

namespace {

// ints = {trans_a, trans_b}.
Shape batch_matmul_shape(const ShapeArgs& args) {
  const Shape &a = args.inputs[0], &b = args.inputs[1];
  const auto refuse = [&] {
    throw Error(Code::shape, "[" + (args.place.empty() ? std::string("matmul") : args.place) +
                                 "] received batched matrices " + to_string(a) + " and " +
                                 to_string(b) + ", expected equal leading and inner dimensions");
  };
  const size_t rank = a.dims.size();
  if (rank < 2 || b.dims.size() != rank || a.batch != b.batch) refuse();
  for (size_t i = 0; i + 2 < rank; ++i)
    if (a.dims[i] != b.dims[i]) refuse();
  const bool trans_a = args.attrs.ints[0] != 0, trans_b = args.attrs.ints[1] != 0;
  if (a.dims[trans_a ? rank - 2 : rank - 1] != b.dims[trans_b ? rank - 1 : rank - 2]) refuse();
  Shape out = a;
  out.dims[rank - 2] = a.dims[trans_a ? rank - 1 : rank - 2];
  out.dims[rank - 1] = b.dims[trans_b ? rank - 2 : rank - 1];
  return out;
}

// With C = op(A)·op(B): d op(A) = dC·op(B)ᵀ, d op(B) = op(A)ᵀ·dC, transposed back where op does.
void batch_matmul_gradient(GradArgs& g) {
  const bool trans_a = g.attrs().ints[0] != 0, trans_b = g.attrs().ints[1] != 0;
  const Var a = g.in(0), b = g.in(1), dc = g.dout();
  g.add(0, trans_a ? batch_matmul(b, dc, trans_b, true) : batch_matmul(dc, b, false, !trans_b));
  g.add(1, trans_b ? batch_matmul(dc, a, true, trans_a) : batch_matmul(a, dc, !trans_a, false));
}

Cost batch_matmul_cost(const CostArgs& c) {
  const Shape& a = c.inputs[0];
  const int64_t inner = c.attrs.ints[0] != 0 ? a.dims[a.dims.size() - 2] : a.dims.back();
  return {2.0 * static_cast<double>(c.output.elements(c.windows)) * static_cast<double>(inner)};
}

}  // namespace

/// One product per index of the leading axes, which are equal.
constinit const OpDef kBatchMatMul = {
    .name = "batch_matmul",
    .arity = 2,
    .shape = batch_matmul_shape,
    .gradient = batch_matmul_gradient,
    .cost = batch_matmul_cost,
};

Var batch_matmul(Var a, Var b, bool trans_a, bool trans_b) {
  return emit(kBatchMatMul, {a, b}, {.ints = {trans_a, trans_b}});
}

}  // namespace nd
