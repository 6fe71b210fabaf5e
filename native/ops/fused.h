// The contents of a fused node: a short list of elementwise ops that are computed in one pass, made
// by graph/passes and read by the executors. Encoded in the node's attributes.
#pragma once

#include <vector>

#include "ops/op.h"

namespace nd {

/// One op of a fused node. Operand k < inputs of the node is that input; inputs + i is the value of
/// step i. Scalar attributes of the op come along.
struct FusedStep {
  const OpDef* op;
  std::vector<int64_t> operands{};
  Attrs attrs{};
};

/// Steps in order of evaluation, all broadcast to `shape`; the value of the last one is the node's.
struct FusedSteps {
  std::vector<FusedStep> steps{};
  Shape shape{};
};

Attrs encode(const FusedSteps& fused);
/// The steps that begin at ints[begin]; reals hold those of the steps alone.
FusedSteps decode_fused(const Attrs& attrs, size_t begin = 0);

/// What an elementwise node computes, fused or a single op.
FusedSteps steps_of(const Node& node);

/// Shape of `operand`, which broadcasts to `from`, once values of shape `from` are read as shape
/// `to` (of as many elements); false when no shape does it.
bool reshape_operand(const Shape& operand, const Shape& from, const Shape& to, Shape& result);

}  // namespace nd
