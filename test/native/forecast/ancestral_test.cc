// Ancestral sampling through a forecaster: marginals, dependence, seeds, columns, refusals.
#include "forecast/ancestral.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "forecast/exogenous_panels.h"
#include "forecast/forecaster.h"
#include "losses/distributions/math.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using testing::failure;
using testing::json;
using testing::Values;

const json kNormal = {{"type", "DistributionLoss"}, {"distribution", "Normal"}};

Forecaster forecaster(const json& options, const json& more = json::object()) {
  json lstm = {{"recurrent", true}, {"encoderHiddenSize", 8}, {"encoderNLayers", 1},
               {"maxSteps", 30},    {"loss", kNormal},        {"scalerType", "standard"}};
  lstm.update(options);
  json all = {
      {"horizon", 4}, {"inputSize", 12}, {"models", {{{"type", "LSTM"}, {"options", lstm}}}}};
  all.update(more);
  return Forecaster(all);
}

SimulateRequest ancestral(int64_t paths) {
  SimulateRequest request;
  request.paths = paths;
  request.method = PathMethod::ancestral;
  return request;
}

/// The draws of one series and step.
Values step_of(const ForecastTable& table, int64_t series, int64_t k) {
  Values values;
  for (int64_t p = 0; p < table.paths; ++p)
    values.push_back(
        table.values[0][static_cast<size_t>((series * table.paths + p) * table.horizon + k)]);
  return values;
}

TEST(Ancestral, TheFirstStepHasTheMarginalsOfTheForecast) {
  for (const char* scaler : {"standard", "invariant", "minmax1", "identity"}) {
    Forecaster f = forecaster({{"scalerType", scaler}}, {{"localScaler", "standard"}});
    f.fit(testing::shared_sine_panel({90, 80}), {});
    PredictRequest asked;
    asked.quantiles.quantiles = {0.1, 0.5, 0.9};
    const ForecastTable forecast = f.predict(nullptr, asked);
    constexpr int64_t kPaths = 4000;
    const ForecastTable paths = f.simulate(nullptr, ancestral(kPaths));
    EXPECT_EQ(paths.paths, kPaths);
    EXPECT_EQ(paths.columns, std::vector<std::string>{"LSTM"});
    for (int64_t s = 0; s < 2; ++s) {
      Values draws = step_of(paths, s, 0);
      std::ranges::sort(draws);
      const auto column = [&](size_t c) { return forecast.values[c][static_cast<size_t>(s) * 4]; };
      const double deviation = (column(3) - column(1)) / (2 * distribution::normal_quantile(0.9));
      for (size_t c = 1; c <= 3; ++c) {
        const double q = asked.quantiles.quantiles[c - 1], z = distribution::normal_quantile(q);
        const double error =
            std::sqrt(q * (1 - q) / kPaths) / (std::exp(-z * z / 2) / 2.5066) * deviation;
        EXPECT_NEAR(draws[static_cast<size_t>(q * kPaths)], column(c), 4 * error) << scaler << s;
      }
    }
  }
}

// y[t] = 0.8 y[t-1] + noise: the variance of step h is (1 - 0.64^h) / 0.36 times that of the noise,
// which a network that reads the mean of every step back never sees.
TEST(Ancestral, ALearnedAutoregressionSpreadsAsItsNoiseAddsUp) {
  constexpr double kSlope = 0.8;
  data::RawPanel raw;
  raw.ids = {"a"};
  double y = 0;
  for (uint64_t t = 0; t < 3000; ++t) {
    const double u = static_cast<double>(philox_uniform({.seed = 3}, t)) + 0x1p-25;
    y = kSlope * y + distribution::normal_quantile(u);
    raw.series.push_back(0);
    raw.times.push_back(static_cast<int64_t>(t));
    raw.target.push_back(y);
  }
  const double last = raw.target.back();
  Forecaster f = forecaster({{"scalerType", "identity"},
                             {"maxSteps", 400},
                             {"learningRate", 1e-2},
                             {"hTrain", 8},
                             {"windowsBatchSize", 64}});
  f.fit(testing::panel_of(std::move(raw)), {});
  constexpr int64_t kPaths = 4000;
  const ForecastTable paths = f.simulate(nullptr, ancestral(kPaths));
  std::vector<double> mean(4), variance(4);
  for (int64_t k = 0; k < 4; ++k) {
    const Values draws = step_of(paths, 0, k);
    const auto at = static_cast<size_t>(k);
    for (const double v : draws) mean[at] += v / kPaths;
    for (const double v : draws) variance[at] += (v - mean[at]) * (v - mean[at]) / kPaths;
    const double decay = std::pow(kSlope, k + 1);
    const double truth = (1 - decay * decay) / (1 - kSlope * kSlope);
    EXPECT_NEAR(variance[at], truth, 0.2 * truth) << k;
    EXPECT_NEAR(mean[at], decay * last, 0.25) << k;
  }
  const Values third = step_of(paths, 0, 2), fourth = step_of(paths, 0, 3);
  double product = 0;
  for (size_t p = 0; p < third.size(); ++p)
    product += (third[p] - mean[2]) * (fourth[p] - mean[3]) / kPaths;
  EXPECT_NEAR(product / std::sqrt(variance[2] * variance[3]),
              kSlope * std::sqrt((1 - std::pow(kSlope, 6)) / (1 - std::pow(kSlope, 8))), 0.06);
}

TEST(Ancestral, DependsOnTheSeedAloneAndGoesOnBeyondTheHorizon) {
  Forecaster f = forecaster(json::object());
  f.fit(testing::shared_sine_panel({90, 80, 85}), {});
  SimulateRequest request = ancestral(7);
  const Values base = f.simulate(nullptr, request).values[0];
  request.forecast.threads = 3;
  EXPECT_EQ(f.simulate(nullptr, request).values[0], base);
  request.seed = 2;
  EXPECT_NE(f.simulate(nullptr, request).values[0], base);
  request.seed = 1;
  for (const int64_t horizon : {2, 9}) {
    request.forecast.horizon = horizon;
    const ForecastTable other = f.simulate(nullptr, request);
    const auto steps = static_cast<size_t>(horizon);
    for (size_t path = 0; path < 3 * 7; ++path)
      for (size_t k = 0; k < std::min<size_t>(steps, 4); ++k)
        EXPECT_EQ(other.values[0][path * steps + k], base[path * 4 + k]) << horizon;
  }
}

TEST(Ancestral, MorePathsThanOneRunHolds) {
  Forecaster f = forecaster(json::object());
  f.fit(testing::shared_sine_panel({90, 80}), {});
  const ForecastTable many = f.simulate(nullptr, ancestral(2500)),
                      few = f.simulate(nullptr, ancestral(1024));
  for (int64_t s = 0; s < 2; ++s) {
    for (int64_t k = 0; k < 4; ++k) {
      const Values all = step_of(many, s, k), first = step_of(few, s, k);
      EXPECT_TRUE(std::ranges::equal(first, std::span(all).first(1024)));
      EXPECT_NE(all[0], all[1024]);
      EXPECT_NE(all[2499], 0);
    }
  }
}

TEST(Ancestral, ReadsColumnsAndGivesCounts) {
  json options = testing::kAll;
  options.update({{"loss", {{"type", "DistributionLoss"}, {"distribution", "Poisson"}}},
                  {"scalerType", "identity"}});
  Forecaster f = forecaster(options, {{"horizon", testing::kHorizon}});
  data::RawPanel raw = testing::raw_panel(testing::kKnown);
  for (double& y : raw.target) y = std::round(y);
  f.fit(testing::panel_of(raw), {});
  EXPECT_EQ(failure([&] { f.simulate(nullptr, ancestral(3)); }).code(), Code::features);
  const data::RawFuture future = testing::future_of(testing::kKnown, testing::kHorizon);
  SimulateRequest request = ancestral(50);
  request.forecast.future = &future;
  const Values base = f.simulate(nullptr, request).values[0];
  for (const double y : base) EXPECT_EQ(y, std::round(y));
  data::RawFuture other = future;
  other.features[0].values[1] += 60;  // of series "a", the second step
  request.forecast.future = &other;
  const Values moved = f.simulate(nullptr, request).values[0];
  bool differs = false;
  for (size_t path = 0; path < 50; ++path) {
    EXPECT_EQ(moved[path * 3], base[path * 3]) << path;
    differs = differs || moved[path * 3 + 1] != base[path * 3 + 1];
  }
  EXPECT_TRUE(differs);
  EXPECT_TRUE(std::equal(moved.begin() + 150, moved.end(), base.begin() + 150));
}

TEST(Ancestral, ModelsThatCannotSaySo) {
  for (const json& options : {json{{"recurrent", false}}, json{{"loss", "MAE"}},
                              json{{"loss", {{"type", "MQLoss"}, {"levels", {80}}}}}}) {
    Forecaster f = forecaster(options);
    f.fit(testing::shared_sine_panel({60}), {});
    const Error error = failure([&] { f.simulate(nullptr, ancestral(3)); });
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_NE(error.message().find("expected a recurrent model with a distribution loss"),
              std::string::npos)
        << error.message();
  }
}

}  // namespace
}  // namespace nd::forecast
