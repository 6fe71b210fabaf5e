#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// The adjoint of gather: y[…, index[…, i]] += x[…, i] into zeros; ints = {length of the axis}.
constinit const OpDef kScatterAdd = {
    .name = "scatter_add",
    .arity = 2,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          check_internal(!out.dims.empty() && !a.inputs[1].dims.empty() &&
                             a.inputs[1].dims.back() == out.dims.back(),
                         "scatter_add: a place for every value");
          out.dims.back() = a.attrs.ints[0];
          return out;
        },
    .gradient = [](GradArgs& g) { g.add(0, gather(g.dout(), g.in(1))); },
};

}  // namespace nd
