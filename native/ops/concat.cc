#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Joins tensors along a static axis; ints = {axis}.
constinit const OpDef kConcat = {
    .name = "concat",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          Shape out = a.inputs[0];
          const size_t axis = static_cast<size_t>(a.attrs.ints[0] - (out.is_batched() ? 1 : 0));
          for (size_t i = 1; i < a.inputs.size(); ++i) {
            Shape expected = a.inputs[i];
            const int64_t part = expected.rank() == a.inputs[0].rank() ? expected.dims[axis] : 0;
            if (expected.rank() == a.inputs[0].rank()) expected.dims[axis] = a.inputs[0].dims[axis];
            if (!(expected == a.inputs[0])) {
              throw Error(Code::shape, "[" + (a.place.empty() ? std::string("concat") : a.place) +
                                           "] received " + to_string(a.inputs[i]) + ", expected " +
                                           to_string(a.inputs[0]) + " up to axis " +
                                           std::to_string(a.attrs.ints[0]));
            }
            out.dims[axis] += part;
          }
          return out;
        },
    .gradient =
        [](GradArgs& g) {
          const int64_t axis = g.attrs().ints[0];
          int64_t begin = 0;
          for (size_t i = 0; i < g.count(); ++i) {
            const int64_t end = begin + g.in(i).shape().size(axis, 1);
            g.add(i, slice(g.dout(), axis, begin, end));
            begin = end;
          }
        },
};

Var concat(std::vector<Var> parts, int64_t axis) {
  check_internal(!parts.empty(), "concat of nothing");
  if (parts.size() == 1) return parts[0];
  axis = checked_axis(parts[0].shape(), axis, "concat");
  check_internal(!parts[0].shape().is_batched() || axis > 0, "concat along the batch axis");
  std::vector<NodeId> ids;
  ids.reserve(parts.size());
  for (const Var& v : parts) ids.push_back(v.id);
  return parts[0].graph->emit(kConcat, std::move(ids), {.ints = {axis}});
}

}  // namespace nd
