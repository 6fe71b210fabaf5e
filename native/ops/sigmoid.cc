#include "ops/rules.h"

namespace nd {

/// 1 / (1 + e^-x)
constinit const OpDef kSigmoid = {
    .name = "sigmoid",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() * g.out() * (1.0 - g.out())); },
    .elementwise = true,
};

Var sigmoid(Var x) { return emit(kSigmoid, {x}); }

}  // namespace nd
