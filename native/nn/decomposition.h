// Series decomposition: what a centred moving average holds is the trend, the rest is the seasonal
// part (Wu et al., NeurIPS 2021).
#pragma once

#include "ops/ops.h"

namespace nd {

struct Decomposition {
  Var rest, trend;  ///< add up to the series
};

/// Splits x along `axis` with a moving average of odd length `window`, ends repeated.
inline Decomposition decompose(Var x, int64_t window, int64_t axis) {
  const Var trend = moving_average(x, window, axis);
  return {x - trend, trend};
}

/// Throws E0010 unless `window` is odd: a centred average needs as many steps before as after.
void check_moving_average_window(const Graph& graph, int64_t window);

}  // namespace nd
