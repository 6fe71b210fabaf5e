#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Reverses a static axis; ints = {axis}.
constinit const OpDef kReverse = {
    .name = "reverse",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, reverse(g.dout(), g.attrs().ints[0])); },
};

Var reverse(Var x, int64_t axis) {
  axis = checked_axis(x.shape(), axis, "reverse");
  check_internal(!x.shape().is_batched() || axis > 0, "reverse of the batch axis");
  return emit(kReverse, {x}, {.ints = {axis}});
}

}  // namespace nd
