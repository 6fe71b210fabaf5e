#include "ops/rules.h"

namespace nd {

/// Inputs x and d loss / d layer_norm(x); reals = {eps}: (dy - mean(dy) - y·mean(dy·y)) /
/// √(variance
/// + eps).
constinit const OpDef kLayerNormGradient = {
    .name = "layer_norm_gradient",
    .arity = 2,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
    .cost =
        [](const CostArgs& c) {
          return Cost{12.0 * static_cast<double>(c.output.elements(c.windows))};
        },
};

}  // namespace nd
