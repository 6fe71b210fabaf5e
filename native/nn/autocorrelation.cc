#include "nn/autocorrelation.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "nn/batch.h"
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

/// Weight and bias of a linear layer that is not applied by itself.
struct LinearMap {
  Var weight;  ///< [out, in]
  Var bias;    ///< [1, out]
};

LinearMap linear_map(Graph& graph, int64_t in, int64_t out, const std::string& name) {
  const Init init = Init::uniform(1 / std::sqrt(static_cast<double>(in)));
  const Var weight = graph.parameter(
      {.name = name + ".weight", .shape = Shape::fixed({out, in}), .init = init, .units = true});
  const Var bias = graph.parameter({name + ".bias", Shape::fixed({out}), init});
  return {weight, reshape(bias, Shape::fixed({1, out}))};
}

/// Delays and what the series correlate at them, averaged over channels.
struct Delays {
  Var places;       ///< [k] or [B, k]
  Var correlation;  ///< [B, k]
};

Delays find_delays(Graph& graph, Var queries, Var keys, const AutoCorrelationOptions& options,
                   int64_t channels) {
  const int64_t T = queries.shape().dims[0], lags = lags_of(T);
  const int64_t k = delays_of(graph, T, options.factor);
  const auto averaged = [&](Var sum) { return sum / static_cast<double>(channels); };
  Var all = delay_correlate(keys, queries, all_delays(graph, T));  // [B, T]
  if (lags < T) all = matmul(all, odd_grid(graph, T));             // [B, T-1]
  if (!options.training) {
    const Var places = top_k(all, k);
    return {places, averaged(gather(all, places))};
  }
  const Var places = top_k(reshape(batch_mean(graph, all), Shape::fixed({lags})), k);
  // Computed again at the delays chosen, so that no derivative passes through the others.
  const Var chosen = lags < T ? gather(all, places) : delay_correlate(keys, queries, places);
  return {places, averaged(chosen)};
}

}  // namespace

Var auto_correlation(Graph& graph, Var queries, Var memory, const AutoCorrelationOptions& options,
                     const std::string& name) {
  const int64_t T = queries.shape().dims[0], hidden = queries.shape().dims[1];
  const int64_t width = width_of(graph, hidden, options.heads);
  const int64_t S = memory.shape().dims[0];
  if (S > T) memory = slice(memory, 1, 0, T);
  const LinearMap query = linear_map(graph, hidden, width, name + ".query_projection");
  const LinearMap key = linear_map(graph, hidden, width, name + ".key_projection");
  const LinearMap value = linear_map(graph, hidden, width, name + ".value_projection");
  const LinearMap out = linear_map(graph, width, hidden, name + ".out_projection");

  // Nothing between two maps is nonlinear: the correlation of x·W_qᵀ with m·W_kᵀ is that of x with
  // m·(W_kᵀ·W_q), and delays may be averaged after the last map. Two products of [T, D], not four.
  const auto mapped = [&](Var combined, Var bias, bool biased) {
    Var y = matmul(memory, combined, false, true);  // [B, min(S, T), D]
    if (biased) y = y + bias;
    return S < T ? pad(y, 1, 0, T - S) : y;
  };
  const bool extended = S < T;
  // The same at every step adds the same to the correlation at every delay, and to every average.
  const Var keys = mapped(matmul(query.weight, key.weight, /*trans_a=*/true),
                          matmul(key.bias, query.weight), extended);
  const Var shift = matmul(value.bias, out.weight, false, /*trans_b=*/true);  // [1, D]
  const Var values = mapped(matmul(out.weight, value.weight), shift, extended);
  const Delays delays = find_delays(graph, queries, keys, options, width);
  const Var mixed = delay_aggregate(values, softmax(delays.correlation), delays.places);
  if (options.centred && !extended) return mixed;
  return mixed + (extended ? out.bias : out.bias + shift);
}

}  // namespace nd
