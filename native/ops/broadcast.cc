#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Repeats size-1 axes and missing leading axes (the batch among them) to a shape; ints = encoded
/// shape.
constinit const OpDef kBroadcast = {
    .name = "broadcast",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape out = decode(a.attrs.ints);
          const Shape joint =
              broadcast_shapes(a.inputs[0], out, a.place.empty() ? "broadcast" : a.place.c_str());
          if (!(joint == out)) {
            throw Error(Code::shape, "[" + (a.place.empty() ? std::string("broadcast") : a.place) +
                                         "] received " + to_string(a.inputs[0]) +
                                         ", expected a shape that broadcasts to " + to_string(out));
          }
          return out;
        },
    .gradient = [](GradArgs& g) { g.add(0, g.dout()); },
};

Var broadcast(Var x, Shape shape) {
  if (x.shape() == shape) return x;
  return emit(kBroadcast, {x}, {.ints = encode(shape)});
}

}  // namespace nd
