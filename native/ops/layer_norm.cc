#include "ops/rules.h"

namespace nd {

/// (x - mean) / √(variance + eps) over the last axis, biased variance (Ba, Kiros and Hinton, "Layer
/// normalization", 2016); reals = {eps}. Scale and shift are ops of their own: see nn/norm.h.
constinit const OpDef kLayerNorm = {
    .name = "layer_norm",
    .arity = 1,
    .shape = same_as_input,
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kLayerNormGradient, {g.in(0), g.dout()}, {.reals = g.attrs().reals}));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{6.0 * static_cast<double>(c.output.elements(c.windows))};
        },
};

Var layer_norm(Var x, double eps) { return emit(kLayerNorm, {x}, {.reals = {eps}}); }

}  // namespace nd
