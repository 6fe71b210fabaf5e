#include "ops/rules.h"

namespace nd {

/// Inputs y = softmax(x) and d loss / d y: y·(dy - Σ y·dy).
constinit const OpDef kSoftmaxGradient = {
    .name = "softmax_gradient",
    .arity = 2,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
    .cost =
        [](const CostArgs& c) {
          return Cost{4.0 * static_cast<double>(c.output.elements(c.windows))};
        },
};

}  // namespace nd
