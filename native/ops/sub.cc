#include "ops/rules.h"

namespace nd {

/// a - b
constinit const OpDef kSub = {
    .name = "sub",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          g.add(0, g.dout());
          g.add(1, -g.dout());
        },
    .elementwise = true,
};

Var sub(Var a, Var b) { return emit(kSub, {a, b}); }

Var operator-(Var a, double b) { return a - a.graph->constant(b); }
Var operator-(double a, Var b) { return b.graph->constant(a) - b; }

}  // namespace nd
