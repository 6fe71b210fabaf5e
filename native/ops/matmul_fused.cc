#include "base/error.h"
#include "ops/fused.h"
#include "ops/rules.h"

namespace nd {

/// A product and the elementwise ops that follow it, computed on each part of the product while it
/// is in the cache. ints = {trans_a, trans_b, steps…}; operand 0 of the steps is the product,
/// operand k the input k + 1: a value of the product's shape, one row, one column or a scalar.
constinit const OpDef kMatMulFused = {
    .name = "matmul_fused",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape shape = decode_fused(a.attrs, 2).shape;
          check_internal(kMatMul.shape({a.inputs.first(2), a.attrs, a.place}) == shape,
                         "a fused product of the product's shape");
          return shape;
        },
    .gradient = nullptr,
    .no_gradient = "fusion comes after differentiation",
    .cost =
        [](const CostArgs& c) {
          const Cost product = kMatMul.cost({c.inputs.first(2), c.output, c.attrs, c.windows});
          return Cost{product.flops + static_cast<double>(c.attrs.ints[2]) *
                                          static_cast<double>(c.output.elements(c.windows))};
        },
    .random = true,  // it may hold a dropout
};

}  // namespace nd
