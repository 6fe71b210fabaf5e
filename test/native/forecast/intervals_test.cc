// Conformal intervals through the whole of a forecaster: the errors are those of a
// cross-validation, the bounds those of the papers, in files and in cross-validations too.
#include "forecast/intervals.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "forecast/conformal.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;

constexpr int64_t kHorizon = 3;
using Names = std::vector<std::string>;

Forecaster forecaster(const json& loss = "MAE", bool compat = false, int64_t steps = 20) {
  return Forecaster(
      json{{"horizon", kHorizon},
           {"inputSize", 6},
           {"compat", compat},
           {"models",
            {{{"type", "NLinear"},
              {"options", {{"maxSteps", steps}, {"learningRate", 1e-2}, {"loss", loss}}}}}}});
}

/// Independent noise around levels of 0, 100, …, from a shift on of another scale.
std::shared_ptr<const data::Panel> noise(const std::vector<int64_t>& lengths, int64_t shift = -1,
                                         double factor = 1) {
  data::RawPanel raw;
  for (size_t s = 0; s < lengths.size(); ++s) {
    raw.ids.push_back("s" + std::to_string(s));
    for (int64_t t = 0; t < lengths[s]; ++t) {
      const double u =
          static_cast<double>(philox_uniform({.seed = 17 + s}, static_cast<uint64_t>(t)));
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      raw.target.push_back(100.0 * static_cast<double>(s) +
                           (u - 0.5) * (shift >= 0 && t >= shift ? factor : 1));
    }
  }
  return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
}

IntervalOptions options(IntervalMethod method, int64_t windows, std::vector<double> levels = {}) {
  IntervalOptions made;
  made.method = method;
  made.windows = windows;
  made.levels = std::move(levels);
  return made;
}

FitRequest with(IntervalOptions intervals) {
  FitRequest request;
  request.intervals = std::move(intervals);
  return request;
}

PredictRequest levels(std::vector<double> asked) {
  PredictRequest request;
  request.quantiles.levels = std::move(asked);
  return request;
}

/// Errors y - ŷ of one column of a table, of one series at one step.
std::vector<double> errors_at(const ForecastTable& table, size_t column, int32_t series,
                              size_t step) {
  std::vector<double> errors;
  for (size_t b = 0; b < table.series.size(); ++b) {
    const size_t row = b * static_cast<size_t>(kHorizon) + step;
    if (table.series[b] == series) errors.push_back(table.actual[row] - table.values[column][row]);
  }
  return errors;
}

/// What calibrates: forecasts of the last windows by a fit of what comes before.
ForecastTable calibration_table(const Forecaster& f, std::shared_ptr<const data::Panel> panel,
                                int64_t windows, std::vector<double> asked = {}) {
  CrossValidationRequest request;
  request.windows = windows;
  request.quantiles.levels = std::move(asked);
  return f.cross_validate(std::move(panel), request);
}

TEST(Intervals, OfAPointModelAreItsForecastAndARadiusOfItsErrors) {
  const auto panel = noise({60, 50});
  Forecaster f = forecaster();
  const ForecastTable known = calibration_table(f, panel, 9);
  f.fit(panel, with(options(IntervalMethod::error, 9)));
  const ForecastTable table = f.predict(nullptr, levels({80, 50}));
  EXPECT_EQ(table.columns,
            (Names{"NLinear", "NLinear-lo-80", "NLinear-lo-50", "NLinear-hi-50", "NLinear-hi-80"}));
  Forecaster plain = forecaster();
  plain.fit(panel, {});
  EXPECT_EQ(table.values[0], plain.predict(nullptr, {}).values[0]);
  for (int32_t s = 0; s < 2; ++s) {
    for (size_t k = 0; k < 3; ++k) {
      std::vector<double> scores;
      for (const double e : errors_at(known, 0, s, k)) scores.push_back(std::abs(e));
      std::ranges::sort(scores);
      const size_t row = static_cast<size_t>(s) * 3 + k;
      const double forecast = table.values[0][row];
      EXPECT_DOUBLE_EQ(table.values[4][row], forecast + scores[7]);  // ⌈10 · 0.8⌉ - 1
      EXPECT_DOUBLE_EQ(table.values[1][row], forecast - scores[7]);
      EXPECT_DOUBLE_EQ(table.values[3][row], forecast + scores[4]);
    }
  }
  EXPECT_EQ(f.predict(nullptr, {}).columns, Names{"NLinear"});
}

TEST(Intervals, OfTheDistributionMethodAreNotSymmetric) {
  const auto panel = noise({80});
  Forecaster f = forecaster();
  const ForecastTable known = calibration_table(f, panel, 19);
  f.fit(panel, with(options(IntervalMethod::distribution, 19)));
  PredictRequest request;
  request.quantiles.quantiles = {0.1, 0.5, 0.9};
  const ForecastTable table = f.predict(nullptr, request);
  EXPECT_EQ(table.columns, (Names{"NLinear", "NLinear_ql0.1", "NLinear_ql0.5", "NLinear_ql0.9"}));
  for (size_t k = 0; k < 3; ++k) {
    std::vector<double> errors = errors_at(known, 0, 0, k);
    std::ranges::sort(errors);
    EXPECT_DOUBLE_EQ(table.values[3][k], table.values[0][k] + errors[17]);  // ⌈20 · 0.9⌉ - 1
    EXPECT_DOUBLE_EQ(table.values[1][k], table.values[0][k] + errors[1]);
    EXPECT_EQ(table.values[2][k], table.values[0][k]);
  }
}

/// numpy.quantile of hand-made scores, as NeuralForecast 3.3 computes both methods.
TEST(Intervals, AreThoseOfTheReferenceInCompatMode) {
  const auto panel = noise({60});
  for (const IntervalMethod method : {IntervalMethod::error, IntervalMethod::distribution}) {
    Forecaster f = forecaster("MAE", true);
    const ForecastTable known = calibration_table(f, panel, 2);
    f.fit(panel, with(options(method, 2)));
    const ForecastTable table = f.predict(nullptr, levels({80}));
    for (size_t k = 0; k < 3; ++k) {
      std::vector<double> s = errors_at(known, 0, 0, k);
      for (double& e : s) e = std::abs(e);
      std::ranges::sort(s);
      // error: s0 + 0.9 (s1 - s0) on both sides. distribution: of -s1 -s0 s0 s1 at place 3 · 0.9.
      const double radius =
          method == IntervalMethod::error ? s[0] + 0.9 * (s[1] - s[0]) : s[0] + 0.7 * (s[1] - s[0]);
      EXPECT_NEAR(table.values[2][k] - table.values[0][k], radius, 1e-12);
      EXPECT_NEAR(table.values[0][k] - table.values[1][k], radius, 1e-12);
    }
  }
  Forecaster f = forecaster("MAE", true);
  f.fit(panel, with({}));
  EXPECT_EQ(f.info()["intervals"]["method"], "distribution");
  EXPECT_EQ(f.info()["intervals"]["windows"], 2);
}

TEST(Intervals, OfAQuantileModelMoveItsOwnBounds) {
  const json mq = {{"type", "MQLoss"}, {"levels", {80}}};
  const auto panel = noise({60});
  Forecaster f = forecaster(mq);
  const ForecastTable known = calibration_table(f, panel, 9);
  Forecaster plain = forecaster(mq);
  plain.fit(panel, {});
  const ForecastTable raw = plain.predict(nullptr, {});
  ASSERT_EQ(raw.columns, (Names{"NLinear-median", "NLinear-lo-80", "NLinear-hi-80"}));
  f.fit(panel, with(options(IntervalMethod::error, 9)));
  const ForecastTable table = f.predict(nullptr, {});
  EXPECT_EQ(table.columns, raw.columns);
  for (size_t k = 0; k < 3; ++k) {
    const std::vector<double> low = errors_at(known, 1, 0, k), high = errors_at(known, 2, 0, k);
    std::vector<double> scores;
    for (size_t w = 0; w < 9; ++w) scores.push_back(std::max(-low[w], high[w]));
    std::ranges::sort(scores);
    std::vector<double> expected = {raw.values[1][k] - scores[7], raw.values[0][k],
                                    raw.values[2][k] + scores[7]};
    std::ranges::sort(expected);
    EXPECT_DOUBLE_EQ(table.values[1][k], expected[0]);
    EXPECT_DOUBLE_EQ(table.values[0][k], expected[1]);
    EXPECT_DOUBLE_EQ(table.values[2][k], expected[2]);
  }
  const Error error = failure([&] { f.predict(nullptr, levels({60})); });
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_NE(error.message().find("received the quantile 0.2, expected those that"),
            std::string::npos)
      << error.message();
}

/// Share of rows of a cross-validation between two of its columns.
double coverage(const ForecastTable& table, const std::string& model, const std::string& level) {
  const auto at = [&](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(table.columns, model + name) -
                               table.columns.begin());
  };
  const auto &low = table.values.at(at("-lo-" + level)),
             &high = table.values.at(at("-hi-" + level));
  double covered = 0;
  for (size_t i = 0; i < low.size(); ++i)
    covered += low[i] <= table.actual[i] && table.actual[i] <= high[i] ? 1 : 0;
  return covered / static_cast<double>(low.size());
}

TEST(Intervals, CoverExchangeableErrorsForPointAndQuantileModelsAlike) {
  const auto panel = noise(std::vector<int64_t>(40, 100));
  for (const json& loss : {json("MAE"), json{{"type", "MQLoss"}, {"levels", {80, 90}}},
                           json{{"type", "DistributionLoss"}, {"distribution", "Normal"}}}) {
    const Forecaster f = forecaster(loss);
    CrossValidationRequest request;
    request.windows = 30;
    request.quantiles.levels = {80, 90};
    request.intervals = options(IntervalMethod::error, 39, {80, 90});
    const ForecastTable table = f.cross_validate(panel, request);
    for (const double level : {80.0, 90.0}) {
      // 40 · 30 windows of 3 steps whose errors overlap; the calibration of each of 120 cells is
      // shared by 30 windows: Beta distributed around the level.
      const double p = level / 100;
      const double error = std::sqrt(p * (1 - p) / (40 * 30) + p * (1 - p) / 40 / 120);
      EXPECT_NEAR(coverage(table, "NLinear", number_text(level, false)), p, 4 * error) << loss;
    }
  }
}

TEST(Intervals, PooledErrorsServeShortAndUnknownSeries) {
  IntervalOptions pooled = options(IntervalMethod::error, 2);
  pooled.pooled = true;
  const auto panel = noise({60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 5});
  Forecaster f = forecaster();
  f.fit(panel, with(pooled));
  const ForecastTable table = f.predict(nullptr, levels({95}));  // 20 errors serve 95 %
  EXPECT_EQ(table.series.size(), 11U);
  for (const double low : table.values[1]) EXPECT_TRUE(std::isfinite(low));
  EXPECT_EQ(f.predict(noise({40}), levels({80})).series.size(), 1U);

  Forecaster own = forecaster();
  own.fit(panel, with(options(IntervalMethod::error, 9)));
  const Error error = failure([&] { own.predict(nullptr, levels({80})); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("the series \"s10\", which has no errors of its own"),
            std::string::npos)
      << error.message();
}

TEST(Intervals, AdaptiveOnesCoverAcrossAShiftWhereOthersDoNot) {
  const auto panel = noise({1600, 1600}, 900, 6);
  const Forecaster f = forecaster("MAE", false, 5);
  for (const IntervalMethod method : {IntervalMethod::error, IntervalMethod::adaptive}) {
    CrossValidationRequest request;
    request.windows = 1300;
    request.quantiles.levels = {80, 95};
    request.intervals = options(method, 60);
    const ForecastTable table = f.cross_validate(panel, request);
    for (const double level : {80.0, 95.0}) {
      const double found = coverage(table, "NLinear", number_text(level, false));
      if (method == IntervalMethod::adaptive) {
        EXPECT_NEAR(found, level / 100, 0.02);
      } else {
        EXPECT_LT(found, level / 100 - 0.1);
      }
    }
  }
}

TEST(Intervals, AdaptiveOnesReadNoRowBeforeItIsKnown) {
  const auto base = noise({200});
  CrossValidationRequest request;
  request.windows = 50;
  request.quantiles.levels = {80};
  request.intervals = options(IntervalMethod::adaptive, 20);
  const Forecaster f = forecaster();
  const ForecastTable table = f.cross_validate(base, request);
  // Another last row changes no forecast: every window begins before it.
  data::Panel other = *base;
  other.mutable_target(0).back() += 50;
  const ForecastTable changed =
      f.cross_validate(std::make_shared<const data::Panel>(other), request);
  EXPECT_EQ(table.values, changed.values);
}

TEST(Intervals, SurviveFilesAndClonesAndEndWithTheWeightsTheyAreOf) {
  const auto panel = noise({60, 50, 8});
  IntervalOptions pooled = options(IntervalMethod::error, 9);
  pooled.pooled = true;
  Forecaster f = forecaster({{"type", "MQLoss"}, {"levels", {80}}});
  f.fit(panel, with(pooled));
  const auto expected = f.predict(nullptr, {}).values;
  EXPECT_EQ(f.clone().predict(nullptr, {}).values, expected);
  const std::string path =
      std::filesystem::temp_directory_path() / ("nd-intervals-" + std::to_string(getpid()));
  f.save(path);
  Forecaster loaded = Forecaster::load(path);
  EXPECT_EQ(loaded.predict(nullptr, {}).values, expected);
  EXPECT_EQ(loaded.info()["intervals"], f.info()["intervals"]);
  loaded.save(path);
  EXPECT_EQ(Forecaster::load(path).predict(nullptr, {}).values, expected);
  std::filesystem::remove(path);
  f.fit(panel, {});
  EXPECT_EQ(f.info()["intervals"], nullptr);
  EXPECT_NE(f.predict(nullptr, {}).values, expected);
}

TEST(Intervals, ThreadsChangeNothing) {
  const auto panel = noise({60, 50});
  std::vector<std::vector<double>> values;
  for (const int threads : {1, 3}) {
    CrossValidationRequest request;
    request.windows = 3;
    request.refit = 1;
    request.threads = threads;
    request.quantiles.levels = {80};
    request.intervals = options(IntervalMethod::distribution, 9);
    const auto found = forecaster().cross_validate(panel, request).values;
    if (values.empty()) values = found;
    EXPECT_EQ(values, found);
  }
}

TEST(Intervals, RefuseWhatTheyCannotGive) {
  const auto panel = noise({60});
  Forecaster f = forecaster();
  EXPECT_EQ(failure([&] { f.fit(panel, with(options(IntervalMethod::error, 60))); }).code(),
            Code::empty);
  EXPECT_EQ(failure([&] { f.fit(panel, with(options(IntervalMethod::error, -1))); }).code(),
            Code::config);
  IntervalOptions contradiction = options(IntervalMethod::adaptive, 9);
  contradiction.pooled = true;
  EXPECT_EQ(failure([&] { f.fit(panel, with(contradiction)); }).code(), Code::config);
  EXPECT_FALSE(f.fitted());
  f.fit(panel, with(options(IntervalMethod::error, 9)));
  const Error few = failure([&] { f.predict(nullptr, levels({95})); });
  EXPECT_EQ(few.code(), Code::config);
  EXPECT_NE(
      few.message().find("the level 95 with 9 errors per series and step, expected at least 19"),
      std::string::npos)
      << few.message();
  PredictRequest longer = levels({80});
  longer.horizon = 2 * kHorizon;
  EXPECT_EQ(failure([&] { f.predict(nullptr, longer); }).code(), Code::horizon);
  CrossValidationRequest folds;
  folds.folds_over = Folds::series;
  folds.folds = 2;
  folds.intervals = options(IntervalMethod::error, 9);
  EXPECT_EQ(failure([&] { f.cross_validate(noise({60, 60}), folds); }).code(), Code::config);
  Forecaster mq = forecaster({{"type", "MQLoss"}, {"levels", {95}}});
  const Error early = failure([&] { mq.fit(panel, with(options(IntervalMethod::error, 9))); });
  EXPECT_NE(early.message().find("received intervals.windows = 9, expected at least 19"),
            std::string::npos)
      << early.message();
}

}  // namespace
}  // namespace nd::forecast
