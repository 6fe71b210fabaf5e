#include "forecast/paths.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "losses/distributions/math.h"

namespace nd::forecast {

namespace {

/// A standard normal number.
double normal(const PhiloxKey& key, uint64_t index) {
  const double u = static_cast<double>(philox_uniform(key, index)) + 0x1p-25;
  return distribution::normal_quantile(u);
}

/// The places of the first `count` pieces in a random order of all of them, or any where there are
/// too few. Uses draws of `key` from `first` on.
std::vector<size_t> pieces(size_t all, size_t count, const PhiloxKey& key, uint64_t first) {
  std::vector<size_t> chosen(count);
  if (all < count) {
    for (size_t i = 0; i < count; ++i)
      chosen[i] = static_cast<size_t>(philox_below(key, first + i, all));
    return chosen;
  }
  std::vector<size_t> order(all);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + static_cast<size_t>(philox_below(key, first + i, all - i))]);
    chosen[i] = order[i];
  }
  return chosen;
}

/// Where pieces of `steps` values begin that lack none of them.
std::vector<size_t> observed_pieces(std::span<const double> history, size_t steps) {
  std::vector<size_t> starts;
  size_t run = 0;
  for (size_t t = 0; t < history.size(); ++t) {
    run = std::isnan(history[t]) ? 0 : run + 1;
    if (run >= steps) starts.push_back(t + 1 - steps);
  }
  return starts;
}

}  // namespace

QuantilePositions::QuantilePositions(const std::vector<double>& probabilities, bool reference)
    : places_(probabilities), reference_(reference) {
  if (reference) return;
  for (double& p : places_) p = distribution::normal_quantile(p);
}

double QuantilePositions::at(std::span<const double> values, double z) const {
  if (places_.size() == 1) return values[0];
  double x = z;
  if (reference_) x = std::clamp(distribution::normal_cdf(z), places_.front(), places_.back());
  const auto above = std::upper_bound(places_.begin() + 1, places_.end() - 1, x);
  const auto i = static_cast<size_t>(above - places_.begin());
  const double share = (x - places_[i - 1]) / (places_[i] - places_[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

double step_correlation(std::span<const double> history) {
  std::vector<double> known, steps;
  std::ranges::copy_if(history, std::back_inserter(known),
                       [](double v) { return std::isfinite(v); });
  for (size_t t = 1; t < known.size(); ++t) steps.push_back(known[t] - known[t - 1]);
  if (steps.size() < 2) return 0;
  const size_t n = steps.size() - 1;
  double before = 0, after = 0;
  for (size_t t = 0; t < n; ++t) before += steps[t], after += steps[t + 1];
  before /= static_cast<double>(n), after /= static_cast<double>(n);
  double xx = 0, zz = 0, xz = 0;
  for (size_t t = 0; t < n; ++t) {
    const double x = steps[t] - before, z = steps[t + 1] - after;
    xx += x * x, zz += z * z, xz += x * z;
  }
  const double size = std::sqrt(xx * zz);
  return size < 1e-15 ? 0 : std::min(std::abs(xz / size), 0.99);
}

int64_t longest_observed(std::span<const double> history) {
  int64_t longest = 0, run = 0;
  for (const double value : history) {
    run = std::isnan(value) ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest;
}

std::vector<double> copula_paths(const Marginals& marginals, double rho, int64_t paths,
                                 const PhiloxKey& key) {
  const auto steps = static_cast<size_t>(marginals.steps), width = marginals.positions.size();
  const double fresh = std::sqrt(1 - rho * rho);
  std::vector<double> out(static_cast<size_t>(paths) * steps);
  for (size_t p = 0; p < static_cast<size_t>(paths); ++p) {
    double score = 0;
    for (size_t k = 0; k < steps; ++k) {
      const double draw = normal(key, p * steps + k);
      score = k == 0 ? draw : rho * score + fresh * draw;
      out[p * steps + k] =
          marginals.positions.at(marginals.values.subspan(k * width, width), score);
    }
  }
  return out;
}

std::vector<double> shuffled_paths(const Marginals& marginals, std::span<const double> history,
                                   int64_t paths, const PhiloxKey& key) {
  const auto steps = static_cast<size_t>(marginals.steps), count = static_cast<size_t>(paths),
             width = marginals.positions.size();
  const std::vector<size_t> whole = observed_pieces(history, steps);
  std::vector<size_t> starts = pieces(whole.size(), count, key, count * steps);
  for (size_t& start : starts) start = whole[start];
  std::vector<double> out(count * steps), draws(count);
  std::vector<size_t> ranked(count);
  for (size_t k = 0; k < steps; ++k) {
    const auto quantiles = marginals.values.subspan(k * width, width);
    for (size_t p = 0; p < count; ++p)
      draws[p] = marginals.positions.at(quantiles, normal(key, p * steps + k));
    std::ranges::sort(draws);
    std::iota(ranked.begin(), ranked.end(), size_t{0});
    std::ranges::stable_sort(ranked, {}, [&](size_t p) { return history[starts[p] + k]; });
    for (size_t rank = 0; rank < count; ++rank) out[ranked[rank] * steps + k] = draws[rank];
  }
  return out;
}

}  // namespace nd::forecast
