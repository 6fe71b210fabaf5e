#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// ((x - mean) - rest)·inverse_deviation·weight + bias for x [B, …, F] and rows [F], which must be
/// the statistics of x over the windows of the mask: the derivative by x counts them in (Ioffe and
/// Szegedy, ICML 2015, section 3). Inputs as in BatchNormOperands.
constinit const OpDef kBatchNorm = {
    .name = "batch_norm",
    .arity = 8,
    .shape =
        [](const ShapeArgs& a) {
          const Shape& x = a.inputs[0];
          for (size_t i = 1; i < 6; ++i)
            check_internal(a.inputs[i] == Shape::fixed({x.dims.back()}), "batch_norm: rows [F]");
          check_internal(
              x.batch == 1 && a.inputs[6] == Shape::batched({}) && a.inputs[7] == Shape{},
              "batch_norm: x [B, ..., F], mask [B] and a scalar");
          return x;
        },
    .gradient =
        [](GradArgs& g) {
          const Var x = g.in(0), dy = g.dout(), mean = g.in(3), rest = g.in(4), inverse = g.in(5);
          const Var sums = emit(kColumnMoments, {x, mean, g.in(6), dy});
          const Var total = matrix_row(sums, 0);                             // Σ dy
          const Var along = (matrix_row(sums, 1) - rest * total) * inverse;  // Σ dy·(y - b)/w
          g.add(0, emit(kBatchNormGradient,
                        {x, dy, g.in(1), mean, rest, inverse, total, along, g.in(6), g.in(7)}));
          g.add(1, along);
          g.add(2, total);
        },
};

Var batch_norm(const BatchNormOperands& o) {
  return emit(kBatchNorm, {o.x, o.weight, o.bias, o.mean, o.rest, o.inverse_deviation, o.mask,
                           o.inverse_windows});
}

}  // namespace nd
