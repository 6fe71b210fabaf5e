#include "ops/rules.h"

namespace nd {

/// max(x, 0). Selected by the output: as maximum(x, 0) the gradient at 0 would pass through.
constinit const OpDef kRelu = {
    .name = "relu",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) { g.add(0, where(g.out(), g.dout(), g.out().graph->constant(0.0))); },
    .elementwise = true,
};

Var relu(Var x) { return emit(kRelu, {x}); }

}  // namespace nd
