#include "ops/rules.h"

namespace nd {

/// -1, 0 or 1.
constinit const OpDef kSign = {
    .name = "sign",
    .arity = 1,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "piecewise constant",
    .elementwise = true,
};

Var sign(Var x) { return emit(kSign, {x}); }

}  // namespace nd
