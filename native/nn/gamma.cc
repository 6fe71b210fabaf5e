#include "nn/gamma.h"

#include <cmath>
#include <numbers>

#include "ops/ops.h"

namespace nd {
namespace {

constexpr int kShift = 8;  // from here on the series below is exact to 1e-14

const double kHalfLog2Pi = 0.5 * std::log(2 * std::numbers::pi);

/// The remainder for x >= kShift: Σ B_2n / (2n·(2n - 1)·x^(2n - 1)).
Var series(Var x) {
  const Var inverse = x.graph->constant(1.0) / x, square = inverse * inverse;
  Var sum = square * (-691.0 / 360360) + 1.0 / 1188;
  for (const double coefficient : {-1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12})
    sum = sum * square + coefficient;
  return sum * inverse;
}

/// log Γ(x) for x >= kShift. x·(log x - 1) rounds once where x·log x - x would cancel.
Var stirling(Var x) {
  const Var log_x = log(x);
  return x * (log_x - 1.0) - log_x * 0.5 + series(x) + kHalfLog2Pi;
}

/// log (x·(x + 1)·…·(x + kShift - 1)) for x < kShift: what Γ(x + kShift) has more than Γ(x).
Var log_passed(Var x) {
  Var product = x;
  for (int k = 1; k < kShift; ++k) product = product * (x + static_cast<double>(k));
  return log(product);
}

/// x where it is large, else a number for which nothing overflows; and the other way round.
struct Parts {
  Var large, far, near;
};
Parts split(Var x) {
  Graph& graph = *x.graph;
  const Var limit = graph.constant(static_cast<double>(kShift)), large = greater(x, limit);
  return {large, where(large, x, limit), where(large, graph.constant(1.0), x)};
}

}  // namespace

Var log_gamma(Var x) {
  const Parts parts = split(x);
  const Var near = stirling(parts.near + static_cast<double>(kShift)) - log_passed(parts.near);
  return where(parts.large, stirling(parts.far), near);
}

Var stirling_remainder(Var x) {
  const Parts parts = split(x);
  const Var near = parts.near, shifted = near + static_cast<double>(kShift);
  const Var gamma = stirling(shifted) - log_passed(near);
  const Var remainder = gamma - (near - 0.5) * log(near) + near - kHalfLog2Pi;
  return where(parts.large, series(parts.far), remainder);
}

}  // namespace nd
