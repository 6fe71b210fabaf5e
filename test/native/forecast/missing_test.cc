// Missing targets: what is left of a panel is read, learned and judged as if they had never been
// steps at all.
#include "data/missing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "data/windows.h"
#include "forecast/forecaster.h"
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
      double last = 0;
      for (int64_t t = 0; t < 9; ++t) {
        const int64_t row = begin + t;
        const bool seen = row >= 0 && row < 40 && !std::isnan(target[static_cast<size_t>(row)]);
        const auto at = static_cast<size_t>(t < 6 ? t : t - 6);
        EXPECT_EQ((t < 6 ? mask : ahead_mask)[at], seen ? 1 : 0);
        if (t < 6) weights[at] = seen, x[at] = seen ? target[static_cast<size_t>(row)] : 0;
        const bool hole = row >= 0 && row < 40 && !seen;
        if (seen) last = target[static_cast<size_t>(row)];
        const double raw = seen || (hole && !compat) ? last : 0;
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
