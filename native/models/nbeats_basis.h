// The fixed functions of time into which interpretable N-BEATS blocks expand past and future: a
// small family for trends, harmonics for seasonality. They are constants of a network, stored with
// its weights as in the reference.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nd {

/// A basis as a matrix [functions, steps], row-major: row p is function p over the steps.
struct Basis {
  int64_t functions = 0, steps = 0;
  std::vector<double> values;
  double& at(int64_t p, int64_t t) { return values[static_cast<size_t>(p * steps + t)]; }
  double at(int64_t p, int64_t t) const { return values[static_cast<size_t>(p * steps + t)]; }
};

/// polynomial, legendre, chebyshev, changepoint, piecewise_linear, linear_hat, spline.
std::span<const std::string_view> trend_basis_names();

/// Degree + 1 functions of one of trend_basis_names() over `steps` steps. Throws E0010 for degrees
/// that the basis does not have (spline: 3 or more, linear_hat: 1 or more).
Basis trend_basis(std::string_view name, int64_t degree, int64_t steps);

/// Cosines, then sines, of sign·2π·(t/period)·f over `steps` steps, f = 0 and m/harmonics for
/// m = harmonics … < harmonics/2·period. The reference divides time by the horizon for past and
/// future alike.
Basis seasonality_basis(int64_t harmonics, int64_t steps, int64_t period, int sign);

}  // namespace nd
