#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Zeros before and after a static axis; ints = {axis, before, after}.
constinit const OpDef kPad = {
    .name = "pad",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const int64_t axis = a.attrs.ints[0];
          check_internal(!out.is_batched() || axis > 0, "pad of the batch axis");
          out.dims[static_cast<size_t>(axis - (out.is_batched() ? 1 : 0))] +=
              a.attrs.ints[1] + a.attrs.ints[2];
          return out;
        },
    .gradient =
        [](GradArgs& g) {
          const int64_t axis = g.attrs().ints[0], before = g.attrs().ints[1];
          g.add(0, slice(g.dout(), axis, before, before + g.in(0).shape().size(axis, 1)));
        },
};

Var pad(Var x, int64_t axis, int64_t before, int64_t after) {
  if (before == 0 && after == 0) return x;
  axis = checked_axis(x.shape(), axis, "pad");
  return emit(kPad, {x}, {.ints = {axis, before, after}});
}

}  // namespace nd
