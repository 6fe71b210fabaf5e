#include "ops/rules.h"

#include <algorithm>

#include "base/error.h"

namespace nd {

Shape same_as_input(const ShapeArgs& a) { return a.inputs[0]; }

Shape broadcast_rule(const ShapeArgs& a) {
  return broadcast_shapes(a.inputs[0], a.inputs[1],
                          a.place.empty() ? "elementwise" : a.place.c_str());
}

Var emit(const OpDef& op, std::initializer_list<Var> inputs, Attrs attrs) {
  Graph* graph = inputs.begin()->graph;
  std::vector<NodeId> ids;
  ids.reserve(inputs.size());
  for (const Var& v : inputs) {
    check_internal(v.graph == graph, "operands of two graphs");
    ids.push_back(v.id);
  }
  return graph->emit(op, std::move(ids), std::move(attrs));
}

int64_t checked_axis(const Shape& shape, int64_t axis, const char* place) {
  const int64_t resolved = axis < 0 ? axis + shape.rank() : axis;
  if (resolved < 0 || resolved >= shape.rank()) {
    throw Error(Code::shape, std::string("[") + place + "] received axis " + std::to_string(axis) +
                                 ", expected one of " + to_string(shape));
  }
  return resolved;
}

Var sum_to(Var x, const Shape& target) {
  const Shape& from = x.shape();
  if (from == target) return x;
  const int64_t lead = from.rank() - target.rank();
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < from.rank(); ++axis) {
    const bool is_batch = from.is_batched() && axis == 0;
    if (axis < lead) {
      axes.push_back(axis);
    } else if (is_batch) {
      if (!target.is_batched()) axes.push_back(axis);
    } else {
      const int64_t size = from.size(axis, 1), wanted = target.size(axis - lead, 1);
      if (wanted == 1 && size != 1) axes.push_back(axis);
    }
  }
  return reshape(sum(x, axes, /*keep=*/true), target);
}

std::vector<int64_t> encode(const Shape& shape) {
  std::vector<int64_t> ints = {shape.batch};
  ints.insert(ints.end(), shape.dims.begin(), shape.dims.end());
  return ints;
}

Shape decode(const std::vector<int64_t>& ints, size_t begin) {
  return {ints[begin],
          std::vector<int64_t>(ints.begin() + static_cast<int64_t>(begin) + 1, ints.end())};
}

}  // namespace nd
