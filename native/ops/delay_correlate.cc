#include "ops/rules.h"

#include "base/error.h"

namespace nd {

void refuse_delays(const ShapeArgs& a, const char* name) {
  std::string received;
  for (const Shape& shape : a.inputs) received += (received.empty() ? "" : ", ") + to_string(shape);
  throw Error(Code::shape, "[" + (a.place.empty() ? std::string(name) : a.place) + "] received " +
                               received +
                               ", expected series [B, L, C] of one shape, delays [k] or [B, k] and "
                               "weights [B, k]");
}

void check_delays(const ShapeArgs& a, const Shape& series, const char* name) {
  const Shape& delays = a.inputs[2];
  const bool fits = series.is_batched() && series.dims.size() == 2 && delays.dims.size() == 1 &&
                    (!delays.is_batched() || delays.batch == series.batch);
  if (!fits) refuse_delays(a, name);
}

Var opposite(Var delays, Var series) {
  return delays.graph->constant(static_cast<double>(series.shape().dims[0])) - delays;
}

/// out[b, i] = Σ_t Σ_c a[b, t, c]·v[b, (t + delays[b, i]) mod L, c]: the cyclic correlation of two
/// series at given delays, summed over channels. All delays 0 … L-1 make the autocorrelation that
/// the Wiener-Khinchin theorem writes with Fourier transforms; delays are one list [k] or [B, k].
constinit const OpDef kDelayCorrelate = {
    .name = "delay_correlate",
    .arity = 3,
    .shape =
        [](const ShapeArgs& a) {
          check_delays(a, a.inputs[0], "delay_correlate");
          if (!(a.inputs[0] == a.inputs[1])) refuse_delays(a, "delay_correlate");
          return Shape::batched({a.inputs[2].dims.back()}, a.inputs[0].batch);
        },
    .gradient =
        [](GradArgs& g) {
          g.add(0, delay_aggregate(g.in(1), g.dout(), g.in(2)));
          g.add(1, delay_aggregate(g.in(0), g.dout(), opposite(g.in(2), g.in(0))));
        },
    .cost =
        [](const CostArgs& c) {
          return Cost{2.0 * static_cast<double>(c.inputs[0].elements(c.windows)) *
                      static_cast<double>(c.inputs[2].dims.back())};
        },
};

Var delay_correlate(Var a, Var v, Var delays) { return emit(kDelayCorrelate, {a, v, delays}); }

}  // namespace nd
