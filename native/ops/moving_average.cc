#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Centred moving average of odd length over an axis, both ends replicated; ints = {window, axis}.
/// An op because as a product with a [L, L] matrix it costs L/2 times the arithmetic (Zeng et al.,
/// AAAI 2023, DLinear).
constinit const OpDef kMovingAverage = {
    .name = "moving_average",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          check_internal(a.attrs.ints[0] % 2 == 1 && !a.inputs[0].dims.empty(),
                         "moving_average: odd window");
          return a.inputs[0];
        },
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kMovingAverageGradient, {g.dout()}, {.ints = g.attrs().ints}));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{2.0 * static_cast<double>(c.output.elements(c.windows))};
        },
};

Var moving_average(Var x, int64_t window, int64_t axis) {
  axis = checked_axis(x.shape(), axis, "moving_average");
  check_internal(!x.shape().is_batched() || axis > 0, "moving_average over the batch axis");
  return emit(kMovingAverage, {x}, {.ints = {window, axis}});
}

}  // namespace nd
