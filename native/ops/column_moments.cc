#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Sums over all axes but the last of x [B, …, F], over the windows whose mask [B] is not 0, with
/// c = centre [F] and u = dy where a fourth input says so, else x - c: [2, F] = Σ u and Σ u·(x -
/// c).
constinit const OpDef kColumnMoments = {
    .name = "column_moments",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape& x = a.inputs[0];
          const int64_t features = x.dims.back();
          check_internal((a.inputs.size() == 3 || a.inputs.size() == 4) && x.batch == 1 &&
                             a.inputs[1] == Shape::fixed({features}) &&
                             a.inputs[2] == Shape::batched({}) &&
                             (a.inputs.size() == 3 || a.inputs[3] == x),
                         "column_moments: x [B, ..., F], centre [F], mask [B] and dy like x");
          return Shape::fixed({2, features});
        },
    .gradient = nullptr,
    .no_gradient = "the derivative of batch_norm counts its statistics in",
};

Var column_moments(Var x, Var centre, Var mask) { return emit(kColumnMoments, {x, centre, mask}); }

Var matrix_row(Var matrix, int64_t row) {
  return reshape(slice(matrix, 0, row, row + 1), Shape::fixed({matrix.shape().dims[1]}));
}

}  // namespace nd
