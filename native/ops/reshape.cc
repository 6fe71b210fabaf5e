#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// The same elements in row-major order under another shape; ints = encoded shape. Costs nothing:
/// backends alias it.
constinit const OpDef kReshape = {
    .name = "reshape",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = decode(a.attrs.ints);
          const Shape& in = a.inputs[0];
          const bool fits =
              in.is_batched() == out.is_batched() && in.elements(1) == out.elements(1);
          if (!fits) {
            throw Error(Code::shape, "[" + (a.place.empty() ? std::string("reshape") : a.place) +
                                         "] received " + to_string(in) +
                                         ", expected as many elements as " + to_string(out));
          }
          return out;
        },
    .gradient = [](GradArgs& g) { g.add(0, reshape(g.dout(), g.in(0).shape())); },
    .cost = [](const CostArgs&) { return Cost{}; },
};

Var reshape(Var x, Shape shape) {
  if (x.shape() == shape) return x;
  return emit(kReshape, {x}, {.ints = encode(shape)});
}

}  // namespace nd
