#include "ops/rules.h"

namespace nd {

/// The same values as data: no derivative passes back. For scales that a loss takes from its input.
/// Costs nothing: backends alias it.
constinit const OpDef kDetach = {
    .name = "detach",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs&) {},
    .cost = [](const CostArgs&) { return Cost{}; },
};

Var detach(Var x) { return emit(kDetach, {x}); }

}  // namespace nd
