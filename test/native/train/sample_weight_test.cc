// Weights of rows: what they do to the losses of training and validation, and which are refused.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "forecast/forecaster.h"
#include "support/failure.h"

namespace nd {
namespace {

using nlohmann::json;
using testing::failure;
using Values = std::vector<double>;
using Weight = std::function<double(int64_t, int64_t)>;

constexpr int64_t kInput = 4, kRows[] = {30, 21};

double target(int64_t s, int64_t t) {
  return 10 * std::sin(static_cast<double>(t * (s + 3))) + static_cast<double>(t % 5);
}

data::RawPanel raw_panel(const Weight& weight) {
  data::RawPanel raw;
  raw.ids = {"a", "b"};
  raw.features = {{"w", {}}};
  for (int64_t s = 0; s < 2; ++s)
    for (int64_t t = 0; t < kRows[s]; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      raw.target.push_back(target(s, t));
      raw.features[0].values.push_back(weight(s, t));
    }
  return raw;
}

std::shared_ptr<const data::Panel> panel(data::RawPanel raw) {
  return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
}

forecast::Forecaster forecaster(int64_t horizon, const json& more, const json& options) {
  json all = {{"maxSteps", 1}, {"learningRate", 0}, {"windowsBatchSize", nullptr}};
  all.update(options);
  json config = {{"horizon", horizon},
                 {"inputSize", kInput},
                 {"models", {{{"type", "NLinear"}, {"options", all}}}}};
  config.update(more);
  return forecast::Forecaster(config);
}

double weight(int64_t s, int64_t t) { return static_cast<double>((t * 7 + s) % 4) / 2; }
const json kWeighted = {{"sampleWeight", "w"}};

// With a horizon of one step every row is the horizon of one window, and Σw|e| / Σw is all there
// is.
TEST(SampleWeight, TrainingLossIsTheWeightedMeanOfTheErrorsOfItsRows) {
  auto f = forecaster(1, kWeighted, json::object());
  const auto summary = f.fit(panel(raw_panel(weight)), {});
  const auto table = f.predict_insample(nullptr, {});  // no step was taken: the first weights
  double sum = 0, total = 0;
  for (size_t i = 0; i < table.times.size(); ++i) {
    const int64_t t = table.times[i];
    if (t < kInput && table.series[i] == 0) continue;  // no window begins before the longest series
    const double w = weight(table.series[i], t);
    sum += w * std::abs(table.values[0][i] - table.actual[i]), total += w;
  }
  EXPECT_NEAR(summary[0]["trainLoss"].get<double>(), sum / total, 1e-5 * sum / total);
}

TEST(SampleWeight, ValidationLossWeighsRowsOrAsTheReferenceWindows) {
  for (const bool compat : {false, true}) {
    json more = kWeighted;
    more["compat"] = compat;
    auto f = forecaster(2, more, json::object());
    const auto summary = f.fit(panel(raw_panel(weight)), {.val_size = 4});
    forecast::CrossValidationRequest request;
    request.windows = 3, request.use_fitted = true;
    const auto table = f.cross_validate(nullptr, request);
    double sum = 0, total = 0;
    for (size_t i = 0; i < table.times.size(); i += 2) {
      const int64_t s = table.series[i / 2], t = table.times[i];
      const double first = weight(s, t), second = weight(s, t + 1), mean = (first + second) / 2;
      const double w[] = {compat ? mean : first, compat ? mean : second};
      for (size_t k = 0; k < 2; ++k)
        sum += w[k] * std::abs(table.values[0][i + k] - table.actual[i + k]), total += w[k];
    }
    EXPECT_NEAR(summary[0]["validLoss"].get<double>(), sum / total, 1e-5 * sum / total) << compat;
  }
}

TEST(SampleWeight, EqualWeightsChangeNothingAndZerosTeachNothing) {
  const json options = {{"maxSteps", 20}, {"learningRate", 0.01}, {"windowsBatchSize", 16}};
  const auto forecast_of = [&](const json& more, const Weight& w, double spoiled) {
    data::RawPanel raw = raw_panel(w);
    // Of the last rows, nothing is read but as a target.
    for (int64_t t = 26; t < 30; ++t) raw.target[static_cast<size_t>(t)] += spoiled;
    auto f = forecaster(4, more, options);
    f.fit(panel(raw), {});
    forecast::PredictRequest request;
    return f.predict(panel(raw_panel(w)), request).values;
  };
  const auto equal = [](int64_t, int64_t) { return 2.0; };
  EXPECT_EQ(forecast_of(kWeighted, equal, 0), forecast_of(json::object(), equal, 0));
  const auto known = [](int64_t s, int64_t t) { return s == 0 && t >= 22 ? 0.0 : 1.0; };
  EXPECT_NE(forecast_of(json::object(), known, 0), forecast_of(json::object(), known, 100));
  // Windows whose input holds a spoiled row have only rows of weight 0 ahead of them.
  EXPECT_EQ(forecast_of(kWeighted, known, 0), forecast_of(kWeighted, known, 100));
}

TEST(SampleWeight, ASeriesScalerLeavesWeightsAsTheyAre) {
  const json options = {{"maxSteps", 20}, {"learningRate", 0.01}};
  const auto loss_of = [&](double factor) {
    auto f = forecaster(2, {{"sampleWeight", "w"}, {"localScaler", "standard"}}, options);
    const auto w = [&](int64_t s, int64_t t) { return factor * (weight(s, t) + 0.5); };
    return f.fit(panel(raw_panel(w)), {})[0]["trainLoss"].get<double>();
  };
  EXPECT_EQ(loss_of(1), loss_of(4));
  EXPECT_TRUE(std::isfinite(loss_of(1)));
}

TEST(SampleWeight, CrossValidationLearnsWithItAndAFileKeepsIt) {
  const json options = {{"maxSteps", 20}, {"learningRate", 0.01}};
  const auto some = panel(raw_panel(weight));
  const auto with = forecaster(2, kWeighted, options),
             without = forecaster(2, json::object(), options);
  const auto values = [&](const auto& f, const auto& data) {
    return f.cross_validate(data, {}).values;
  };
  EXPECT_NE(values(with, some), values(without, some));
  auto f = forecaster(2, kWeighted, options);
  f.fit(some, {});
  const auto path = (std::filesystem::temp_directory_path() / "nd_sample_weight.safetensors");
  f.save(path.string());
  const auto loaded = forecast::Forecaster::load(path.string());
  std::filesystem::remove(path);
  EXPECT_EQ(loaded.info()["sampleWeight"], "w");
  EXPECT_EQ(loaded.predict(nullptr, {}).values, f.predict(nullptr, {}).values);
  EXPECT_EQ(values(loaded, some), values(f, some));
}

TEST(SampleWeight, RefusesWhatIsNoWeight) {
  const auto fit = [](const Weight& w) {
    return failure([&] { forecaster(2, kWeighted, json::object()).fit(panel(raw_panel(w)), {}); });
  };
  Error error = fit([](int64_t s, int64_t t) { return s == 1 && t == 6 ? -0.5 : 1; });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("series \"b\", row 6"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("is -0.5, expected a weight of at least 0"), std::string::npos);
  error = fit([](int64_t, int64_t t) { return t == 3 ? INFINITY : 1; });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("row 3"), std::string::npos) << error.message();
  EXPECT_EQ(fit([](int64_t, int64_t) { return 0; }).code(), Code::data);

  data::RawPanel raw = raw_panel(weight);
  raw.features[0].categories = {"x", "y", "z"};
  EXPECT_EQ(failure([&] { forecaster(2, kWeighted, json::object()).fit(panel(raw), {}); }).code(),
            Code::data);
  raw.features[0].name = "v";
  EXPECT_EQ(failure([&] { forecaster(2, kWeighted, json::object()).fit(panel(raw), {}); }).code(),
            Code::features);
  const json reads = {{"sampleWeight", "w"},
                      {"horizon", 2},
                      {"models", {{{"type", "MLP"}, {"options", {{"histExog", {"w"}}}}}}}};
  EXPECT_EQ(failure([&] { forecast::Forecaster{reads}; }).code(), Code::config);
}

}  // namespace
}  // namespace nd
