#include "ops/rules.h"

namespace nd {

/// a · b
constinit const OpDef kMul = {
    .name = "mul",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          g.add(0, g.dout() * g.in(1));
          g.add(1, g.dout() * g.in(0));
        },
    .elementwise = true,
};

Var mul(Var a, Var b) { return emit(kMul, {a, b}); }

Var operator*(Var a, double b) { return a * a.graph->constant(b); }

}  // namespace nd
