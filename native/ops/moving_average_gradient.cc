#include "ops/rules.h"

namespace nd {

/// The adjoint of moving_average, a linear map: its own derivative is the average again; ints =
/// {window, axis}.
constinit const OpDef kMovingAverageGradient = {
    .name = "moving_average_gradient",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) {
          g.add(0, moving_average(g.dout(), g.attrs().ints[0], g.attrs().ints[1]));
        },
};

}  // namespace nd
