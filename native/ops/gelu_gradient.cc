#include "ops/rules.h"

namespace nd {

/// Inputs x and d loss / d gelu(x): their product with Φ(x) + x·φ(x). An op, because both terms
/// share one exponential with each other.
constinit const OpDef kGeluGradient = {
    .name = "gelu_gradient",
    .arity = 2,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
    .cost =
        [](const CostArgs& c) {
          return Cost{32.0 * static_cast<double>(c.output.elements(c.windows))};
        },
    .elementwise = true,
};

}  // namespace nd
