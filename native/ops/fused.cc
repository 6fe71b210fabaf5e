#include "ops/fused.h"

#include <algorithm>

#include "base/error.h"
#include "ops/rules.h"

namespace nd {

// ints = {steps, per step: {op, operands, ints, reals, operands…, ints…}, shape…}; reals = those of
// the steps in order.
Attrs encode(const FusedSteps& fused) {
  Attrs attrs{.ints = {static_cast<int64_t>(fused.steps.size())}};
  const std::span<const OpDef* const> ops = op_list();
  for (const FusedStep& step : fused.steps) {
    const auto size = [](const auto& list) { return static_cast<int64_t>(list.size()); };
    const auto append = [&](const std::vector<int64_t>& list) {
      attrs.ints.insert(attrs.ints.end(), list.begin(), list.end());
    };
    const int64_t op = std::find(ops.begin(), ops.end(), step.op) - ops.begin();
    append({op, size(step.operands), size(step.attrs.ints), size(step.attrs.reals)});
    append(step.operands);
    append(step.attrs.ints);
    attrs.reals.insert(attrs.reals.end(), step.attrs.reals.begin(), step.attrs.reals.end());
  }
  const std::vector<int64_t> shape = encode(fused.shape);
  attrs.ints.insert(attrs.ints.end(), shape.begin(), shape.end());
  return attrs;
}

FusedSteps decode_fused(const Attrs& attrs, size_t begin) {
  FusedSteps fused;
  auto at = attrs.ints.begin() + static_cast<int64_t>(begin);
  auto real = attrs.reals.begin();
  for (int64_t left = *at++; left > 0; --left) {
    FusedStep step{.op = op_list()[static_cast<size_t>(*at)]};
    const int64_t operands = at[1], ints = at[2], reals = at[3];
    at += 4;
    step.operands.assign(at, at + operands);
    at += operands;
    step.attrs.ints.assign(at, at + ints);
    at += ints;
    step.attrs.reals.assign(real, real + reals);
    real += reals;
    fused.steps.push_back(std::move(step));
  }
  fused.shape = decode({at, attrs.ints.end()});
  return fused;
}

FusedSteps steps_of(const Node& node) {
  if (node.op == &kFused) return decode_fused(node.attrs);
  FusedStep step{.op = node.op, .attrs = node.attrs};
  for (size_t k = 0; k < node.inputs.size(); ++k) step.operands.push_back(static_cast<int64_t>(k));
  return {{std::move(step)}, node.shape};
}

bool reshape_operand(const Shape& operand, const Shape& from, const Shape& to, Shape& result) {
  // Static axes from the right, in the smallest groups of equal product. What is left over on the
  // left is one group with the batch axis.
  const auto size_of = [](const Shape& s, size_t back) {
    return back < s.dims.size() ? s.dims[s.dims.size() - 1 - back] : 1;
  };
  result = {};
  std::vector<int64_t> reversed;
  size_t i = 0, j = 0;
  while (i < from.dims.size() || j < to.dims.size()) {
    const size_t i0 = i, j0 = j;
    int64_t product_from = size_of(from, i++), product_to = size_of(to, j++);
    while (product_from != product_to) {
      if (product_from < product_to) {
        if (i >= from.dims.size()) break;
        product_from *= size_of(from, i++);
      } else {
        if (j >= to.dims.size()) break;
        product_to *= size_of(to, j++);
      }
    }
    const bool with_batch = product_from != product_to;  // factors have moved to or from the batch
    if (with_batch) i = std::max(i, from.dims.size()), j = std::max(j, to.dims.size());
    bool full = !with_batch || operand.is_batched(),
         repeated = !with_batch || !operand.is_batched();
    for (size_t a = i0; a < i; ++a) {
      if (size_of(from, a) == 1) continue;
      full = full && size_of(operand, a) == size_of(from, a);
      repeated = repeated && size_of(operand, a) == 1;
    }
    if (!full && !repeated) return false;
    if (with_batch && !from.is_batched()) return false;
    for (size_t b = j0; b < j && b < to.dims.size(); ++b)
      reversed.push_back(full ? size_of(to, b) : 1);
  }
  result.batch = operand.is_batched() ? to.batch : 0;
  result.dims.assign(reversed.rbegin(), reversed.rend());
  return operand.is_batched() == from.is_batched() || !operand.is_batched();
}

/// A chain or small tree of elementwise ops in one pass over memory.
constinit const OpDef kFused = {
    .name = "fused",
    .arity = -1,
    .shape =
        [](const ShapeArgs& a) {
          const Shape shape = decode_fused(a.attrs).shape;
          for (const Shape& input : a.inputs)
            check_internal(broadcast_shapes(input, shape, "fused") == shape,
                           "operands of a fused node that broadcast to its shape");
          return shape;
        },
    .gradient = nullptr,
    .no_gradient = "fusion comes after differentiation",
    .cost =
        [](const CostArgs& c) {
          return Cost{static_cast<double>(c.attrs.ints[0]) *
                      static_cast<double>(c.output.elements(c.windows))};
        },
    .elementwise = true,
    .random = true,  // it may hold a dropout
};

}  // namespace nd
