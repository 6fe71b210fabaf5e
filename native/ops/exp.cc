#include "ops/rules.h"

namespace nd {

/// e^x
constinit const OpDef kExp = {
    .name = "exp",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() * g.out()); },
    .elementwise = true,
};

Var exp(Var x) { return emit(kExp, {x}); }

}  // namespace nd
