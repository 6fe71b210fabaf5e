#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Places of the k largest values of the last axis, largest first; ints = {k}. Of equal values the
/// earlier one, NaN above everything, as in torch. Places are whole numbers in floats: exact below
/// 2^24.
constinit const OpDef kTopK = {
    .name = "top_k",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const int64_t k = a.attrs.ints[0];
          if (out.dims.empty() || k < 1 || k > out.dims.back())
            throw Error(Code::shape, "[" + (a.place.empty() ? std::string("top_k") : a.place) +
                                         "] received k = " + std::to_string(k) + " and " +
                                         to_string(a.inputs[0]) +
                                         ", expected k from 1 to the length of the last axis");
          out.dims.back() = k;
          return out;
        },
    .gradient = nullptr,
    .no_gradient = "places are whole numbers: their derivative is 0 wherever it exists",
    .cost =
        [](const CostArgs& c) {
          return Cost{static_cast<double>(c.inputs[0].elements(c.windows))};
        },
};

Var top_k(Var x, int64_t k) { return emit(kTopK, {x}, {.ints = {k}}); }

}  // namespace nd
