#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Permutes axes; ints = permutation, output axis i is input axis ints[i].
constinit const OpDef kTranspose = {
    .name = "transpose",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape& in = a.inputs[0];
          const std::vector<int64_t>& order = a.attrs.ints;
          check_internal(static_cast<int64_t>(order.size()) == in.rank(),
                         "transpose: permutation length");
          check_internal(!in.is_batched() || order[0] == 0,
                         "transpose: the batch axis stays first");
          Shape out = in;
          const size_t first = in.is_batched() ? 1 : 0;
          for (size_t i = first; i < order.size(); ++i) out.dims[i - first] = in.size(order[i], 1);
          return out;
        },
    .gradient =
        [](GradArgs& g) {
          std::vector<int64_t> inverse(g.attrs().ints.size());
          for (size_t i = 0; i < inverse.size(); ++i)
            inverse[static_cast<size_t>(g.attrs().ints[i])] = static_cast<int64_t>(i);
          g.add(0, transpose(g.dout(), inverse));
        },
};

Var transpose(Var x, std::vector<int64_t> permutation) {
  return emit(kTranspose, {x}, {.ints = std::move(permutation)});
}

}  // namespace nd
