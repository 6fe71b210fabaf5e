#include "ops/rules.h"

namespace nd {

/// min(a, b); at equality the gradient goes to a.
constinit const OpDef kMinimum = {
    .name = "minimum",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          const Var b_wins = greater(g.in(0), g.in(1));
          g.add(0, g.dout() * (1.0 - b_wins));
          g.add(1, g.dout() * b_wins);
        },
    .elementwise = true,
};

Var minimum(Var a, Var b) { return emit(kMinimum, {a, b}); }

}  // namespace nd
