#include "ops/rules.h"

namespace nd {

/// Inputs x and d loss / d max_pool1d(x): each derivative goes to the first maximum of its block;
/// ints = {kernel}.
constinit const OpDef kMaxPool1dGradient = {
    .name = "max_pool1d_gradient",
    .arity = 2,
    .shape = same_as_input,
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
};

}  // namespace nd
