#include "ops/rules.h"

namespace nd {

/// e^(x - max) / Σ e^(x - max) over the last axis. A row that holds NaN or +inf, or nothing but
/// -inf, gives NaN.
constinit const OpDef kSoftmax = {
    .name = "softmax",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kSoftmaxGradient, {g.out(), g.dout()}));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{20.0 * static_cast<double>(c.output.elements(c.windows))};
        },
};

Var softmax(Var x) { return emit(kSoftmax, {x}); }

}  // namespace nd
