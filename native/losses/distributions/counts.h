// Poisson and negative binomial variables, alone and as components of mixtures.
#pragma once

#include <cmath>
#include <vector>

#include "losses/distributions/math.h"
#include "nn/gamma.h"

namespace nd::distribution {

inline bool is_count(double y) { return y >= 0 && std::floor(y) == y && std::isfinite(y); }
inline constexpr std::string_view kCountSupport = "a count: 0, 1, 2, …";

struct Poisson {
  static constexpr size_t kSize = 1;
  double least;  ///< of the rate
  bool compat = false;

  template <class T>
  void map(const T* raw, const T& loc, const T& scale, T* out) const {
    const T moved = raw[0] * scale + loc;
    out[0] = (compat ? torch_softplus(moved) : softplus(moved)) + least;
  }
  static Var negative_log_likelihood(const Var* p, Var y) {
    return p[0] - y * log(p[0]) + log_gamma(y + 1.0);
  }
  static double mean(const double* p) { return p[0]; }
  static double deviation(const double* p) { return std::sqrt(p[0]); }
  static double cdf(const double* p, double k) { return poisson_cdf(k, p[0]); }
};

/// Parameters total_count r = 1/α and p = m·α / (1 + m·α): mean m, variance m + α·m².
struct NegativeBinomial {
  static constexpr size_t kSize = 2;
  bool compat;
  /// The reference's mixture scales by the window's location alone, so that its mean is 0 where
  /// that is 0.
  bool location_only = false;

  template <class T>
  void map(const T* raw, const T& loc, const T& scale, T* out) const {
    T mean = raw[0], alpha = raw[1];
    mean_and_alpha(raw, loc, scale, mean, alpha);
    const T product = mean * alpha;
    out[0] = reciprocal(alpha);
    out[1] = product / (product + 1.0);
    if (compat) out[1] = out[1] + 1e-8;
  }
  template <class T>
  void mean_and_alpha(const T* raw, const T& loc, const T& scale, T& mean, T& alpha) const {
    mean = softplus(raw[0]) + 1e-8, alpha = softplus(raw[1]) + 1e-8;
    if (location_only) {
      mean = mean * loc, alpha = alpha / (loc + 1.0);
    } else {
      mean = mean * scale + loc, alpha = alpha / (scale + 1.0);
    }
  }
  Var negative_log_likelihood(const Var* raw, Var loc, Var scale, Var y) const;

  static double mean(const double* p) { return p[0] * p[1] / (1 - p[1]); }
  static double deviation(const double* p) { return std::sqrt(p[0] * p[1]) / (1 - p[1]); }
  static double cdf(const double* p, double k) { return negative_binomial_cdf(k, p[0], p[1]); }
};

/// The smallest k with P(Y <= k) >= q.
template <class Family>
double count_quantile(const double* p, double q) {
  const double guess = Family::mean(p) + normal_quantile(q) * Family::deviation(p);
  return smallest_count([p](double k) { return Family::cdf(p, k); }, q,
                        guess - Family::deviation(p) / 4, guess + Family::deviation(p) / 4);
}

}  // namespace nd::distribution
