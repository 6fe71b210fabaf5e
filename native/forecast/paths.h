// Joint sample paths from the forecasts of single steps: marginal distributions as quantiles, and
// two ways to say how the steps of one future hang together.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.h"
#include "losses/distributions/distribution.h"

namespace nd::forecast {

/// Where quantiles of several steps lie: at the same probabilities, ascending, at least one.
class QuantilePositions {
 public:
  /// `reference`: between two of them linear in the probability, and constant beyond the outermost,
  /// as NeuralForecast samples; otherwise linear over the quantiles of the normal distribution,
  /// which also goes on beyond them: normal marginals are met exactly, and tails are not cut off.
  QuantilePositions(const std::vector<double>& probabilities, bool reference);
  /// The value of the marginal with these ascending quantiles where a normal number is `z`.
  double at(std::span<const double> values, double z) const;
  size_t size() const { return places_.size(); }

 private:
  std::vector<double> places_;  // probabilities or normal quantiles
  bool reference_;
};

/// Quantiles of every step of one series: values [steps, positions].
struct Marginals {
  const QuantilePositions& positions;
  std::span<const double> values;
  int64_t steps;
};

/// Brings a draw to what its distribution can give: whole numbers, or numbers from 0 on.
class Support {
 public:
  /// nullptr: any number.
  explicit Support(const Distribution* distribution)
      : whole_(distribution != nullptr && !distribution->supports(0.5)),
        bounded_(distribution != nullptr && !distribution->supports(-1.0)) {}
  double clip(double value) const {
    const double kept = whole_ ? std::round(value) : value;
    return bounded_ ? std::max(kept, 0.0) : kept;
  }

 private:
  bool whole_, bounded_;
};

/// |Autocorrelation at lag 1| of the first differences of what is finite, at most 0.99: how
/// strongly neighbouring steps hang together. 0 for fewer than 3 values or none that change.
double step_correlation(std::span<const double> history);

/// How many values without a missing one (NaN) between them follow each other at most.
int64_t longest_observed(std::span<const double> history);

/// Paths [paths, steps] whose normal scores have the correlation rho^|i - j| between steps i and j
/// (Gaussian copula of a first-order autoregression).
std::vector<double> copula_paths(const Marginals& marginals, double rho, int64_t paths,
                                 const PhiloxKey& key);

/// Paths [paths, steps] of independent draws, put in the order of as many pieces of the history
/// (Clark et al., The Schaake Shuffle, 2004): path p takes at every step the draw of the rank that
/// piece p has there. Pieces have no missing value, differ while there are enough, and one must be
/// there: longest_observed(history) >= steps.
std::vector<double> shuffled_paths(const Marginals& marginals, std::span<const double> history,
                                   int64_t paths, const PhiloxKey& key);

}  // namespace nd::forecast
