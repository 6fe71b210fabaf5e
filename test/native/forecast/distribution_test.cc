// Distribution losses and quantiles through the whole of a forecaster.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "forecast/forecaster.h"
#include "losses/distributions/math.h"
#include "serve/predictor.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

Forecaster with_loss(const json& loss, const json& more = json::object(),
                     const char* type = "NLinear", bool compat = false) {
  json options = {
      {"maxSteps", 40}, {"learningRate", 1e-2}, {"scalerType", "standard"}, {"loss", loss}};
  options.update(more);
  return Forecaster(json{{"horizon", 6},
                         {"inputSize", 24},
                         {"compat", compat},
                         {"models", {{{"type", type}, {"options", options}}}}});
}

json distribution(const char* name) {
  return {{"type", "DistributionLoss"}, {"distribution", name}, {"levels", {80}}};
}

/// Independent normal numbers around 1e6 of deviation 0.01, or counts.
std::shared_ptr<const data::Panel> noise(bool counts) {
  data::RawPanel raw;
  raw.ids = {"a"};
  for (int64_t t = 0; t < 400; ++t) {
    const double u =
        (static_cast<double>(philox_uniform({.seed = 5}, static_cast<uint64_t>(t))) + 0x1p-26);
    raw.series.push_back(0);
    raw.times.push_back(t);
    raw.target.push_back(
        counts ? distribution::smallest_count(
                     [](double k) { return distribution::poisson_cdf(k, 4); }, u, 0, 10)
               : 1e6 + 0.01 * distribution::normal_quantile(u));
  }
  return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
}

TEST(DistributionForecast, LearnsAPriceNearAMillionThatMovesByAHundredth) {
  Forecaster f = with_loss(distribution("Normal"), {{"maxSteps", 300}});
  const auto fit = f.fit(noise(false), {.val_size = 24});
  const ForecastTable table = f.predict(nullptr, {});
  EXPECT_EQ(table.columns, (std::vector<std::string>{"NLinear", "NLinear-median", "NLinear-lo-80",
                                                     "NLinear-hi-80"}));
  for (size_t h = 0; h < 6; ++h) {
    EXPECT_NEAR(table.values[0][h], 1e6, 0.02);
    EXPECT_NEAR(table.values[3][h] - table.values[2][h], 2 * 1.2816 * 0.01, 0.008);
  }
  // -log of the density of the truth: ½ + log(0.01·√2π).
  EXPECT_NEAR(fit[0]["validLoss"].get<double>(), 0.5 + std::log(0.01 * 2.5066), 0.3);
}

// Two levels, 0 and 10, in equal shares: between them there is nothing, which no bell can say.
TEST(DistributionForecast, ASplineLearnsWhatHasTwoPeaks) {
  data::RawPanel raw;
  raw.ids = {"switch"};
  for (int64_t t = 0; t < 400; ++t) {
    const auto at = static_cast<uint32_t>(t);
    const bool high = philox_uniform({.seed = 8}, at) > 0.5F;
    const double noise = 0.1 * static_cast<double>(philox_uniform({.seed = 9}, at));
    raw.series.push_back(0), raw.times.push_back(t), raw.target.push_back((high ? 10 : 0) + noise);
  }
  // Nothing of the past is read: there is nothing to learn but the distribution.
  Forecaster f = with_loss(distribution("ISQF"),
                           {{"maxSteps", 400},
                            {"scalerType", "identity"},
                            {"excludeInsampleY", true},
                            {"hiddenSize", 16}},
                           "MLP");
  f.fit(std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{}), {});
  PredictRequest request;
  request.quantiles.quantiles = {0.05, 0.2, 0.3, 0.7, 0.8, 0.95};
  const auto values = f.predict(nullptr, request).values;
  for (size_t h = 0; h < 6; ++h) {
    EXPECT_NEAR(values[0][h], 5, 0.6);
    for (const size_t c : {1, 2, 3}) EXPECT_NEAR(values[c][h], 0, 0.5) << c;
    for (const size_t c : {4, 5, 6}) EXPECT_NEAR(values[c][h], 10, 0.5) << c;
    for (size_t c = 2; c < 7; ++c) EXPECT_GT(values[c][h], values[c - 1][h]);
  }
}

TEST(DistributionForecast, CountsAreForecastAsCounts) {
  for (const json& loss :
       {distribution("Poisson"), distribution("NegativeBinomial"),
        json{{"type", "PMM"}, {"nComponents", 3}, {"levels", {80}}},
        json{{"type", "NBMM"}, {"nComponents", 2}, {"levels", {80}}, {"weighted", true}}}) {
    SCOPED_TRACE(loss.dump());
    Forecaster f = with_loss(loss, {{"scalerType", "identity"}, {"maxSteps", 200}}, "MLP");
    f.fit(noise(true), {.val_size = 24});
    const ForecastTable table = f.predict(nullptr, {});
    for (size_t h = 0; h < 6; ++h) {
      EXPECT_GT(table.values[0][h], 1);
      EXPECT_LT(table.values[0][h], 9);
      for (size_t c = 1; c < 4; ++c) EXPECT_EQ(table.values[c][h], std::floor(table.values[c][h]));
      EXPECT_LE(table.values[2][h], table.values[1][h]);
      EXPECT_LE(table.values[1][h], table.values[3][h]);
    }
  }
}

TEST(DistributionForecast, RefusesTargetsThatTheDistributionCannotGive) {
  data::RawPanel raw;
  raw.ids = {"shop"};
  for (int64_t t = 0; t < 60; ++t)
    raw.series.push_back(0), raw.times.push_back(t), raw.target.push_back(t == 41 ? -3 : 2);
  const auto panel = std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
  Forecaster f = with_loss(distribution("Poisson"));
  const Error error = failure([&] { f.fit(panel, {}); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("series \"shop\", row 41"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("value -3"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("a count"), std::string::npos) << error.message();
}

TEST(DistributionForecast, GivesAnyQuantileWhenItIsAsked) {
  Forecaster f = with_loss(distribution("Normal"));
  f.fit(shared_sine_panel({120, 90}), {});
  PredictRequest request;
  request.quantiles.quantiles = {0.1, 0.9, 0.999};
  const ForecastTable asked = f.predict(nullptr, request), own = f.predict(nullptr, {});
  EXPECT_EQ(asked.columns, (std::vector<std::string>{"NLinear", "NLinear_ql0.1", "NLinear_ql0.9",
                                                     "NLinear_ql0.999"}));
  EXPECT_EQ(asked.values[0], own.values[0]);
  EXPECT_EQ(asked.values[1], own.values[2]);
  EXPECT_EQ(asked.values[2], own.values[3]);
  for (size_t i = 0; i < asked.values[0].size(); ++i)
    EXPECT_GT(asked.values[3][i], asked.values[2][i]);
  request.quantiles = {.levels = {99}, .quantiles = {}};
  EXPECT_EQ(
      f.predict(nullptr, request).columns,
      (std::vector<std::string>{"NLinear", "NLinear-median", "NLinear-lo-99", "NLinear-hi-99"}));
  CrossValidationRequest windows;
  windows.use_fitted = true;
  windows.quantiles.quantiles = {0.3};
  EXPECT_EQ(f.cross_validate(nullptr, windows).columns,
            (std::vector<std::string>{"NLinear", "NLinear_ql0.3"}));
}

TEST(QuantileForecast, InterpolatesBetweenTrainedQuantilesAndRefusesOthers) {
  Forecaster f = with_loss({{"type", "MQLoss"}, {"quantiles", {0.9, 0.1, 0.5}}});
  f.fit(shared_sine_panel({120}), {});
  const ForecastTable own = f.predict(nullptr, {});
  PredictRequest request;
  request.quantiles.quantiles = {0.1, 0.3, 0.5, 0.9};
  const ForecastTable asked = f.predict(nullptr, request);
  const double share = distribution::normal_quantile(0.7) / distribution::normal_quantile(0.9);
  for (size_t h = 0; h < 6; ++h) {
    EXPECT_EQ(asked.values[0][h], own.values[1][h]);
    EXPECT_EQ(asked.values[2][h], own.values[2][h]);
    EXPECT_EQ(asked.values[3][h], own.values[0][h]);
    EXPECT_NEAR(asked.values[1][h],
                asked.values[2][h] - share * (asked.values[2][h] - asked.values[0][h]), 1e-9);
  }
  request.quantiles.quantiles = {0.95};
  const Error beyond = failure([&] { f.predict(nullptr, request); });
  EXPECT_EQ(beyond.code(), Code::config);
  EXPECT_NE(beyond.message().find("expected quantiles in [0.1, 0.9]"), std::string::npos)
      << beyond.message();
  request.quantiles = {.levels = {80}, .quantiles = {0.5}};
  EXPECT_EQ(failure([&] { f.predict(nullptr, request); }).code(), Code::config);

  Forecaster point = with_loss("MAE");
  point.fit(shared_sine_panel({120}), {});
  request.quantiles = {.levels = {80}, .quantiles = {}};
  EXPECT_NE(failure([&] { point.predict(nullptr, request); }).message().find("intervals"),
            std::string::npos);
}

TEST(QuantileForecast, NeverCrossesUnlessCompatible) {
  // Hardly trained, quantiles are in any order.
  const json loss = {{"type", "MQLoss"}, {"quantiles", {0.5, 0.1, 0.9, 0.3, 0.7}}};
  const std::vector<size_t> ascending = {1, 3, 0, 4, 2};
  bool crossed = false;
  for (const bool compat : {false, true}) {
    Forecaster f = with_loss(loss, {{"maxSteps", 1}}, "MLP", compat);
    f.fit(shared_sine_panel({120, 90}), {});
    const ForecastTable table = f.predict(nullptr, {});
    for (size_t i = 0; i < table.values[0].size(); ++i) {
      for (size_t k = 1; k < 5; ++k) {
        const bool wrong = table.values[ascending[k - 1]][i] > table.values[ascending[k]][i];
        EXPECT_TRUE(compat || !wrong);
        crossed = crossed || wrong;
      }
    }
  }
  EXPECT_TRUE(crossed);
}

TEST(DistributionForecast, PredictorGivesWhatPredictGives) {
  for (const char* type : {"NLinear", "LSTM"}) {
    for (const char* name : {"StudentT", "Poisson"}) {
      SCOPED_TRACE(std::string(type) + " " + name);
      json more = {{"maxSteps", 10}};
      if (std::string(type) == "LSTM")
        more.update({{"recurrent", true}, {"encoderHiddenSize", 8}, {"scalerType", "robust"}});
      Forecaster f = with_loss(distribution(name), more, type);
      f.fit(noise(true), {});
      const ForecastTable table = f.predict(nullptr, {});
      const auto predictor = f.predictor("");
      EXPECT_EQ(predictor->columns(), f.columns());
      ASSERT_EQ(predictor->outputs(), 4);
      std::vector<double> out(6 * 4);
      const auto panel = noise(true);
      predictor->predict(panel->target(0), 1, 400, out);
      for (size_t h = 0; h < 6; ++h)
        for (size_t c = 0; c < 4; ++c) EXPECT_DOUBLE_EQ(out[h * 4 + c], table.values[c][h]);
    }
  }
}

// The mean is what a recurrent network reads back, in its own scale; so its forecast does not
// depend on the quantiles that are asked for, and goes on beyond the trained horizon.
TEST(DistributionForecast, RecurrentAndRecursiveForecastsReadTheMeanBack) {
  for (const char* type : {"NLinear", "LSTM"}) {
    SCOPED_TRACE(type);
    json more = {{"maxSteps", 150}};
    if (std::string(type) == "LSTM") more.update({{"recurrent", true}, {"encoderHiddenSize", 16}});
    Forecaster f = with_loss(distribution("Normal"), more, type);
    const auto panel = shared_sine_panel({120});
    f.fit(panel, {});
    PredictRequest request;
    request.horizon = 15;
    const ForecastTable longer = f.predict(nullptr, request), own = f.predict(nullptr, {});
    request.quantiles.quantiles = {0.2};
    const ForecastTable asked = f.predict(nullptr, request);
    EXPECT_EQ(asked.values[0], longer.values[0]);
    for (size_t h = 0; h < 6; ++h) EXPECT_DOUBLE_EQ(longer.values[0][h], own.values[0][h]);
    for (size_t h = 0; h < 15; ++h) {
      const double actual = 10 + 3 * std::sin(2 * 3.14159265358979 * (120.0 + h) / 12);
      EXPECT_NEAR(longer.values[0][h], actual, 2.5) << h;
    }
  }
}

TEST(DistributionForecast, ValidatesByItsLikelihoodItsMeanOrItsQuantiles) {
  const auto panel = shared_sine_panel({120});
  const json quantiles = {{"type", "MQLoss"}, {"quantiles", {0.1, 0.6}}};
  std::vector<double> losses;
  for (const json& valid : {json(nullptr), json("MAE"), quantiles, json("sCRPS")}) {
    Forecaster f = with_loss(distribution("Normal"), {{"validLoss", valid}});
    losses.push_back(f.fit(panel, {.val_size = 12})[0]["validLoss"].get<double>());
    EXPECT_TRUE(std::isfinite(losses.back()));
  }
  // The mean absolute error of the mean, by hand.
  Forecaster f = with_loss(distribution("Normal"));
  f.fit(panel, {.val_size = 12});
  CrossValidationRequest request;
  request.use_fitted = true;
  request.windows = 7;
  const ForecastTable table = f.cross_validate(nullptr, request);
  double sum = 0;
  for (size_t i = 0; i < table.actual.size(); ++i)
    sum += std::abs(table.values[0][i] - table.actual[i]);
  EXPECT_NEAR(losses[1], sum / static_cast<double>(table.actual.size()), 1e-6);
  EXPECT_EQ(failure([&] {
              with_loss(distribution("Normal"), {{"validLoss", distribution("StudentT")}});
            }).code(),
            Code::config);
}

TEST(DistributionForecast, IsTheSameFromAFileAndForAnyThreads) {
  const json loss = {{"type", "GMM"},
                     {"nComponents", 2},
                     {"weighted", true},
                     {"levels", {50}},
                     {"returnParams", true}};
  std::vector<std::vector<double>> first;
  for (const int threads : {1, 3}) {
    Forecaster f = with_loss(loss, {{"maxSteps", 10}});
    f.fit(shared_sine_panel({120, 90}), {.threads = threads});
    const ForecastTable table = f.predict(nullptr, {.threads = threads});
    if (first.empty()) first = table.values;
    EXPECT_EQ(table.values, first);
    EXPECT_EQ(table.columns.size(), 4U + 6U);
    const std::string path = ::testing::TempDir() + "gmm.safetensors";
    f.save(path);
    EXPECT_EQ(Forecaster::load(path).predict(nullptr, {}).values, first);
  }
}

}  // namespace
}  // namespace nd::forecast
