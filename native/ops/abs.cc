#include "ops/rules.h"

namespace nd {

/// |x|; the subgradient at 0 is 0, as sign(0) = 0.
constinit const OpDef kAbs = {
    .name = "abs",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() * sign(g.in(0))); },
    .elementwise = true,
};

Var abs(Var x) { return emit(kAbs, {x}); }

}  // namespace nd
