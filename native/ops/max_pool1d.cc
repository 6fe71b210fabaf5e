#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Maximum over consecutive blocks of the last axis, the shorter last block included; ints =
/// {kernel}.
constinit const OpDef kMaxPool1d = {
    .name = "max_pool1d",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const int64_t kernel = a.attrs.ints[0];
          check_internal(kernel > 0 && !out.dims.empty(), "max_pool1d: kernel");
          out.dims.back() = (out.dims.back() + kernel - 1) / kernel;
          return out;
        },
    .gradient =
        [](GradArgs& g) {
          g.add(0, emit(kMaxPool1dGradient, {g.in(0), g.dout()}, {.ints = g.attrs().ints}));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{static_cast<double>(c.inputs[0].elements(c.windows))};
        },
};

Var max_pool1d(Var x, int64_t kernel) {
  if (kernel == 1) return x;
  return emit(kMaxPool1d, {x}, {.ints = {kernel}});
}

}  // namespace nd
