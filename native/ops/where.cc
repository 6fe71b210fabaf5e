#include "ops/rules.h"

namespace nd {

/// a where the condition is not 0, else b: a choice, not a blend, so the other branch may hold NaN.
constinit const OpDef kWhere = {
    .name = "where",
    .arity = 3,
    .shape =
        [](const ShapeArgs& a) {
          const char* place = a.place.empty() ? "where" : a.place.c_str();
          return broadcast_shapes(broadcast_shapes(a.inputs[1], a.inputs[2], place), a.inputs[0],
                                  place);
        },
    .gradient =
        [](GradArgs& g) {
          const Var zero = g.out().graph->constant(0.0);
          g.add(1, where(g.in(0), g.dout(), zero));
          g.add(2, where(g.in(0), zero, g.dout()));
        },
    .elementwise = true,
};

Var where(Var condition, Var a, Var b) { return emit(kWhere, {condition, a, b}); }

}  // namespace nd
