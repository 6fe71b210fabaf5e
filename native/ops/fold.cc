#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// The adjoint of unfold: […, n, size, …] -> […, T, …], overlapping values summed, uncovered steps
/// 0; ints = {axis, size, step, T}.
constinit const OpDef kFold = {
    .name = "fold",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const int64_t size = a.attrs.ints[1], step = a.attrs.ints[2], length = a.attrs.ints[3];
          const auto at = out.dims.begin() + a.attrs.ints[0] - (out.is_batched() ? 1 : 0);
          check_internal(*(at + 1) == size && (*at - 1) * step + size <= length,
                         "fold: windows inside the axis");
          *at = length;
          out.dims.erase(at + 1);
          return out;
        },
    .gradient = [](GradArgs& g) { g.add(0, emit(kUnfold, {g.dout()}, {.ints = g.attrs().ints})); },
    .cost =
        [](const CostArgs& c) {
          return Cost{static_cast<double>(c.inputs[0].elements(c.windows))};
        },
};

Var fold(Var x, int64_t axis, int64_t step, int64_t length) {
  const int64_t a = checked_axis(x.shape(), axis, "fold");
  return emit(kFold, {x}, {.ints = {a, x.shape().size(a + 1, 1), step, length}});
}

}  // namespace nd
