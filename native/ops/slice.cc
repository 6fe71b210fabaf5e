#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Elements [begin, end) of a static axis; ints = {axis, begin, end}.
constinit const OpDef kSlice = {
    .name = "slice",
    .arity = 1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape& in = a.inputs[0];
          const int64_t axis = a.attrs.ints[0], begin = a.attrs.ints[1], end = a.attrs.ints[2];
          check_internal(!in.is_batched() || axis > 0, "slice of the batch axis");
          if (begin < 0 || end > in.size(axis, 1) || begin > end) {
            throw Error(Code::shape, "[" + (a.place.empty() ? std::string("slice") : a.place) +
                                         "] received the range [" + std::to_string(begin) + ", " +
                                         std::to_string(end) + ") of axis " + std::to_string(axis) +
                                         ", expected one inside " + to_string(in));
          }
          Shape out = in;
          out.dims[static_cast<size_t>(axis - (in.is_batched() ? 1 : 0))] = end - begin;
          return out;
        },
    .gradient =
        [](GradArgs& g) {
          const int64_t axis = g.attrs().ints[0], begin = g.attrs().ints[1],
                        end = g.attrs().ints[2];
          g.add(0, pad(g.dout(), axis, begin, g.in(0).shape().size(axis, 1) - end));
        },
};

Var slice(Var x, int64_t axis, int64_t begin, int64_t end) {
  axis = checked_axis(x.shape(), axis, "slice");
  return emit(kSlice, {x}, {.ints = {axis, begin, end}});
}

}  // namespace nd
