// A model that forecasts several series together, through the whole of a Forecaster.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "serve/predictor.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;

json config() {
  return {{"horizon", 4},
          {"inputSize", 12},
          {"models",
           {{{"type", "TSMixer"},
             {"options",
              {{"nSeries", 3},
               {"maxSteps", 30},
               {"dropout", 0},
               {"ffDim", 8},
               {"scalerType", "standard"},
               {"loss", {{"type", "MQLoss"}, {"levels", {80}}}}}}},
            {{"type", "NLinear"}, {"options", {{"maxSteps", 10}}}}}}};
}

/// The sine panel of `lengths` with its series in another order.
std::shared_ptr<const data::Panel> reordered(const std::vector<int64_t>& lengths,
                                             const std::vector<size_t>& order) {
  const data::Panel panel = testing::sine_panel(lengths);
  data::RawPanel raw;
  for (const size_t s : order) {
    const auto place = static_cast<int32_t>(raw.ids.size());
    raw.ids.push_back(panel.ids()[s]);
    const auto values = panel.target(static_cast<int64_t>(s));
    for (size_t t = 0; t < values.size(); ++t) {
      raw.series.push_back(place);
      raw.times.push_back(static_cast<int64_t>(t));
      raw.target.push_back(values[t]);
    }
  }
  return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
}

const std::vector<int64_t> kLengths = {60, 45, 8};

TEST(Multivariate, PredictMatchesSeriesByName) {
  Forecaster f(config());
  f.fit(testing::shared_sine_panel(kLengths), {.val_size = 4});
  const ForecastTable own = f.predict(nullptr, {}),
                      other = f.predict(reordered(kLengths, {2, 0, 1}), {});
  ASSERT_EQ(own.values.size(), 4U);
  ASSERT_EQ(other.ids, (std::vector<std::string>{"s2", "s0", "s1"}));
  for (size_t column = 0; column < own.values.size(); ++column) {
    for (size_t row = 0; row < 3; ++row) {
      const size_t from = std::vector<size_t>{2, 0, 1}[row];
      for (size_t h = 0; h < 4; ++h)
        EXPECT_EQ(other.values[column][row * 4 + h], own.values[column][from * 4 + h]);
    }
  }
}

TEST(Multivariate, EachSeriesSeesTheOthers) {
  Forecaster f(config());
  f.fit(testing::shared_sine_panel(kLengths), {});
  const ForecastTable own = f.predict(nullptr, {});
  const ForecastTable longer = f.predict(testing::shared_sine_panel({60, 45, 9}), {});
  EXPECT_NE(own.values[0][0], longer.values[0][0]) << "TSMixer mixes the series";
  EXPECT_EQ(own.values[3][0], longer.values[3][0]) << "NLinear does not";
}

TEST(Multivariate, RefusesOtherSeries) {
  Forecaster f(config());
  EXPECT_EQ(failure([&] { f.fit(testing::shared_sine_panel({60, 45}), {}); }).code(), Code::shape);
  f.fit(testing::shared_sine_panel(kLengths), {});
  EXPECT_EQ(failure([&] {
              f.predict(testing::shared_sine_panel({60, 45}), {});
            }).code(),
            Code::shape);
  data::RawPanel raw;
  raw.ids = {"s0", "s1", "x"};
  for (int32_t s = 0; s < 3; ++s) {
    for (int64_t t = 0; t < 20; ++t) {
      raw.series.push_back(s);
      raw.times.push_back(t);
      raw.target.push_back(static_cast<double>(t));
    }
  }
  const auto foreign = std::make_shared<const data::Panel>(raw, data::PanelOptions{});
  EXPECT_NE(failure([&] { f.predict(foreign, {}); }).message().find("no series \"s2\""),
            std::string::npos);
  EXPECT_NE(failure([&] {
              f.fit(reordered(kLengths, {1, 0, 2}), {});
            })
                .message()
                .find("in the same order"),
            std::string::npos);
}

TEST(Multivariate, AFileKeepsTheRunningStatistics) {
  Forecaster f(config());
  f.fit(testing::shared_sine_panel(kLengths), {});
  const std::string path =
      (std::filesystem::temp_directory_path() / "nd-multivariate.safetensors").string();
  f.save(path);
  const Forecaster loaded = Forecaster::load(path);
  EXPECT_EQ(loaded.predict(nullptr, {}).values, f.predict(nullptr, {}).values);
  std::filesystem::remove(path);
}

TEST(Multivariate, APredictorTakesAllSeriesAtOnce) {
  Forecaster f(config());
  const std::vector<int64_t> lengths = {40, 40, 40};
  f.fit(testing::shared_sine_panel(lengths), {});
  const ForecastTable table = f.predict(nullptr, {});
  const auto predictor = f.predictor("TSMixer");
  const data::Panel panel = testing::sine_panel(lengths);
  std::vector<double> windows;
  for (int copy = 0; copy < 2; ++copy) {
    for (int64_t s = 0; s < 3; ++s)
      windows.insert(windows.end(), panel.target(s).begin(), panel.target(s).end());
  }
  std::vector<double> out(6 * 4 * 3);
  predictor->predict(windows, 6, 40, out);
  for (size_t row = 0; row < 6; ++row) {
    for (size_t h = 0; h < 4; ++h) {
      for (size_t q = 0; q < 3; ++q) {
        const double expected = table.values[q][row % 3 * 4 + h];
        EXPECT_NEAR(out[(row * 4 + h) * 3 + q], expected, 1e-5 * std::abs(expected));
      }
    }
  }
  out.resize(4 * 4 * 3);
  windows.resize(4 * 40);
  EXPECT_EQ(failure([&] { predictor->predict(windows, 4, 40, out); }).code(), Code::shape);
}

}  // namespace
}  // namespace nd::forecast
