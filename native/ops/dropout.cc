#include "base/error.h"
#include "ops/rules.h"

namespace nd {

/// Inverted dropout (Srivastava et al., JMLR 2014); ints = {op number}, reals = {p}. The mask is a
/// function of (seed, step, op number, element), so the derivative draws the same one again instead
/// of storing it.
constinit const OpDef kDropout = {
    .name = "dropout",
    .arity = 1,
    .shape = same_as_input,
    .gradient = [](GradArgs& g) { g.add(0, emit(kDropout, {g.dout()}, g.attrs())); },
    .cost =
        [](const CostArgs& c) {
          return Cost{20.0 * static_cast<double>(c.output.elements(c.windows))};
        },
    .elementwise = true,
    .random = true,
};

Var dropout(Var x, double p) {
  check_internal(p >= 0 && p < 1, "dropout: probability in [0, 1)");
  if (p == 0) return x;
  // The node's position numbers the op: equal for every build of one network.
  const int64_t number = static_cast<int64_t>(x.graph->nodes().size());
  return emit(kDropout, {x}, {.ints = {number}, .reals = {p}});
}

}  // namespace nd
