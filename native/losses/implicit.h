// What a loss of implicit quantiles adds: the network gives one number per step, and layers of the
// loss make any quantile of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/options.h"
#include "ops/graph.h"

namespace nd {

struct LossInputs;

/// How training draws quantiles: from the beta distribution of these parameters (1, 1 = uniform),
/// shown to the network as `embedding` cosines.
struct QuantileDraws {
  int64_t embedding = 64;
  double concentration0 = 1, concentration1 = 1;
};

struct ImplicitQuantiles {
  /// Those that the network gives when it forecasts, in ascending order; what else is asked for
  /// lies between two of them.
  std::vector<double> (*quantiles)(const Options&);
  /// [R, H, M], those quantiles, from the network's output [R, H, 1].
  Var (*forecast)(Graph&, const Options&, Var raw);
  /// The scalar loss that trains; reads `level` and `cosines`.
  Var (*train)(Graph&, const Options&, const LossInputs&, bool compat);
  QuantileDraws (*draws)(const Options&);
};

/// cos(π·i·q) for i = 0, 1, ….
void quantile_cosines(double q, std::span<double> cosines);

}  // namespace nd
