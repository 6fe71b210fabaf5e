// Joint sample paths: marginals, dependence between steps, seeds.
#include "forecast/paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "forecast/forecaster.h"
#include "losses/distributions/math.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

constexpr PhiloxKey kKey{7, Stream::sampling, 0, 0};

/// Quantiles of normal steps with deviations 1, 2, …
std::vector<double> normal_steps(const std::vector<double>& probabilities, int64_t steps) {
  std::vector<double> values;
  for (int64_t k = 0; k < steps; ++k)
    for (const double p : probabilities)
      values.push_back(static_cast<double>(k + 1) * distribution::normal_quantile(p));
  return values;
}

std::vector<double> step_of(const std::vector<double>& paths, int64_t steps, int64_t k) {
  std::vector<double> found;
  for (size_t i = static_cast<size_t>(k); i < paths.size(); i += static_cast<size_t>(steps))
    found.push_back(paths[i]);
  return found;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  const auto n = static_cast<double>(a.size());
  for (size_t i = 0; i < a.size(); ++i) ma += a[i] / n, mb += b[i] / n;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(QuantilePositions, AreLinearInNormalQuantilesAndGoOnBeyondThem) {
  const std::vector<double> probabilities = {0.1, 0.5, 0.9};
  const QuantilePositions ours(probabilities, false);
  const std::vector<double> values = normal_steps(probabilities, 1);
  for (const double z : {-3.5, -1.0, 0.0, 0.3, 2.9}) EXPECT_NEAR(ours.at(values, z), z, 1e-9);
  // The reference: linear in the probability, nothing beyond.
  const QuantilePositions theirs(probabilities, true);
  const std::vector<double> three = {0, 1, 5};
  EXPECT_NEAR(theirs.at(three, distribution::normal_quantile(0.7)), 3, 1e-9);
  EXPECT_EQ(theirs.at(three, 5), 5);
  EXPECT_EQ(theirs.at(three, -5), 0);
  const std::vector<double> one = {4};
  EXPECT_EQ(QuantilePositions({0.5}, false).at(one, 2), 4);
}

TEST(StepCorrelation, IsThatOfDifferences) {
  // Differences 1 3 2 5; pairs (1,3) (3,2) (2,5): means 2 and 10/3.
  const std::vector<double> history = {0, 1, 4, 6, 11};
  EXPECT_NEAR(step_correlation(history), std::abs(-1 / std::sqrt(2 * 14.0 / 3)), 1e-12);
  EXPECT_EQ(step_correlation(std::vector<double>{1, 2}), 0);
  EXPECT_EQ(step_correlation(std::vector<double>{1, 2, 3, 4}), 0);  // never changes
  EXPECT_EQ(step_correlation(std::vector<double>{0, 1, 0, 1, 0, 1}), 0.99);
}

TEST(CopulaPaths, HaveTheMarginalsAndTheCorrelationAskedFor) {
  const std::vector<double> probabilities = {0.05, 0.25, 0.5, 0.75, 0.95};
  const QuantilePositions positions(probabilities, false);
  const std::vector<double> values = normal_steps(probabilities, 3);
  constexpr int64_t kPaths = 20'000;
  const auto paths = copula_paths({positions, values, 3}, 0.8, kPaths, kKey);
  for (int64_t k = 0; k < 3; ++k) {
    std::vector<double> step = step_of(paths, 3, k);
    std::ranges::sort(step);
    const double deviation = static_cast<double>(k + 1);
    for (const double q : {0.01, 0.2, 0.5, 0.9}) {
      const double z = distribution::normal_quantile(q);
      const double density = std::exp(-z * z / 2) / 2.5066;
      const double error = std::sqrt(q * (1 - q) / kPaths) / density * deviation;
      EXPECT_NEAR(step[static_cast<size_t>(q * kPaths)], z * deviation, 4 * error);
    }
  }
  const auto first = step_of(paths, 3, 0), second = step_of(paths, 3, 1),
             third = step_of(paths, 3, 2);
  EXPECT_NEAR(correlation(first, second), 0.8, 4 * 0.36 / std::sqrt(kPaths));
  EXPECT_NEAR(correlation(first, third), 0.64, 4 * 0.6 / std::sqrt(kPaths));
}

TEST(ShuffledPaths, PutIndependentDrawsInTheOrderOfTheHistory) {
  const std::vector<double> probabilities = {0.1, 0.5, 0.9};
  const QuantilePositions positions(probabilities, false);
  const std::vector<double> values = normal_steps(probabilities, 2);
  // Of pieces that always rise by the same the ranks of both steps are equal.
  std::vector<double> rising;
  for (int t = 0; t < 60; ++t) rising.push_back(t);
  const auto paths = shuffled_paths({positions, values, 2}, rising, 40, kKey);
  auto first = step_of(paths, 2, 0), second = step_of(paths, 2, 1);
  for (size_t a = 0; a < 40; ++a)
    for (size_t b = 0; b < 40; ++b)
      EXPECT_EQ(first[a] < first[b], second[a] < second[b]) << a << " " << b;
  // The pieces differ while there are enough of them: no rank has a tie.
  EXPECT_EQ(std::set<double>(first.begin(), first.end()).size(), 40U);
  // Of pieces that jump up and down the ranks are opposite.
  std::vector<double> jumping;
  for (int t = 0; t < 200; ++t) jumping.push_back((t % 2 == 0 ? 1 : -1) * (100.0 + t));
  const auto opposite = shuffled_paths({positions, values, 2}, jumping, 400, kKey);
  EXPECT_LT(correlation(step_of(opposite, 2, 0), step_of(opposite, 2, 1)), -0.6);
}

Forecaster forecaster(const json& loss) {
  return Forecaster(
      json{{"horizon", 4},
           {"inputSize", 12},
           {"models",
            {{{"type", "NLinear"},
              {"options", {{"maxSteps", 30}, {"loss", loss}, {"scalerType", "standard"}}}}}}});
}

TEST(Simulate, DrawsFromTheDistributionOfEveryStep) {
  Forecaster f = forecaster({{"type", "DistributionLoss"}, {"distribution", "Normal"}});
  f.fit(shared_sine_panel({90, 80}), {});
  for (const PathMethod method : {PathMethod::gaussian_copula, PathMethod::schaake_shuffle}) {
    SimulateRequest request;
    request.paths = 4000;
    request.method = method;
    const ForecastTable paths = f.simulate(nullptr, request);
    EXPECT_EQ(paths.paths, 4000);
    EXPECT_EQ(paths.columns, std::vector<std::string>{"NLinear"});
    EXPECT_EQ(paths.series.size(), 8000U);
    EXPECT_EQ(paths.series[3999], 0);
    EXPECT_EQ(paths.series[4000], 1);
    PredictRequest asked;
    asked.quantiles.quantiles = {0.05, 0.5, 0.95};
    const ForecastTable quantiles = f.predict(nullptr, asked);
    for (size_t s = 0; s < 2; ++s) {
      for (size_t k = 0; k < 4; ++k) {
        std::vector<double> draws;
        for (size_t p = 0; p < 4000; ++p) draws.push_back(paths.values[0][(s * 4000 + p) * 4 + k]);
        for (size_t q = 0; q < 3; ++q) {
          const double level = asked.quantiles.quantiles[q];
          const auto below = std::ranges::count_if(
              draws, [&](double v) { return v <= quantiles.values[q + 1][s * 4 + k]; });
          EXPECT_NEAR(static_cast<double>(below) / 4000, level,
                      4 * std::sqrt(level * (1 - level) / 4000));
        }
      }
    }
  }
}

TEST(Simulate, CountsAreWholeAndSeedsDecide) {
  Forecaster f = forecaster({{"type", "DistributionLoss"}, {"distribution", "Poisson"}});
  data::RawPanel raw;
  raw.ids = {"a"};
  for (int64_t t = 0; t < 80; ++t) {
    raw.series.push_back(0), raw.times.push_back(t);
    raw.target.push_back(static_cast<double>(t * 7 % 5));
  }
  f.fit(std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{}), {});
  SimulateRequest request;
  const auto paths = f.simulate(nullptr, request).values;
  for (const double v : paths[0]) EXPECT_TRUE(v >= 0 && v == std::floor(v)) << v;
  request.forecast.threads = 3;
  EXPECT_EQ(f.simulate(nullptr, request).values, paths);
  request.seed = 2;
  EXPECT_NE(f.simulate(nullptr, request).values, paths);
}

TEST(Simulate, PointModelsDrawFromTheirErrors) {
  const auto panel = shared_sine_panel({90, 80});
  Forecaster f = forecaster("MAE");
  f.fit(panel, {});
  EXPECT_EQ(failure([&] { f.simulate(nullptr, {}); }).code(), Code::config);
  FitRequest fit;
  fit.intervals = IntervalOptions{.method = IntervalMethod::error, .windows = 19, .levels = {}};
  f.fit(panel, fit);
  SimulateRequest request;
  request.paths = 4000;
  const ForecastTable paths = f.simulate(nullptr, request);
  PredictRequest asked;
  asked.quantiles.levels = {80};
  const ForecastTable bounds = f.predict(nullptr, asked);
  for (size_t k = 0; k < 4; ++k) {
    double inside = 0;
    for (size_t p = 0; p < 4000; ++p) {
      const double v = paths.values[0][p * 4 + k];
      inside += bounds.values[1][k] <= v && v <= bounds.values[2][k] ? 1 : 0;
    }
    // Of 38 symmetrised errors 32 lie within the radius of the 16th of 19.
    EXPECT_NEAR(inside / 4000, 32.0 / 39, 0.03);
  }
}

TEST(Simulate, RefusesAShuffleOfTooLittleHistory) {
  Forecaster f = forecaster({{"type", "MQLoss"}, {"levels", {80}}});
  f.fit(shared_sine_panel({90}), {});
  SimulateRequest request;
  request.method = PathMethod::schaake_shuffle;
  EXPECT_EQ(f.simulate(shared_sine_panel({4}), request).series.size(), 100U);
  const Error error = failure([&] { f.simulate(shared_sine_panel({3}), request); });
  EXPECT_EQ(error.code(), Code::empty);
  request.paths = 0;
  EXPECT_EQ(failure([&] { f.simulate(nullptr, request); }).code(), Code::config);
}

}  // namespace
}  // namespace nd::forecast
