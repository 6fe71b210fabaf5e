#include "ops/rules.h"

namespace nd {

/// Square root. The derivative at 0 is taken as 0: an exact fit must not turn an RMSE step into
/// NaN.
constinit const OpDef kSqrt = {
    .name = "sqrt",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) {
          const Var zero = g.out().graph->constant(0.0);
          g.add(0, where(g.out(), g.dout() / (g.out() * 2.0), zero));
        },
    .elementwise = true,
};

Var sqrt(Var x) { return emit(kSqrt, {x}); }

}  // namespace nd
