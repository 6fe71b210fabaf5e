// Missing targets: what is left of a panel is read, learned and judged as if they had never been
// steps at all.
#include "data/missing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "data/windows.h"
#include "forecast/conformal.h"
#include "forecast/forecaster.h"
#include "serve/adaptive.h"
#include "serve/predictor.h"
#include "support/failure.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using Values = std::vector<double>;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

double value(int64_t s, int64_t t) {
  return 50 + 10 * std::sin(static_cast<double>(t * (s + 2)) / 3) + static_cast<double>(t % 4);
}

/// `lost(s, t)`: whether the value is missing.
template <class Lost>
std::shared_ptr<const data::Panel> panel(const std::vector<int64_t>& lengths, const Lost& lost,
                                         int64_t first = 0) {
  data::RawPanel raw;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const auto s = static_cast<int64_t>(i);
    raw.ids.push_back("s" + std::to_string(s));
    for (int64_t t = s == 0 ? first : 0; t < lengths[i]; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      raw.target.push_back(lost(s, t) ? kMissing : value(s, t));
    }
  }
  return std::make_shared<const data::Panel>(
      std::move(raw), data::PanelOptions{.frequency = "", .allow_missing = true});
}

bool at_random(int64_t s, int64_t t) {
  return philox_uniform({.seed = 4}, static_cast<uint64_t>(1000 * s + t)) < 0.4F;
}

Forecaster forecaster(int64_t horizon, const json& options, const json& more = json::object(),
                      const char* type = "NLinear") {
  json all = {{"maxSteps", 20}, {"learningRate", 0.01}};
  all.update(options);
  json config = {{"horizon", horizon},
                 {"inputSize", 6},
                 {"missing", "mask"},
                 {"models", {{{"type", type}, {"options", all}}}}};
  config.update(more);
  return Forecaster(config);
}

TEST(Missing, WindowsHoldTheObservedStepsTheirMaskAndTheirStatistics) {
  const data::WindowLayout layout{.input_size = 6, .horizon = 3};
  const auto some = panel({40}, at_random);
  const auto target = some->target(0);
  for (const auto scaler :
       {data::WindowScaler::identity, data::WindowScaler::standard, data::WindowScaler::robust,
        data::WindowScaler::minmax, data::WindowScaler::invariant}) {
    for (int64_t start = -3; start < 76; ++start) {
      const bool compat = start >= 38;
      const int64_t begin = compat ? start - 38 : start;
      std::vector<float> y(6), mask(6), ahead(3), ahead_mask(3);
      const auto s = data::gather_window(target, {0, begin}, layout, scaler, {}, false, 40, compat,
                                         y, mask, ahead, ahead_mask);
      Values x(6), weights(6);
      double last = 0;  // before the first observed value of the window that one
      for (int64_t row = std::min<int64_t>(begin + 5, 39);
           !compat && row >= std::max<int64_t>(0, begin); --row)
        if (!std::isnan(target[static_cast<size_t>(row)])) last = target[static_cast<size_t>(row)];
      for (int64_t t = 0; t < 9; ++t) {
        const int64_t row = begin + t;
        const bool seen = row >= 0 && row < 40 && !std::isnan(target[static_cast<size_t>(row)]);
        const auto at = static_cast<size_t>(t < 6 ? t : t - 6);
        EXPECT_EQ((t < 6 ? mask : ahead_mask)[at], seen ? 1 : 0);
        if (t < 6) weights[at] = seen, x[at] = seen ? target[static_cast<size_t>(row)] : 0;
        if (seen) last = target[static_cast<size_t>(row)];
        const double raw = seen || (row < 40 && !compat) ? last : 0;
        EXPECT_NEAR((t < 6 ? y : ahead)[at], data::scale_value(scaler, s, raw), 1e-4);
      }
      const auto expected = data::window_statistics(scaler, x, weights);
      EXPECT_EQ(s.shift, expected.shift);
      EXPECT_EQ(s.scale, expected.scale);
    }
  }
}

TEST(Missing, TrainingWindowsAreThoseWithEnoughObservedSteps) {
  const std::vector<int64_t> lengths = {30, 22, 9};
  const auto some = panel(lengths, at_random);
  const auto observed = [&](int64_t s, int64_t row, int64_t val_size) {
    return row >= 0 && row < lengths[static_cast<size_t>(s)] - val_size && !at_random(s, row);
  };
  for (const double fraction : {0.0, 0.3}) {
    for (const int64_t step : {1, 3}) {
      for (const int64_t series : {1, 3}) {
        const data::WindowLayout layout{.input_size = 5,
                                        .horizon = 4,
                                        .step_size = step,
                                        .min_insample_fraction = fraction,
                                        .min_outsample_fraction = fraction,
                                        .val_size = 2,
                                        .series = series};
        const data::TrainingWindows windows(*some, layout);
        const auto need = [&](int64_t steps) {
          return std::max<int64_t>(
              1, static_cast<int64_t>(static_cast<double>(steps * series) * fraction));
        };
        for (int64_t s = 0; s < 3; ++s) {
          // The grid begins with the longest series, and every series ends at the same time.
          std::vector<int64_t> starts;
          for (int64_t start = 0; start < 30; start += step) {
            int64_t in = 0, out = 0;
            for (int64_t i = series == 1 ? s : 0; i < (series == 1 ? s + 1 : 3); ++i)
              for (int64_t t = 0; t < 9; ++t)
                (t < 5 ? in : out) +=
                    observed(i, start + t - (30 - lengths[static_cast<size_t>(i)]), 2);
            if (in >= need(5) && out >= need(4))
              starts.push_back(start - (30 - lengths[static_cast<size_t>(s)]));
          }
          ASSERT_EQ(windows.count(s), static_cast<int64_t>(starts.size())) << fraction << step;
          for (size_t n = 0; n < starts.size(); ++n)
            EXPECT_EQ(windows.at(s, static_cast<int64_t>(n)).start, starts[n]);
        }
      }
    }
  }
}

// With a horizon of one step every observed row is the horizon of one window.
TEST(Missing, TrainingLossIsTheMeanErrorOfTheObservedRows) {
  const json still = {{"maxSteps", 1}, {"learningRate", 0}, {"windowsBatchSize", nullptr}};
  auto f = forecaster(1, still);
  const auto some = panel({40}, at_random);
  const auto summary = f.fit(some, {});
  const ForecastTable table = f.predict_insample(nullptr, {});
  double sum = 0, count = 0;
  for (size_t i = 0; i < table.times.size(); ++i) {
    const int64_t t = table.times[i];
    EXPECT_EQ(std::isnan(table.actual[i]), at_random(0, t));
    bool read = false;
    for (int64_t row = t - 6; row < t; ++row) read |= row >= 0 && !at_random(0, row);
    if (t < 6 || at_random(0, t) || !read) continue;
    sum += std::abs(table.values[0][i] - table.actual[i]), ++count;
  }
  ASSERT_GT(count, 10);
  EXPECT_NEAR(summary[0]["trainLoss"].get<double>(), sum / count, 1e-5 * sum / count);
}

TEST(Missing, AMissingBeginningIsNoBeginning) {
  const auto lost = [](int64_t s, int64_t t) { return s == 0 && t < 7; };
  const auto none = [](int64_t, int64_t) { return false; };
  const json losses[] = {"MAE", {{"type", "DistributionLoss"}, {"distribution", "StudentT"}}};
  for (const char* scaler : {"none", "standard", "robust"}) {
    for (const json& loss : losses) {
      const json options = {{"loss", loss}, {"scalerType", "robust"}};
      auto with = forecaster(3, options, {{"localScaler", scaler}}),
           without = forecaster(3, options, {{"localScaler", scaler}});
      const auto summary = with.fit(panel({30, 40}, lost), {.val_size = 6});
      EXPECT_EQ(summary, without.fit(panel({30, 40}, none, 7), {.val_size = 6}));
      EXPECT_EQ(with.predict(nullptr, {}).values, without.predict(nullptr, {}).values);
    }
  }
}

TEST(Missing, EveryKindOfModelLearnsAndForecastsWithHoles) {
  const auto some = panel({60, 60}, at_random);
  const json recurrent = {{"recurrent", true}, {"encoderHiddenSize", 8}},
             together = {{"nSeries", 2}, {"ffDim", 8}}, plain = json::object();
  for (const auto& [type, options] :
       {std::pair("LSTM", recurrent), std::pair("TSMixer", together), std::pair("MLP", plain)}) {
    SCOPED_TRACE(type);
    json all = options;
    all["maxSteps"] = 3;
    auto f = forecaster(2, all, json::object(), type);
    const auto summary = f.fit(some, {.val_size = 8});
    EXPECT_TRUE(summary[0]["validLoss"].is_number());
    for (const ForecastTable& table : {f.predict(nullptr, {}), f.cross_validate(nullptr, {})})
      for (const double y : table.values[0]) EXPECT_TRUE(std::isfinite(y));
  }
}

TEST(Missing, APredictorGivesWhatPredictGives) {
  for (const char* scaler : {"none", "standard"}) {
    auto f = forecaster(3, {{"scalerType", "standard"}}, {{"localScaler", scaler}});
    const auto some = panel({40}, at_random);
    f.fit(some, {});
    const auto predictor = f.predictor("");
    const auto target = some->target(0);
    Values out(3);
    predictor->predict(target, 1, 40, out);
    EXPECT_EQ(out, f.predict(nullptr, {}).values[0]);
    const Values infinite(6, INFINITY);
    EXPECT_EQ(failure([&] { predictor->predict(infinite, 1, 6, out); }).code(), Code::data);
  }
}

FitRequest calibrated(IntervalMethod method, int64_t windows) {
  FitRequest request;
  request.intervals = IntervalOptions{.method = method, .windows = windows, .levels = {}};
  return request;
}

/// y - ŷ of one step of the last `windows` forecasts of a series, without those of missing y.
Values known_errors(const Forecaster& f, const std::shared_ptr<const data::Panel>& some,
                    int64_t windows, size_t step, size_t horizon) {
  CrossValidationRequest request;
  request.windows = windows;
  const ForecastTable table = f.cross_validate(some, request);
  Values errors;
  for (size_t i = step; i < table.actual.size(); i += horizon)
    if (!std::isnan(table.actual[i])) errors.push_back(table.actual[i] - table.values[0][i]);
  return errors;
}

TEST(Missing, IntervalsAreOfTheErrorsThatAreKnown) {
  const auto some = panel({90}, at_random);
  auto f = forecaster(2, json::object());
  std::array<Values, 2> scores;
  for (size_t k = 0; k < 2; ++k) {
    for (const double error : known_errors(f, some, 20, k, 2))
      scores.at(k).push_back(std::abs(error));
    ASSERT_LT(scores.at(k).size(), 20U);
    ASSERT_GE(scores.at(k).size(), 4U);
  }
  f.fit(some, calibrated(IntervalMethod::error, 20));
  PredictRequest asked;
  asked.quantiles.levels = {80};
  const ForecastTable table = f.predict(nullptr, asked);
  for (size_t k = 0; k < 2; ++k) {
    const double radius = *conformal_radius(scores.at(k), 0.8);
    EXPECT_DOUBLE_EQ(table.values[1][k], table.values[0][k] - radius);
    EXPECT_DOUBLE_EQ(table.values[2][k], table.values[0][k] + radius);
  }
  asked.quantiles.levels = {95};  // of fewer errors than windows
  EXPECT_NE(failure([&] { f.predict(nullptr, asked); }).message().find("expected at least 19"),
            std::string::npos);
}

TEST(Missing, AdaptiveIntervalsPassOverWhatIsMissing) {
  constexpr int64_t kRows = 90, kWindows = 30, kCalibrated = 20;
  const auto all = panel({kRows}, at_random), past = panel({kRows - kWindows}, at_random);
  const auto f = forecaster(1, json::object());
  Values above = known_errors(f, past, kCalibrated, 0, 1), below = above;
  for (double& error : below) error = -error;
  RadiusTracker up(0.9, kTrackingRate, above), down(0.9, kTrackingRate, below);
  CrossValidationRequest request;
  request.windows = kWindows;
  request.quantiles.levels = {80};
  request.intervals = calibrated(IntervalMethod::adaptive, kCalibrated).intervals;
  const ForecastTable table = f.cross_validate(all, request);
  int64_t passed = 0;
  for (size_t i = 0; i < table.actual.size(); ++i) {
    const double point = table.values[0][i];
    Values expected = {point - down.radius(), point, point + up.radius()};
    std::ranges::sort(expected);
    EXPECT_DOUBLE_EQ(table.values[1][i], expected[0]);
    EXPECT_DOUBLE_EQ(table.values[2][i], expected[2]);
    const double error = table.actual[i] - expected[1];
    if (std::isnan(error)) {
      ++passed;
    } else {
      up.update(error), down.update(-error);
    }
  }
  EXPECT_GT(passed, 5);
}

TEST(Missing, AStreamBeginsAtKnownErrorsAndAMissingValueMovesNothing) {
  // One series has a gap that is longer than any window, another one is not known at the end.
  const auto lost = [](int64_t s, int64_t t) {
    return at_random(s, t) || (s == 1 && t > 50 && t < 80) || (s == 2 && t > 60);
  };
  auto f = forecaster(2, json::object());
  f.fit(panel({90, 90, 90}, lost), calibrated(IntervalMethod::adaptive, 20));
  PredictRequest asked;
  asked.quantiles.levels = {80, 95};
  const ForecastTable table = f.predict(nullptr, asked);
  for (const Values& column : table.values)
    for (const double bound : column) EXPECT_TRUE(std::isfinite(bound));
  const auto stream = f.adaptive_intervals("", {80}, kTrackingRate);
  const auto low = static_cast<size_t>(std::ranges::find(table.columns, "NLinear-lo-80") -
                                       table.columns.begin());
  for (size_t s = 0; s < 3; ++s) {
    const std::string name = "s" + std::to_string(s);
    const auto point = std::span(table.values[0]).subspan(2 * s, 2);
    std::array<double, 4> bounds{}, after{};
    stream->forecast(name, point, bounds);
    EXPECT_DOUBLE_EQ(bounds[0], table.values[low][2 * s]);
    const json before = stream->save()["series"][name];
    stream->update(name, kMissing);
    stream->update(name, kMissing);
    json state = stream->save()["series"][name];
    EXPECT_TRUE(state["pending"].empty());
    state["pending"] = before["pending"];
    EXPECT_EQ(state, before);
    stream->forecast(name, point, after);
    EXPECT_EQ(after, bounds);
  }
}

TEST(Missing, PathsAreMadeOfWhatIsKnown) {
  auto f = forecaster(2, json::object());
  f.fit(panel({90}, at_random), calibrated(IntervalMethod::error, 20));
  const auto whole = panel({90}, [](int64_t, int64_t) { return false; });
  for (const ForecastTable& paths : {f.simulate(nullptr, {}), f.simulate(whole, {})})
    for (const double y : paths.values[0]) EXPECT_TRUE(std::isfinite(y));
}

TEST(Missing, AFileKeepsTheHoles) {
  auto f = forecaster(3, json::object());
  f.fit(panel({40}, at_random), {});
  const auto path = std::filesystem::temp_directory_path() / "nd_missing.safetensors";
  f.save(path.string());
  const auto loaded = Forecaster::load(path.string());
  std::filesystem::remove(path);
  EXPECT_EQ(loaded.info()["missing"], "mask");
  EXPECT_EQ(loaded.predict(nullptr, {}).values, f.predict(nullptr, {}).values);
}

TEST(Missing, WhatCannotBeReadIsSaid) {
  data::RawPanel raw;
  raw.ids = {"a"};
  for (int64_t t = 0; t < 20; ++t)
    raw.series.push_back(0), raw.times.push_back(t), raw.target.push_back(t == 5 ? kMissing : 1);
  Error error = failure([&] { data::Panel(raw, data::PanelOptions{}); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("row 5"), std::string::npos) << error.message();
  raw.target[7] = INFINITY;
  error = failure([&] { data::Panel(raw, {.frequency = "", .allow_missing = true}); });
  EXPECT_NE(error.message().find("row 7"), std::string::npos) << error.message();
  const auto nothing = panel({30}, [](int64_t, int64_t t) { return t > 2; });
  error = failure([&] { forecaster(3, json::object()).fit(nothing, {}); });
  EXPECT_EQ(error.code(), Code::empty);
  EXPECT_EQ(failure([&] {
              forecaster(3, json::object(), {{"missing", "zero"}});
            }).code(),
            Code::config);
}

}  // namespace
}  // namespace nd::forecast
