#include "ops/rules.h"

namespace nd {

/// -x
constinit const OpDef kNeg = {
    .name = "neg",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, -g.dout()); },
    .elementwise = true,
};

Var neg(Var x) { return emit(kNeg, {x}); }

}  // namespace nd
