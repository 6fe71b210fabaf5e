#include "models/nbeats_basis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace nd {
namespace {

constexpr std::array<std::string_view, 7> kTrends = {
    "polynomial",       "legendre",   "chebyshev", "changepoint",
    "piecewise_linear", "linear_hat", "spline"};

/// Point i of n equally spaced ones from `first` to `last`, both included.
double spaced(int64_t i, int64_t n, double first, double last) {
  if (n == 1) return first;
  if (i == n - 1) return last;
  return first + static_cast<double>(i) * ((last - first) / static_cast<double>(n - 1));
}

/// (t/steps)^p
void polynomial(Basis& b) {
  for (int64_t p = 0; p < b.functions; ++p)
    for (int64_t t = 0; t < b.steps; ++t)
      b.at(p, t) =
          std::pow(static_cast<double>(t) / static_cast<double>(b.steps), static_cast<double>(p));
}

/// Three-term recurrences on [-1, 1]: (p+1)·P = (2p+1)·x·P - p·P for Legendre, T = 2x·T - T for
/// Chebyshev.
void orthogonal(Basis& b, bool legendre) {
  for (int64_t t = 0; t < b.steps; ++t) {
    const double x = spaced(t, b.steps, -1, 1);
    double previous = 0, current = 1;
    for (int64_t p = 0; p < b.functions; ++p) {
      b.at(p, t) = current;
      const auto n = static_cast<double>(p);
      const double next = p == 0     ? x
                          : legendre ? ((2 * n + 1) * x * current - n * previous) / (n + 1)
                                     : 2 * x * current - previous;
      previous = current;
      current = next;
    }
  }
}

/// Ramps that start at equally spaced changepoints; the last one starts at the end and is 0
/// throughout.
void changepoint(Basis& b) {
  for (int64_t p = 0; p < b.functions; ++p)
    for (int64_t t = 0; t < b.steps; ++t)
      b.at(p, t) = std::max(0.0, spaced(t, b.steps, 0, 1) - spaced(p + 1, b.functions + 1, 0, 1));
}

/// Tents between equally spaced knots; function 0 is 0, as in the reference.
void piecewise_linear(Basis& b) {
  const auto knot = [&](int64_t i) { return spaced(i, b.functions + 1, 0, 1); };
  for (int64_t p = 1; p < b.functions; ++p)
    for (int64_t t = 0; t < b.steps; ++t) {
      const double x = spaced(t, b.steps, 0, 1);
      const double rise = (x - knot(p - 1)) / (knot(p) - knot(p - 1));
      const double fall = (knot(p + 1) - x) / (knot(p + 1) - knot(p));
      b.at(p, t) = std::max(0.0, std::min(rise, fall));
    }
}

/// Tents centred at equally spaced points, the two ends included.
void linear_hat(Basis& b) {
  const double width = 1.0 / static_cast<double>(b.functions - 1);
  for (int64_t p = 0; p < b.functions; ++p)
    for (int64_t t = 0; t < b.steps; ++t) {
      const double distance = std::abs(spaced(t, b.steps, 0, 1) - spaced(p, b.functions, 0, 1));
      b.at(p, t) = std::max(0.0, 1 - distance / width);
    }
}

/// Cubic B-splines on a clamped uniform knot vector, by the recursion of de Boor ("A Practical
/// Guide to Splines", IX).
void spline(Basis& b) {
  constexpr int64_t kDegree = 3;
  const int64_t n = b.functions;
  const auto knot = [&](int64_t i) {
    return spaced(std::clamp<int64_t>(i - kDegree, 0, n - 3), n - 2, 0, 1);
  };
  for (int64_t t = 0; t < b.steps; ++t) {
    const double x = spaced(t, b.steps, 0, 1);
    // The interval that holds x; the last one is closed, so that the last function is 1 at the end.
    int64_t left = kDegree;
    while (left < n - 1 && x >= knot(left + 1)) ++left;
    std::array<double, kDegree + 1> value = {1, 0, 0, 0};
    for (int64_t degree = 1; degree <= kDegree; ++degree) {
      double carried = 0;
      for (int64_t r = 0; r < degree; ++r) {
        const double right_knot = knot(left + r + 1), left_knot = knot(left + 1 - degree + r);
        const double share = value[static_cast<size_t>(r)] / (right_knot - left_knot);
        value[static_cast<size_t>(r)] = carried + (right_knot - x) * share;
        carried = (x - left_knot) * share;
      }
      value[static_cast<size_t>(degree)] = carried;
    }
    for (int64_t r = 0; r <= kDegree; ++r)
      b.at(left - kDegree + r, t) = value[static_cast<size_t>(r)];
  }
}

void check_degree(std::string_view name, int64_t degree, int64_t least) {
  if (degree < least)
    throw Error(Code::config,
                "[nbeats] received nBasis = " + std::to_string(degree) + " with basis \"" +
                    std::string(name) + "\", expected at least " + std::to_string(least),
                R"({"option":"nBasis"})");
}

}  // namespace

std::span<const std::string_view> trend_basis_names() { return kTrends; }

Basis trend_basis(std::string_view name, int64_t degree, int64_t steps) {
  check_degree(name, degree, name == "spline" ? 3 : name == "linear_hat" ? 1 : 0);
  Basis b{degree + 1, steps, std::vector<double>(static_cast<size_t>((degree + 1) * steps), 0.0)};
  if (name == "polynomial")
    polynomial(b);
  else if (name == "legendre")
    orthogonal(b, true);
  else if (name == "chebyshev")
    orthogonal(b, false);
  else if (name == "changepoint")
    changepoint(b);
  else if (name == "piecewise_linear")
    piecewise_linear(b);
  else if (name == "linear_hat")
    linear_hat(b);
  else if (name == "spline")
    spline(b);
  else
    throw Error(Code::config,
                "[nbeats] received basis \"" + std::string(name) + "\", which does not exist");
  return b;
}

Basis seasonality_basis(int64_t harmonics, int64_t steps, int64_t period, int sign) {
  std::vector<double> frequencies = {0.0};
  const double end = static_cast<double>(harmonics) / 2 * static_cast<double>(period);
  for (int64_t m = harmonics; static_cast<double>(m) < end; ++m)
    frequencies.push_back(static_cast<double>(m) / static_cast<double>(harmonics));
  const auto count = static_cast<int64_t>(frequencies.size());
  Basis b{2 * count, steps, std::vector<double>(static_cast<size_t>(2 * count * steps))};
  for (int64_t p = 0; p < count; ++p)
    for (int64_t t = 0; t < steps; ++t) {
      const double angle = sign * 2 * std::numbers::pi *
                           (static_cast<double>(t) / static_cast<double>(period)) *
                           frequencies[static_cast<size_t>(p)];
      b.at(p, t) = std::cos(angle);
      b.at(count + p, t) = std::sin(angle);
    }
  return b;
}

}  // namespace nd
