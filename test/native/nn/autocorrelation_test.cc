// Auto-correlation against its definition: four projections, discrete Fourier transforms channel by
// channel, the largest correlations, rolled values.
#include "nn/autocorrelation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

#include "graph/evaluate.h"
#include "nn/batch.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

using reference::Tensor;
using reference::Tensors;

constexpr int64_t kWindows = 3, kHidden = 5;

struct Case {
  int64_t T, S;
  AutoCorrelationOptions options;
};

Graph layer(const Case& c) {
  Graph g;
  const Var x = g.input("x", Shape::batched({c.T, kHidden}));
  const Var m = g.input("m", Shape::batched({c.S, kHidden}));
  Var y = auto_correlation(g, x, m, c.options, "a");
  if (c.options.centred) y = y - mean(y, {1}, true);
  g.output("y", y);
  return g;
}

reference::Arguments arguments(const Graph& g, const Case& c) {
  reference::Arguments args{.windows = kWindows};
  args.inputs["x"] = random_values(kWindows * c.T * kHidden, -1, 1, 1);
  args.inputs["m"] = random_values(kWindows * c.S * kHidden, -1, 1, 2);
  if (spans_batch(g)) {
    args.inputs[kWindowMask] = Tensor(kWindows, 1.0);
    args.inputs[kInverseWindows] = {1.0 / kWindows};
  }
  uint32_t seed = 3;
  for (const ParameterDecl& decl : g.parameters())
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -1, 1, seed++);
  return args;
}

/// Rows [steps, in] of one window through a projection, cut or extended by zeros to T rows.
Tensor projected(const Tensors& parameters, const std::string& name, const Tensor& rows,
                 int64_t steps, int64_t T) {
  const Tensor &w = parameters.at("a." + name + "_projection.weight"),
               &b = parameters.at("a." + name + "_projection.bias");
  const size_t out = b.size(), in = w.size() / out;
  Tensor y(static_cast<size_t>(T) * out, 0.0);
  for (size_t t = 0; t < static_cast<size_t>(std::min(T, steps)); ++t)
    for (size_t o = 0; o < out; ++o) {
      y[t * out + o] = b[o];
      for (size_t i = 0; i < in; ++i) y[t * out + o] += w[o * in + i] * rows[t * in + i];
    }
  return y;
}

/// irfft(rfft(q)·conj(rfft(k))) without a length, mean over channels.
Tensor correlation(const Tensor& q, const Tensor& k, int64_t T) {
  const int64_t F = T / 2 + 1, n = 2 * (F - 1), width = static_cast<int64_t>(q.size()) / T;
  const auto turn = [](int64_t f, int64_t t, int64_t period) {
    return std::polar(
        1.0, 2 * std::numbers::pi * static_cast<double>(f * t) / static_cast<double>(period));
  };
  Tensor total(static_cast<size_t>(n), 0.0);
  for (int64_t c = 0; c < width; ++c)
    for (int64_t f = 0; f < F; ++f) {
      std::complex<double> of_q, of_k;
      for (int64_t t = 0; t < T; ++t) {
        of_q += q[static_cast<size_t>(t * width + c)] * std::conj(turn(f, t, T));
        of_k += k[static_cast<size_t>(t * width + c)] * std::conj(turn(f, t, T));
      }
      std::complex<double> product = of_q * std::conj(of_k);
      if (f == 0 || f == F - 1) product = product.real();
      const double times = f == 0 || f == F - 1 ? 1 : 2;
      for (int64_t lag = 0; lag < n; ++lag)
        total[static_cast<size_t>(lag)] +=
            times * (product * turn(f, lag, n)).real() / static_cast<double>(n * width);
    }
  return total;
}

std::vector<size_t> largest(const Tensor& values, size_t k) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  order.resize(k);
  return order;
}

Tensor expected(const reference::Arguments& args, const Case& c) {
  const auto window = [](const Tensor& all, int64_t b) {
    const auto size = static_cast<std::ptrdiff_t>(all.size() / kWindows);
    return Tensor(all.begin() + b * size, all.begin() + (b + 1) * size);
  };
  std::vector<Tensor> values, correlations;
  Tensor average;
  for (int64_t b = 0; b < kWindows; ++b) {
    const Tensor x = window(args.inputs.at("x"), b), m = window(args.inputs.at("m"), b);
    values.push_back(projected(args.parameters, "value", m, c.S, c.T));
    correlations.push_back(correlation(projected(args.parameters, "query", x, c.T, c.T),
                                       projected(args.parameters, "key", m, c.S, c.T), c.T));
    average.resize(correlations.back().size());
    for (size_t i = 0; i < average.size(); ++i) average[i] += correlations.back()[i] / kWindows;
  }
  const auto k = static_cast<size_t>(static_cast<double>(c.options.factor) *
                                     std::log(static_cast<double>(c.T)));
  Tensor all;
  for (size_t b = 0; b < kWindows; ++b) {
    const Tensor& found = correlations[b];
    const auto delays = largest(c.options.training ? average : found, k);
    double total = 0;
    for (const size_t d : delays) total += std::exp(found[d]);
    const size_t T = static_cast<size_t>(c.T), width = values[b].size() / T;
    Tensor mixed(values[b].size(), 0.0);
    for (const size_t d : delays)
      for (size_t t = 0; t < T; ++t)
        for (size_t i = 0; i < width; ++i)
          mixed[t * width + i] += std::exp(found[d]) / total * values[b][(t + d) % T * width + i];
    const Tensor y = projected(args.parameters, "out", mixed, c.T, c.T);
    all.insert(all.end(), y.begin(), y.end());
  }
  if (c.options.centred)
    for (int64_t b = 0; b < kWindows; ++b)
      for (int64_t i = 0; i < kHidden; ++i) {
        const auto at = [&](int64_t t) -> double& {
          return all[static_cast<size_t>((b * c.T + t) * kHidden + i)];
        };
        double level = 0;
        for (int64_t t = 0; t < c.T; ++t) level += at(t) / static_cast<double>(c.T);
        for (int64_t t = 0; t < c.T; ++t) at(t) -= level;
      }
  return all;
}

TEST(AutoCorrelation, IsItsDefinition) {
  for (const bool training : {true, false})
    for (const bool centred : {true, false})
      for (const auto& [T, S] : {std::pair<int64_t, int64_t>{6, 6}, {7, 7}, {6, 9}, {8, 5}, {9, 4}})
        for (const int64_t heads : {1, 3}) {  // 3 heads of one channel, two units left over
          const Case c{T, S, {heads, /*factor=*/2, training, centred}};
          SCOPED_TRACE(std::to_string(T) + " of " + std::to_string(S) + ", heads " +
                       std::to_string(heads) + (training ? ", training" : "") +
                       (centred ? ", centred" : ""));
          const Graph g = layer(c);
          const reference::Arguments args = arguments(g, c);
          EXPECT_LT(max_difference(reference::evaluate(g, args).at("y"), expected(args, c)), 1e-12);
          EXPECT_LT(max_difference(run_cpu(g, args).at("y"), expected(args, c)), 1e-5);
        }
}

}  // namespace
}  // namespace nd::test
