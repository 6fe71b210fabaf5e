#include "data/boxcox.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace nd::data {

namespace {
constexpr double kLower = 0, kUpper = 2;

/// Mean of n numbers: eight running sums, added pair by pair, so that equal numbers add up exactly.
template <class Real, class Term>
Real mean_of(const std::vector<Real>& values, const Term& term) {
  constexpr size_t kLanes = 8;
  std::array<Real, kLanes> lanes{};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(values[i + lane]);
  for (size_t half = kLanes / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  Real sum = lanes[0];
  for (; i < values.size(); ++i) sum += term(values[i]);
  return sum / static_cast<Real>(values.size());
}

/// Negative profile log-likelihood of λ, up to a constant.
template <class Real>
class Likelihood {
 public:
  explicit Likelihood(std::span<const double> values) {
    logarithms_.reserve(values.size());
    for (const double v : values) {
      logarithms_.push_back(std::log(static_cast<Real>(v)));
      sum_ += static_cast<double>(logarithms_.back());
    }
    transformed_.resize(values.size());
  }

  double operator()(double x) {
    const auto lambda = static_cast<Real>(x);
    for (size_t i = 0; i < logarithms_.size(); ++i) {
      transformed_[i] = lambda == 0 ? logarithms_[i] : std::exp(logarithms_[i] * lambda) / lambda;
    }
    const Real mean = mean_of(transformed_, [](Real t) { return t; });
    const Real variance = mean_of(transformed_, [mean](Real t) { return (t - mean) * (t - mean); });
    const auto n = static_cast<double>(logarithms_.size());
    return -static_cast<double>(static_cast<Real>((static_cast<double>(lambda) - 1) * sum_ -
                                                  n / 2 * std::log(static_cast<double>(variance))));
  }

 private:
  std::vector<Real> logarithms_, transformed_;
  double sum_ = 0;
};

/// A point that has been tried.
struct Point {
  double x, f;
};

/// Minimum of `f` within [a, b]: golden sections and parabolas through the three best points
/// (Brent, Algorithms for Minimization without Derivatives, 1973, chapter 5). Comparisons keep
/// their sense for NaN: a constant series has likelihoods of infinity.
template <class Function>
double minimum(Function&& f, double a, double b, double tolerance) {
  constexpr double kGolden = 0.3819660;
  const double relative = std::sqrt(std::numeric_limits<double>::epsilon());
  Point best{a + kGolden * (b - a), 0};
  best.f = f(best.x);
  Point second = best, third = best;
  double step = 0, before = 0;  // this one and the one before the last
  for (;;) {
    const double middle = (a + b) / 2, least = relative * std::abs(best.x) + tolerance / 3;
    if (std::abs(best.x - middle) <= 2 * least - (b - a) / 2) return best.x;
    double p = 0, q = 0, r = 0;  // a parabola's step is p / q
    if (std::abs(before) > least) {
      r = (best.x - second.x) * (best.f - third.f);
      q = (best.x - third.x) * (best.f - second.f);
      p = (best.x - third.x) * q - (best.x - second.x) * r;
      q = 2 * (q - r);
      if (q > 0) {
        p = -p;
      } else {
        q = -q;
      }
      r = before;
      before = step;
    }
    if (std::abs(p) >= std::abs(q * r / 2) || p <= q * (a - best.x) || p >= q * (b - best.x)) {
      before = (best.x < middle ? b : a) - best.x;
      step = kGolden * before;
    } else {
      step = p / q;
      const double next = best.x + step;
      if (next - a < 2 * least || b - next < 2 * least) step = best.x >= middle ? -least : least;
    }
    const double moved = std::abs(step) >= least ? step : step > 0 ? least : -least;
    const double x = best.x + moved;
    const Point tried{x, f(x)};
    if (tried.f <= best.f) {
      (tried.x < best.x ? b : a) = best.x;
      third = second;
      second = best;
      best = tried;
      continue;
    }
    (tried.x < best.x ? a : b) = tried.x;
    if (tried.f <= second.f || second.x == best.x) {
      third = second;
      second = tried;
    } else if (tried.f <= third.f || third.x == best.x || third.x == second.x) {
      third = tried;
    }
  }
}
/// Tolerance of the reference in its own precision.
template <class Real>
double most_likely(std::span<const double> values) {
  return static_cast<double>(static_cast<Real>(
      minimum(Likelihood<Real>(values), kLower, kUpper,
              std::pow(static_cast<double>(std::numeric_limits<Real>::epsilon()), 0.25))));
}
}  // namespace

double boxcox(double lambda, double x) {
  return lambda == 0 ? std::log(x) : std::expm1(lambda * std::log(x)) / lambda;
}

double inverse_boxcox(double lambda, double z) {
  if (lambda == 0) return std::exp(z);
  const double power = lambda * z;
  return power + 1 > 0 ? std::exp(std::log1p(power) / lambda)
                       : -std::exp(std::log(-power - 1) / lambda);
}

double boxcox_lambda(std::span<const double> values, bool single_precision) {
  return single_precision ? most_likely<float>(values) : most_likely<double>(values);
}

}  // namespace nd::data
