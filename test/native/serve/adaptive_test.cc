// Intervals of streams: coverage while a series changes, forecasts that overlap, states that go on.
#include "serve/adaptive.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "forecast/forecaster.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::serve {
namespace {

using testing::failure;

double noise(uint64_t t) { return static_cast<double>(philox_uniform({.seed = 11}, t)) - 0.5; }

TEST(AdaptiveIntervals, MoveOneRadiusByTheMiss) {
  AdaptiveIntervals intervals(1, {80}, 0.1);
  intervals.start("a", std::vector<double>{1, -2, 3, -4, 1, 2, 3, 4, 5});
  std::array<double, 2> bounds{};
  const std::array<double, 1> point = {10};
  intervals.forecast("a", point, bounds);
  // Nine errors and 90 % on each side: the largest, 5 above and 4 below.
  EXPECT_DOUBLE_EQ(bounds[0], 6);
  EXPECT_DOUBLE_EQ(bounds[1], 15);
  intervals.update("a", 16);  // 6 above: a miss there, and a hit below
  intervals.forecast("a", point, bounds);
  const double unit = 25.0 / 9, next = 0.9 * unit + 0.1 * 6, reach = 6 / next;
  EXPECT_DOUBLE_EQ(bounds[1], 10 + (5 / unit + 0.1 * reach * 0.9) * next);
  EXPECT_DOUBLE_EQ(bounds[0], 10 - (4 / unit - 0.1 * reach * 0.1) * next);
}

TEST(AdaptiveIntervals, CoverEveryStepOfAStreamWhoseErrorsGrow) {
  constexpr int64_t kHorizon = 3;
  AdaptiveIntervals intervals(kHorizon, {80, 95}, forecast::kTrackingRate);
  std::array<std::array<int, kHorizon>, 2> covered{};
  std::vector<double> values;
  std::vector<std::vector<double>> given;  // bounds of the forecast before each value
  constexpr uint64_t kSteps = 3000;
  for (uint64_t t = 0; t < kSteps; ++t) {
    const std::array<double, kHorizon> point = {1, 2, 3};
    std::vector<double> bounds(2 * 2 * kHorizon);
    intervals.forecast("a", point, bounds);
    given.push_back(bounds);
    // The forecast of step k is k + 1, so that one value is three errors.
    const double value = 2 + noise(t) * (t < kSteps / 2 ? 1 : 8);
    values.push_back(value);
    intervals.update("a", value);
    for (uint64_t k = 0; k < kHorizon && k <= t; ++k) {
      for (size_t level = 0; level < 2; ++level) {
        const std::vector<double>& past = given[t - k];
        const bool inside = past[(level * 2) * kHorizon + k] <= value &&
                            value <= past[(level * 2 + 1) * kHorizon + k];
        covered[level][k] += inside ? 1 : 0;
      }
    }
  }
  for (size_t k = 0; k < kHorizon; ++k) {
    EXPECT_NEAR(covered[0][k] / static_cast<double>(kSteps), 0.80, 0.02) << k;
    EXPECT_NEAR(covered[1][k] / static_cast<double>(kSteps), 0.95, 0.02) << k;
  }
}

TEST(AdaptiveIntervals, GoOnFromASavedState) {
  AdaptiveIntervals intervals(2, {90}, 0.1);
  const std::array<double, 2> point = {1, 1};
  std::array<double, 4> bounds{}, again{};
  for (uint64_t t = 0; t < 50; ++t) {
    intervals.forecast(t % 2 == 0 ? "a" : "é\"b", point, bounds);
    intervals.update(t % 2 == 0 ? "a" : "é\"b", noise(t));
  }
  AdaptiveIntervals loaded =
      AdaptiveIntervals::load(nlohmann::json::parse(intervals.save().dump()));
  for (uint64_t t = 0; t < 5; ++t) {
    intervals.forecast("a", point, bounds);
    loaded.forecast("a", point, again);
    EXPECT_EQ(bounds, again);
    intervals.update("a", noise(t)), loaded.update("a", noise(t));
  }
  EXPECT_EQ(loaded.save(), intervals.save());
}

TEST(AdaptiveIntervals, AMissingValueIsAStepWithoutOne) {
  AdaptiveIntervals intervals(2, {80}, 0.1);
  intervals.start("a", std::vector<double>{1, 10, -1, -10, 1, 10, -1, -10});
  const std::array<double, 2> point = {0, 0};
  std::array<double, 4> bounds{}, after{};
  intervals.forecast("a", point, bounds);
  intervals.update("a", std::nan(""));
  intervals.update("a", 20);  // judged as the second step
  intervals.forecast("a", point, after);
  EXPECT_EQ(after[0], bounds[0]);
  EXPECT_EQ(after[2], bounds[2]);
  EXPECT_GT(after[3], bounds[3]);
}

TEST(AdaptiveIntervals, OfAForecasterBeginAtItsErrors) {
  forecast::Forecaster f(
      nlohmann::json{{"horizon", 3},
                     {"inputSize", 12},
                     {"models", {{{"type", "NLinear"}, {"options", {{"maxSteps", 20}}}}}}});
  forecast::FitRequest fit;
  fit.intervals = forecast::IntervalOptions{
      .method = forecast::IntervalMethod::adaptive, .windows = 15, .levels = {}};
  f.fit(testing::shared_sine_panel({90, 80}), fit);
  forecast::PredictRequest asked;
  asked.quantiles.levels = {80};
  const forecast::ForecastTable table = f.predict(nullptr, asked);
  const auto intervals = f.adaptive_intervals("", {80}, forecast::kTrackingRate);
  std::array<double, 6> bounds{};
  intervals->forecast("s1", std::span(table.values[0]).subspan(3, 3), bounds);
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_DOUBLE_EQ(bounds[k], table.values[1][3 + k]);
    EXPECT_DOUBLE_EQ(bounds[3 + k], table.values[2][3 + k]);
  }
}

TEST(AdaptiveIntervals, RefuseStatesAndForecastsThatDoNotFit) {
  AdaptiveIntervals intervals(2, {80}, 0.1);
  const std::array<double, 3> long_point = {1, 2, 3};
  std::array<double, 6> bounds{};
  EXPECT_EQ(failure([&] { intervals.forecast("a", long_point, bounds); }).code(), Code::shape);
  const std::array<double, 1> nan = {std::nan("")};
  EXPECT_EQ(failure([&] { intervals.forecast("a", nan, std::span(bounds).first(2)); }).code(),
            Code::data);
  intervals.update("a", 1);
  const auto state = intervals.save();
  for (const char* change :
       {R"({"horizon": 0})", R"({"levels": [120]})", R"({"rate": null})",
        R"({"series": {"a": {"multiples": [1], "units": [1], "reaches": [1], "pending": []}}})",
        R"({"series": {"a": {"multiples": [1,1,1,1], "units": [1,1,1,1], "reaches": [1,1,1,1],
            "pending": [{"next": 2, "point": [1, 2]}]}}})"}) {
    nlohmann::json damaged = state;
    damaged.update(nlohmann::json::parse(change));
    EXPECT_EQ(failure([&] { AdaptiveIntervals::load(damaged); }).code(), Code::file) << change;
  }
}

}  // namespace
}  // namespace nd::serve
