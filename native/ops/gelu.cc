#include "ops/rules.h"

namespace nd {

/// x·Φ(x) with the exact normal distribution function (Hendrycks and Gimpel, "Gaussian error linear
/// units", 2016).
constinit const OpDef kGelu = {
    .name = "gelu",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kGeluGradient, {g.in(0), g.dout()}));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{30.0 * static_cast<double>(c.output.elements(c.windows))};
        },
    .elementwise = true,
};

Var gelu(Var x) { return emit(kGelu, {x}); }

}  // namespace nd
