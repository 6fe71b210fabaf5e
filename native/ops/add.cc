#include "ops/rules.h"

namespace nd {

/// a + b
constinit const OpDef kAdd = {
    .name = "add",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient =
        [](GradArgs& g) {
          g.add(0, g.dout());
          g.add(1, g.dout());
        },
    .elementwise = true,
};

Var add(Var a, Var b) { return emit(kAdd, {a, b}); }

Var operator+(Var a, double b) { return a + a.graph->constant(b); }

}  // namespace nd
