#include "ops/rules.h"

namespace nd {

/// Hyperbolic tangent.
constinit const OpDef kTanh = {
    .name = "tanh",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() * (1.0 - g.out() * g.out())); },
    .elementwise = true,
};

Var tanh(Var x) { return emit(kTanh, {x}); }

}  // namespace nd
