#include "ops/rules.h"

namespace nd {

/// a / b
constinit const OpDef kDiv = {
    .name = "div",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          const Var da = g.dout() / g.in(1);
          g.add(0, da);
          g.add(1, -(da * g.out()));
        },
    .elementwise = true,
};

Var div(Var a, Var b) { return emit(kDiv, {a, b}); }

Var operator/(Var a, double b) { return a / a.graph->constant(b); }

}  // namespace nd
