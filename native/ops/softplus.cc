#include "ops/rules.h"

namespace nd {

/// log(1 + e^x), computed as max(x, 0) + log1p(e^-|x|) so that it never overflows.
constinit const OpDef kSoftplus = {
    .name = "softplus",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, g.dout() * sigmoid(g.in(0))); },
    .elementwise = true,
};

Var softplus(Var x) { return emit(kSoftplus, {x}); }

}  // namespace nd
