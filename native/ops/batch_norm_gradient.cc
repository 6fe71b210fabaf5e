#include "ops/rules.h"

namespace nd {

/// Inputs x, dy, weight, mean, rest, inverse_deviation, Σ dy, Σ dy·n, mask and inverse_windows,
/// with n = ((x - mean) - rest)·inverse_deviation: weight·inverse_deviation·(dy - (Σ dy + n·Σ dy·n)
/// / count) over the `count` rows of all windows, 0 where the mask is 0.
constinit const OpDef kBatchNormGradient = {
    .name = "batch_norm_gradient",
    .arity = 10,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
};

}  // namespace nd
