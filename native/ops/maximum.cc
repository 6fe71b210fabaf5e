#include "ops/rules.h"

namespace nd {

/// max(a, b); at equality the gradient goes to a.
constinit const OpDef kMaximum = {
    .name = "maximum",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          const Var b_wins = greater(g.in(1), g.in(0));
          g.add(0, g.dout() * (1.0 - b_wins));
          g.add(1, g.dout() * b_wins);
        },
    .elementwise = true,
};

Var maximum(Var a, Var b) { return emit(kMaximum, {a, b}); }

}  // namespace nd
