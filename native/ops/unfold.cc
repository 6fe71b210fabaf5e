#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Sliding windows along one static axis: […, T, …] -> […, n, size, …], n = (T - size) / step + 1;
/// ints = {axis, size, step, T}. Patches of a series and the operands of a convolution.
constinit const OpDef kUnfold = {
    .name = "unfold",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const int64_t size = a.attrs.ints[1], step = a.attrs.ints[2], length = a.attrs.ints[3];
          const auto at = out.dims.begin() + a.attrs.ints[0] - (out.is_batched() ? 1 : 0);
          check_internal(size > 0 && step > 0 && *at == length && size <= length,
                         "unfold: a window inside the axis");
          *at = (length - size) / step + 1;
          out.dims.insert(at + 1, size);
          return out;
        },
    .gradient = [](GradArgs& g) { g.add(0, emit(kFold, {g.dout()}, {.ints = g.attrs().ints})); },
};

Var unfold(Var x, int64_t axis, int64_t size, int64_t step) {
  const int64_t a = checked_axis(x.shape(), axis, "unfold");
  return emit(kUnfold, {x}, {.ints = {a, size, step, x.shape().size(a, 1)}});
}

}  // namespace nd
