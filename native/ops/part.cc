#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// One of the tensors that an op with several results stores one after the other: ints = {offset
/// per row of the batch axis, dims…}. Costs nothing: a backend may read it in place.
constinit const OpDef kPart = {
    .name = "part",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          out.dims.assign(a.attrs.ints.begin() + 1, a.attrs.ints.end());
          check_internal(a.attrs.ints[0] + out.row() <= a.inputs[0].row(),
                         "part: inside its whole");
          return out;
        },
    .gradient = nullptr,
    .no_gradient = "only gradient ops have several results",
    .cost = [](const CostArgs&) { return Cost{0}; },
};

Var part(Var whole, int64_t offset, const std::vector<int64_t>& dims) {
  Attrs attrs{.ints = {offset}};
  attrs.ints.insert(attrs.ints.end(), dims.begin(), dims.end());
  return emit(kPart, {whole}, std::move(attrs));
}

}  // namespace nd
