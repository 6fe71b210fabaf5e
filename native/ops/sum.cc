#include <algorithm>

#include "base/error.h"
#include "ops/rules.h"

namespace nd {

namespace {

// ints = {keep, axes…} with axes sorted.
bool reduced(const Attrs& attrs, int64_t axis) {
  return std::find(attrs.ints.begin() + 1, attrs.ints.end(), axis) != attrs.ints.end();
}

// The input's shape with every summed axis of size 1 and the batch axis gone when it was summed.
Shape kept_shape(const Shape& in, const Attrs& attrs) {
  Shape out = in;
  const int64_t first_static = in.is_batched() ? 1 : 0;
  if (in.is_batched() && reduced(attrs, 0)) out.batch = 0;
  for (int64_t axis = first_static; axis < in.rank(); ++axis) {
    if (reduced(attrs, axis)) out.dims[static_cast<size_t>(axis - first_static)] = 1;
  }
  return out;
}

Shape sum_shape(const ShapeArgs& a) {
  const Shape& in = a.inputs[0];
  Shape out = kept_shape(in, a.attrs);
  if (a.attrs.ints[0] != 0) return out;
  out.dims.clear();
  const int64_t first_static = in.is_batched() ? 1 : 0;
  for (int64_t axis = first_static; axis < in.rank(); ++axis) {
    if (!reduced(a.attrs, axis))
      out.dims.push_back(in.dims[static_cast<size_t>(axis - first_static)]);
  }
  return out;
}

}  // namespace

constinit const OpDef kSum = {
    .name = "sum",
    .arity = 1,
    .shape = sum_shape,
    .gradient =
        [](GradArgs& g) {
          const Shape kept = kept_shape(g.in(0).shape(), g.attrs());
          g.add(0, broadcast(reshape(g.dout(), kept), g.in(0).shape()));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{static_cast<double>(c.inputs[0].elements(c.windows))};
        },
};

Var sum(Var x, std::vector<int64_t> axes, bool keep) {
  for (int64_t& axis : axes) axis = checked_axis(x.shape(), axis, "sum");
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  if (axes.empty()) return x;
  Attrs attrs{.ints = {keep}};
  attrs.ints.insert(attrs.ints.end(), axes.begin(), axes.end());
  return emit(kSum, {x}, std::move(attrs));
}

Var sum_all(Var x) {
  std::vector<int64_t> axes(static_cast<size_t>(x.shape().rank()));
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  return sum(x, std::move(axes));
}

Var mean(Var x, std::vector<int64_t> axes, bool keep) {
  double count = 1;
  for (int64_t axis : axes) {
    const int64_t resolved = checked_axis(x.shape(), axis, "mean");
    check_internal(!(x.shape().is_batched() && resolved == 0), "mean over the batch axis");
    count *= static_cast<double>(x.shape().size(resolved, 1));
  }
  return sum(x, std::move(axes), keep) / count;
}

}  // namespace nd
