// The vocabulary of domain maps, for numbers: the same names as the ops of ops/ops.h, so that one
// template describes a map for the graph and for a forecast.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "ops/ops.h"

namespace nd::distribution {

inline double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
inline double log(double x) { return std::log(x); }
inline double exp(double x) { return std::exp(x); }
/// softplus as torch has it, which gives x from 20 on: up to 2e-9 off.
inline double torch_softplus(double x) { return x > 20 ? x : softplus(x); }
inline Var torch_softplus(Var x) {
  return where(greater(x, x.graph->constant(20.0)), x, nd::softplus(x));
}
inline double reciprocal(double x) { return 1 / x; }
inline Var reciprocal(Var x) { return x.graph->constant(1.0) / x; }
using nd::exp, nd::log, nd::sigmoid, nd::softplus;

/// Quantile of the standard normal distribution.
double normal_quantile(double q);
double normal_cdf(double z);
/// P(N <= k) of a Poisson variable of mean `rate`, and of a negative binomial one of mean
/// total_count·p / (1 - p).
double poisson_cdf(double k, double rate);
double negative_binomial_cdf(double k, double total_count, double p);

/// The smallest integer k >= 0 with cdf(k) >= q; `low` and `high` are a guess of its range.
template <class Cdf>
double smallest_count(const Cdf& cdf, double q, double low, double high) {
  constexpr double kLargest = 4503599627370496.0;  // beyond it a double is no count
  low = std::max(-1.0, std::floor(low)), high = std::max(low + 1, std::ceil(high));
  for (double width = 1; low >= 0 && cdf(low) >= q; width *= 2)
    high = low, low = std::max(-1.0, low - width);
  for (double width = 1; cdf(high) < q && high < kLargest; width *= 2) low = high, high += width;
  while (high - low > 1) {  // cdf(low) < q <= cdf(high), the former also for low = -1
    const double middle = std::floor(low + (high - low) / 2);
    (cdf(middle) >= q ? high : low) = middle;
  }
  return high;
}

/// x in [low, high] with cdf(x) = q, by bisection down to neighbouring numbers.
template <class Cdf>
double solve_quantile(const Cdf& cdf, double q, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    (cdf(middle) >= q ? high : low) = middle;
  }
  return high;
}

}  // namespace nd::distribution
