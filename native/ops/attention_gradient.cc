#include "ops/rules.h"

namespace nd {

/// Inputs of attention, then its output and d loss / d output; attributes of attention. Results as
/// parts (ops/part.cc): the derivatives by v, q0, k0, q1, k1, …, each in the shape of its operand.
constinit const OpDef kAttentionGradient = {
    .name = "attention_gradient",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          int64_t row = 0;
          for (size_t i = 0; i + 2 < a.inputs.size(); ++i) row += a.inputs[i].row();
          return Shape::batched({row}, a.inputs[0].batch);
        },
    .gradient = nullptr,
    .no_gradient = "training needs first derivatives only",
    .cost =
        [](const CostArgs& c) {
          // Scores again, then one product per operand and one for the weights' derivative.
          const double queries = static_cast<double>(c.inputs[1].dims[0]);
          const double keys = static_cast<double>(c.inputs[0].dims[0]);
          double depth = 2 * static_cast<double>(c.inputs[0].dims[1]);
          for (size_t i = 1; i + 2 < c.inputs.size(); i += 2)
            depth += 3 * static_cast<double>(c.inputs[i].dims[1]);
          const double rows = static_cast<double>(c.output.batch * c.windows);
          return Cost{rows * queries * keys * (2 * depth + static_cast<double>(c.attrs.ints[0]))};
        },
    .random = true,
};

}  // namespace nd
