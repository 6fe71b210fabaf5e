#include "ops/rules.h"

namespace nd {

/// out[b, t, c] = Σ_i weights[b, i]·v[b, (t + delays[b, i]) mod L, c]: the time-delay aggregation
/// of Wu et al., NeurIPS 2021 (Autoformer), with delays computed at run time, one list [k] for all
/// windows or [B, k]. Linear in v and in the weights: its derivatives are itself with the delays
/// turned round, and delay_correlate.
constinit const OpDef kDelayAggregate = {
    .name = "delay_aggregate",
    .arity = 3,
    .shape =
        [](const ShapeArgs& a) {
          check_delays(a, a.inputs[0], "delay_aggregate");
          if (!(a.inputs[1] == Shape::batched({a.inputs[2].dims.back()}, a.inputs[0].batch)))
            refuse_delays(a, "delay_aggregate");
          return a.inputs[0];
        },
    .gradient =
        [](GradArgs& g) {
          g.add(0, delay_aggregate(g.dout(), g.in(1), opposite(g.in(2), g.in(0))));
          g.add(1, delay_correlate(g.dout(), g.in(0), g.in(2)));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{2.0 * static_cast<double>(c.output.elements(c.windows)) *
                      static_cast<double>(c.inputs[2].dims.back())};
        },
};

Var delay_aggregate(Var v, Var weights, Var delays) {
  return emit(kDelayAggregate, {v, weights, delays});
}

}  // namespace nd
