#include "ops/rules.h"

namespace nd {

/// 1 where a > b, else 0 (also when either is NaN).
constinit const OpDef kGreater = {
    .name = "greater",
    .arity = 2,
    .shape = broadcast_rule,
    .gradient = nullptr,
    .no_gradient = "piecewise constant",
    .elementwise = true,
};

Var greater(Var a, Var b) { return emit(kGreater, {a, b}); }

}  // namespace nd
