#include "nn/autocorrelation.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "nn/batch.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

int64_t width_of(const Graph& graph, int64_t hidden, int64_t heads) {
  if (heads <= hidden) return hidden / heads * heads;
  throw Error(Code::config, "[" + graph.place() + "] received nHead = " + std::to_string(heads) +
                                " with hiddenSize = " + std::to_string(hidden) +
                                ", expected at most one head per unit");
}

/// Delays that the correlation of T steps has: an inverse real transform gives an even number.
int64_t lags_of(int64_t steps) { return steps / 2 * 2; }

int64_t delays_of(const Graph& graph, int64_t steps, int64_t factor) {
  const auto k =
      static_cast<int64_t>(static_cast<double>(factor) * std::log(static_cast<double>(steps)));
  if (k >= 1 && k <= lags_of(steps)) return k;
  throw Error(Code::config,
              "[" + graph.place() + "] received factor = " + std::to_string(factor) +
                  " for a series of " + std::to_string(steps) +
                  " steps, expected floor(factor*ln(steps)) from 1 to " +
                  std::to_string(lags_of(steps)),
              R"({"option":"factor"})");
}

Var all_delays(Graph& graph, int64_t steps) {
  std::vector<double> delays(static_cast<size_t>(steps));
  std::iota(delays.begin(), delays.end(), 0.0);
  return graph.constant(Shape::fixed({steps}), std::move(delays));
}

/// [T, T-1] for odd T: a real transform of T steps, inverted as one of T-1. The reference inverts
/// without saying how long the series was, so its correlation lies on this coarser grid.
Var odd_grid(Graph& graph, int64_t steps) {
  const int64_t lags = steps - 1, last = lags / 2;
  const auto turn = [](int64_t frequency, int64_t place, int64_t period) {
    const auto part = static_cast<double>(frequency * place % period);
    return 2 * std::numbers::pi * part / static_cast<double>(period);
  };
  std::vector<double> values;
  values.reserve(static_cast<size_t>(steps * lags));
  for (int64_t from = 0; from < steps; ++from)
    for (int64_t to = 0; to < lags; ++to) {
      double sum = 1 + (to % 2 == 0 ? 1 : -1) * std::cos(turn(last, from, steps));
      for (int64_t f = 1; f < last; ++f)
        sum += 2 * std::cos(turn(f, to, lags) - turn(f, from, steps));
      values.push_back(sum / static_cast<double>(lags));
    }
  return graph.constant(Shape::fixed({steps, lags}), std::move(values));
}

/// A linear layer whose bias, unless `shifted`, is declared for the file only.
Var project(Graph& graph, Var x, int64_t out, const std::string& name, bool shifted) {
  if (shifted) return linear(graph, x, out, name);
  const double bound = 1 / std::sqrt(static_cast<double>(x.shape().dims.back()));
  const Var y = linear(graph, x, out, name, /*bias=*/false);
  graph.parameter({name + ".bias", Shape::fixed({out}), Init::uniform(bound)});
  return y;
}

/// Delays and what the series correlate at them, averaged over channels.
struct Delays {
  Var places;       ///< [k] or [B, k]
  Var correlation;  ///< [B, k]
};

Delays find_delays(Graph& graph, Var queries, Var keys, int64_t k, bool training) {
  const int64_t T = queries.shape().dims[0], lags = lags_of(T);
  // Of all delays the correlation is only compared; what the softmax weighs is computed again at
  // the delays chosen, so that no derivative passes through the others.
  Var all = delay_correlate(keys, queries, all_delays(graph, T));  // [B, T]
  if (lags < T) all = matmul(all, odd_grid(graph, T));             // [B, T-1]
  const Var ranked = training ? reshape(batch_mean(graph, all), Shape::fixed({lags})) : all;
  const Var places = top_k(ranked, k);
  const Var chosen =
      lags < T ? gather(all, places) : delay_correlate(keys, queries, places);  // [B, k]
  return {places, chosen / static_cast<double>(queries.shape().dims[1])};
}

}  // namespace

Var auto_correlation(Graph& graph, Var queries, Var memory, const AutoCorrelationOptions& options,
                     const std::string& name) {
  const int64_t T = queries.shape().dims[0], hidden = queries.shape().dims[1];
  const int64_t width = width_of(graph, hidden, options.heads);
  const int64_t k = delays_of(graph, T, options.factor);
  const int64_t S = memory.shape().dims[0];
  if (S > T) memory = slice(memory, 1, 0, T);
  const auto extend = [&](Var x) { return S < T ? pad(x, 1, 0, T - S) : x; };
  // The same bias at every step of one series adds the same to its correlation at every delay.
  const bool extended = S < T, shifts = !options.centred;
  const Var q = project(graph, queries, width, name + ".query_projection", /*shifted=*/false);
  const Var keys = extend(project(graph, memory, width, name + ".key_projection", extended));
  const Var values =
      extend(project(graph, memory, width, name + ".value_projection", extended || shifts));
  const Delays delays = find_delays(graph, q, keys, k, options.training);
  const Var mixed = delay_aggregate(values, softmax(delays.correlation), delays.places);
  return project(graph, mixed, hidden, name + ".out_projection", shifts);
}

}  // namespace nd
