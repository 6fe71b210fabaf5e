// What op files share: shape rules and small emitters.
#pragma once

#include "ops/list.h"
#include "ops/ops.h"

namespace nd {

/// Output shape = shape of the first input.
Shape same_as_input(const ShapeArgs& a);
/// Trailing-aligned broadcast of two operands.
Shape broadcast_rule(const ShapeArgs& a);

/// Emits `op` on operands of one graph.
Var emit(const OpDef& op, std::initializer_list<Var> inputs, Attrs attrs = {});

/// Resolves a possibly negative axis; throws E0002 when out of range.
int64_t checked_axis(const Shape& shape, int64_t axis, const char* place);

/// Shape of values picked by run-time places (gather); throws E0002 where they do not fit.
Shape gathered_shape(const ShapeArgs& a, const char* name);

/// Checks the series and the delays (the third input) of an op with cyclic delays; throws E0002.
void check_delays(const ShapeArgs& a, const Shape& series, const char* name);
[[noreturn]] void refuse_delays(const ShapeArgs& a, const char* name);
/// The delays that undo `delays` of `series` [B, L, C]: L - delay.
Var opposite(Var delays, Var series);

/// Sums `x` over the axes by which `target` was broadcast to x's shape.
Var sum_to(Var x, const Shape& target);

/// A shape as ints and back: {batch, dims…}.
std::vector<int64_t> encode(const Shape& shape);
Shape decode(const std::vector<int64_t>& ints, size_t begin = 0);

}  // namespace nd
