// Cross-validation, insample forecasts and horizons beyond the trained one, each against what
// fit() and predict() of truncated panels give.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;
using PanelPointer = std::shared_ptr<const data::Panel>;

constexpr int64_t kHorizon = 4;

json config(const json& models, const json& more = json::object()) {
  json all = {{"horizon", kHorizon}, {"inputSize", 12}, {"models", models}};
  all.update(more);
  return all;
}

json nlinear(int64_t steps = 10) {
  return {{"type", "NLinear"}, {"options", {{"maxSteps", steps}, {"learningRate", 1e-2}}}};
}

PanelPointer without_last(const PanelPointer& panel, int64_t rows) {
  std::vector<data::Piece> pieces;
  for (int64_t s = 0; s < panel->series_count(); ++s)
    if (panel->length(s) > rows) pieces.push_back({s, 0, panel->length(s) - rows});
  return std::make_shared<const data::Panel>(panel->select(pieces));
}

/// Rows of one block of a column.
std::vector<double> block(const ForecastTable& table, size_t index, size_t column = 0) {
  const auto h = static_cast<std::ptrdiff_t>(table.horizon);
  const auto begin = table.values[column].begin() + static_cast<std::ptrdiff_t>(index) * h;
  return {begin, begin + h};
}

std::vector<double> near_last(const PanelPointer& panel, int64_t series, int64_t rows_after) {
  const auto target = panel->target(series);
  const auto begin = target.end() - rows_after;
  return {begin, begin + kHorizon};
}

/// Equal but for the rounding of products of another number of rows.
void expect_near(const std::vector<double>& ours, const std::vector<double>& expected) {
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], expected[i], 1e-5) << i;
}

TEST(CrossValidation, OfTheFittedWeightsIsPredictionFromEachCutoff) {
  const PanelPointer panel = shared_sine_panel({40, 31});
  Forecaster f(config({nlinear(), nlinear(3)}));
  f.fit(panel, {});
  CrossValidationRequest request;
  request.windows = 3;
  request.step_size = 2;
  request.use_fitted = true;
  const ForecastTable table = f.cross_validate(panel, request);
  ASSERT_EQ(table.series, (std::vector<int32_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(table.cutoffs, (std::vector<int64_t>{31, 33, 35, 22, 24, 26}));
  EXPECT_EQ(table.times[0], 32);
  EXPECT_EQ(table.times.size(), 6 * kHorizon);
  for (int64_t k = 0; k < 3; ++k) {
    const int64_t after = 8 - 2 * k;
    const ForecastTable expected = f.predict(without_last(panel, after), {});
    for (size_t s = 0; s < 2; ++s) {
      const size_t b = s * 3 + static_cast<size_t>(k);
      for (size_t c = 0; c < 2; ++c) expect_near(block(table, b, c), block(expected, s, c));
      const std::vector<double> actual(
          table.actual.begin() + static_cast<int64_t>(b) * kHorizon,
          table.actual.begin() + static_cast<int64_t>(b + 1) * kHorizon);
      EXPECT_EQ(actual, near_last(panel, static_cast<int64_t>(s), after));
    }
  }
}

TEST(CrossValidation, RefitsWhereAskedAndLeavesTheObjectAsItWas) {
  const PanelPointer panel = shared_sine_panel({40, 31});
  const json description = config(json::array({nlinear()}), {{"localScaler", "standard"}});
  const auto fresh = [&](int64_t rows) {
    Forecaster f(description);
    f.fit(without_last(panel, rows), {});
    return f;
  };
  for (const int64_t refit : {0, 1, 2}) {
    const Forecaster f(description);
    CrossValidationRequest request;
    request.windows = 3;
    request.step_size = 2;
    request.refit = refit;
    std::vector<int64_t> fits;
    request.on_progress = [&](const std::string&, const FitPlace& fit, const train::Progress&) {
      if (fits.empty() || fits.back() != fit.window) fits.push_back(fit.window);
    };
    const ForecastTable table = f.cross_validate(panel, request);
    EXPECT_FALSE(f.fitted());
    for (int64_t k = 0; k < 3; ++k) {
      const int64_t fit = refit > 0 ? k - k % refit : 0;
      PredictRequest frozen;
      frozen.refit_series_scaler = false;
      const ForecastTable expected =
          fresh(8 - 2 * fit).predict(without_last(panel, 8 - 2 * k), frozen);
      for (size_t s = 0; s < 2; ++s)
        expect_near(block(table, s * 3 + static_cast<size_t>(k)), block(expected, s));
    }
    EXPECT_EQ(fits, refit == 0   ? (std::vector<int64_t>{0})
                    : refit == 1 ? (std::vector<int64_t>{0, 1, 2})
                                 : (std::vector<int64_t>{0, 2}));
  }
}

TEST(CrossValidation, GoesOnFromTheFitBeforeWhenAsked) {
  const PanelPointer panel = shared_sine_panel({40});
  CrossValidationRequest request;
  request.windows = 2;
  request.step_size = 3;
  request.refit = 1;
  request.from_scratch = false;
  const ForecastTable table =
      Forecaster(config(json::array({nlinear()}))).cross_validate(panel, request);
  Forecaster f(config(json::array({nlinear()})));
  f.fit(without_last(panel, 7), {});
  expect_near(block(table, 0), block(f.predict(nullptr, {}), 0));
  f.fit(without_last(panel, 4), {});
  expect_near(block(table, 1), block(f.predict(nullptr, {}), 0));
  FitRequest again;
  again.from_scratch = true;
  f.fit(without_last(panel, 7), again);
  expect_near(block(table, 0), block(f.predict(nullptr, {}), 0));
}

TEST(CrossValidation, NothingAfterACutoffChangesItsForecast) {
  const PanelPointer panel = shared_sine_panel({40, 31});
  data::Panel other = *panel;
  for (int64_t s = 0; s < 2; ++s) {
    const auto target = other.mutable_target(s);
    for (size_t t = target.size() - 4; t < target.size(); ++t) target[t] = -1000;
  }
  for (const char* scaler : {"none", "standard"}) {
    const Forecaster f(config(json::array({nlinear()}), {{"localScaler", scaler}}));
    const ForecastTable a = f.cross_validate(panel, {}),
                        b = f.cross_validate(std::make_shared<const data::Panel>(other), {});
    EXPECT_EQ(a.values, b.values) << scaler;
    EXPECT_NE(a.actual, b.actual);
  }
}

TEST(CrossValidation, ShortSeriesTakePartInTheirLastWindows) {
  const PanelPointer panel = shared_sine_panel({40, 7, 3});
  CrossValidationRequest request;
  request.windows = 3;
  request.step_size = 2;
  const ForecastTable once =
      Forecaster(config(json::array({nlinear()}))).cross_validate(panel, request);
  EXPECT_EQ(once.series, (std::vector<int32_t>{0, 0, 0}));
  request.refit = 1;
  const ForecastTable each =
      Forecaster(config(json::array({nlinear()}))).cross_validate(panel, request);
  EXPECT_EQ(each.series, (std::vector<int32_t>{0, 0, 0, 1, 1}));
  request.windows = 100;
  const Error error =
      failure([&] { Forecaster(config(json::array({nlinear()}))).cross_validate(panel, request); });
  EXPECT_EQ(error.code(), Code::empty);
  EXPECT_NE(error.message().find("at most 40 rows, expected more than 202"), std::string::npos)
      << error.message();
  request.windows = 0;
  EXPECT_EQ(failure([&] {
              Forecaster(config(json::array({nlinear()}))).cross_validate(panel, request);
            }).code(),
            Code::config);
}

TEST(CrossValidation, OfAMultivariateModelAndOfARecurrentOne) {
  const PanelPointer panel = shared_sine_panel({40, 31, 40});
  const json options = {{"maxSteps", 3}, {"scalerType", "standard"}};
  json mixer = options, lstm = options;
  mixer.update({{"nSeries", 3}, {"ffDim", 8}});
  lstm.update({{"recurrent", true}, {"encoderHiddenSize", 5}});
  Forecaster f(
      config({{{"type", "TSMixer"}, {"options", mixer}}, {{"type", "LSTM"}, {"options", lstm}}}));
  f.fit(panel, {});
  CrossValidationRequest request;
  request.windows = 2;
  request.use_fitted = true;
  request.threads = 2;
  const ForecastTable table = f.cross_validate(nullptr, request);
  for (int64_t k = 0; k < 2; ++k) {
    const ForecastTable expected = f.predict(without_last(panel, 5 - k), {});
    for (size_t s = 0; s < 3; ++s) {
      for (size_t c = 0; c < 2; ++c) {
        expect_near(block(table, s * 2 + static_cast<size_t>(k), c), block(expected, s, c));
      }
    }
  }
}

TEST(Insample, ForecastsEveryStepThatHasAPast) {
  const PanelPointer panel = shared_sine_panel({21, 3, 17});
  Forecaster f(config(json::array({nlinear()}), {{"localScaler", "minmax"}}));
  f.fit(panel, {});
  InsampleRequest request;
  request.step_size = 4;
  const ForecastTable table = f.predict_insample(nullptr, request);
  EXPECT_EQ(table.series, (std::vector<int32_t>{0, 0, 0, 0, 0, 2, 2, 2, 2}));
  EXPECT_EQ(table.cutoffs, (std::vector<int64_t>{0, 4, 8, 12, 16, 0, 4, 8, 12}));
  PredictRequest frozen;
  frozen.refit_series_scaler = false;
  const ForecastTable expected = f.predict(without_last(panel, 8), frozen);
  expect_near(block(table, 3), block(expected, 0));
  EXPECT_EQ(table.actual[3 * kHorizon], panel->target(0)[13]);
  EXPECT_EQ(failure([&] { f.predict_insample(shared_sine_panel({4}), {}); }).code(), Code::empty);
}

TEST(LongHorizon, ReadsItsOwnPointForecasts) {
  const PanelPointer panel = shared_sine_panel({40, 9});
  const json quantiles = {{"maxSteps", 5}, {"loss", {{"type", "MQLoss"}, {"levels", {80}}}}};
  Forecaster f(config({nlinear(), {{"type", "NLinear"}, {"options", quantiles}}},
                      {{"localScaler", "standard"}}));
  f.fit(panel, {});
  PredictRequest request;
  request.horizon = 10;
  const ForecastTable table = f.predict(nullptr, request);
  ASSERT_EQ(table.values[0].size(), 20U);
  EXPECT_EQ(table.times[19], 18);
  PredictRequest frozen;
  frozen.refit_series_scaler = false;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const size_t point = c == 0 ? 0 : 1;  // the median is the first column of the second model
    data::RawPanel raw{panel->ids(), {}, {}, {}, false};
    for (int64_t s = 0; s < 2; ++s) {
      const auto values = panel->target(s);
      for (int64_t t = 0; t < panel->length(s) + 4; ++t) {
        raw.series.push_back(static_cast<int32_t>(s));
        raw.times.push_back(t);
        const bool known = t < panel->length(s);
        raw.target.push_back(
            known ? values[static_cast<size_t>(t)]
                  : table.values[point][static_cast<size_t>(s * 10 + t - panel->length(s))]);
      }
    }
    const auto grown = std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
    const ForecastTable next = f.predict(grown, frozen);
    for (size_t s = 0; s < 2; ++s)
      for (size_t k = 0; k < kHorizon; ++k)
        EXPECT_NEAR(table.values[c][s * 10 + 4 + k], next.values[c][s * kHorizon + k], 1e-5)
            << table.columns[c];
  }
  request.horizon = 2;
  const ForecastTable shorter = f.predict(nullptr, request);
  EXPECT_EQ(shorter.values[0][1], table.values[0][1]);
  EXPECT_EQ(shorter.values[0].size(), 4U);
}

TEST(LongHorizon, ARecurrentNetworkGoesOn) {
  const json lstm = {{"maxSteps", 3}, {"recurrent", true}, {"encoderHiddenSize", 5}};
  Forecaster f(config(json::array({{{"type", "LSTM"}, {"options", lstm}}})));
  f.fit(shared_sine_panel({40}), {});
  PredictRequest request;
  request.horizon = 9;
  const ForecastTable table = f.predict(nullptr, request);
  const ForecastTable trained = f.predict(nullptr, {});
  for (size_t k = 0; k < kHorizon; ++k) EXPECT_EQ(table.values[0][k], trained.values[0][k]);
  EXPECT_TRUE(std::isfinite(table.values[0][8]));
  EXPECT_NE(table.values[0][8], table.values[0][7]);
}

TEST(LongHorizon, NeedsAPointForecast) {
  const json loss = {{"type", "QuantileLoss"}, {"q", 0.9}};
  Forecaster f(
      config(json::array({{{"type", "NLinear"}, {"options", {{"maxSteps", 1}, {"loss", loss}}}}})));
  f.fit(shared_sine_panel({40}), {});
  PredictRequest request;
  request.horizon = 5;
  const Error error = failure([&] { f.predict(nullptr, request); });
  EXPECT_EQ(error.code(), Code::horizon);
  EXPECT_NE(error.message().find("horizon = 5, expected at most 4"), std::string::npos);
}

}  // namespace
}  // namespace nd::forecast
