#include "base/error.h"
#include "ops/rules.h"

namespace nd {

Shape gathered_shape(const ShapeArgs& a, const char* name) {
  const Shape &x = a.inputs[0], &index = a.inputs[1];
  Shape out = x;
  const bool shared = !index.is_batched() && index.dims.size() == 1;
  if (!x.dims.empty() && !index.dims.empty()) {
    out.dims.back() = index.dims.back();
    if (shared || index == out) return out;
  }
  throw Error(Code::shape, "[" + (a.place.empty() ? std::string(name) : a.place) + "] received " +
                               to_string(x) + " and places " + to_string(index) +
                               ", expected places [k], or the leading axes of the values and k");
}

/// y[…, i] = x[…, index[…, i]] with places computed at run time: one list [k] for all rows, or
/// [lead(x)…, k]. A place outside the axis counts as its nearest end.
constinit const OpDef kGather = {
    .name = "gather",
    .arity = 2,
    .shape = [](const ShapeArgs& a) { return gathered_shape(a, "gather"); },
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kScatterAdd, {g.dout(), g.in(1)}, {.ints = {g.in(0).shape().dims.back()}}));
        },
};

Var gather(Var x, Var index) { return emit(kGather, {x, index}); }

}  // namespace nd
