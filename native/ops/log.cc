#include "ops/rules.h"

namespace nd {

/// Natural logarithm.
constinit const OpDef kLog = {
    .name = "log",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() / g.in(0)); },
    .elementwise = true,
};

Var log(Var x) { return emit(kLog, {x}); }

}  // namespace nd
