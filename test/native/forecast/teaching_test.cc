// Fits whose models learn the forecasts of a fitted one: what they are told, what it does to them,
// and which teachers are refused.
#include "forecast/teaching.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "parallel/team.h"
#include "support/failure.h"
#include "support/folder.h"
#include "train/panels.h"
#include "train/trainer.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

constexpr int64_t kInput = 12, kHorizon = 4;

const json kQuantiles = {{"type", "MQLoss"}, {"levels", {80}}};
const json kNormal = {{"type", "DistributionLoss"}, {"distribution", "Normal"}, {"levels", {80}}};

json model(const std::string& type, json options = json::object(), int64_t steps = 60) {
  options.emplace("maxSteps", steps);
  options.emplace("windowsBatchSize", 32);
  options.emplace("learningRate", 0.01);
  return {{"type", type}, {"options", std::move(options)}};
}

json config(json one, json more = json::object()) {
  json all = {{"horizon", kHorizon}, {"inputSize", kInput}, {"models", json::array({one})}};
  all.update(more);
  return all;
}

std::shared_ptr<Forecaster> fitted(const json& description,
                                   const std::shared_ptr<const data::Panel>& panel) {
  auto forecaster = std::make_shared<Forecaster>(description);
  forecaster->fit(panel, {});
  return forecaster;
}

FitRequest taught_by(const Forecaster& teacher, double weight = 0.5) {
  FitRequest request;
  request.teaching = teacher.teaching("", weight);
  return request;
}

/// Sines of several series with noise, the same for the same seed.
std::shared_ptr<const data::Panel> noisy(const std::vector<int64_t>& lengths, double noise,
                                         uint64_t seed, double missing = 0) {
  const data::Panel smooth = testing::sine_panel(lengths);
  data::RawPanel raw;
  uint32_t n = 0;
  for (size_t s = 0; s < lengths.size(); ++s) {
    raw.ids.push_back(smooth.ids()[s]);
    for (int64_t t = 0; t < lengths[s]; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      const double error = philox_uniform({.seed = seed}, n++) - 0.5;
      const bool is_missing = philox_uniform({.seed = seed + 1}, n) < missing && t > 0;
      raw.target.push_back(is_missing
                               ? std::numeric_limits<double>::quiet_NaN()
                               : smooth.target(static_cast<int64_t>(s))[static_cast<size_t>(t)] +
                                     noise * error);
    }
  }
  data::PanelOptions options;
  options.allow_missing = missing > 0;
  return std::make_shared<const data::Panel>(std::move(raw), options);
}

/// Mean absolute difference of two tables of forecasts.
double distance(const ForecastTable& a, const ForecastTable& b) {
  double sum = 0;
  for (size_t c = 0; c < a.values.size(); ++c)
    for (size_t i = 0; i < a.values[c].size(); ++i)
      sum += std::abs(a.values[c][i] - b.values[c].at(i));
  return sum / static_cast<double>(a.values.size() * a.values[0].size());
}

/// What students are told about every window of `panel` that predict_insample() forecasts, beside
/// what that says: the same numbers in the student's scale.
void expect_told_as_predicted(const json& teacher_config, const json& student_config,
                              const std::shared_ptr<const data::Panel>& panel, bool all_columns) {
  const auto teacher = fitted(teacher_config, panel);
  const ForecastTable expected = teacher->predict_insample(panel, {});
  State student;
  const auto parsed = std::make_shared<const ForecasterConfig>(parse_config(student_config));
  student.config = parsed;
  student.scales = panel_scales(*parsed, *panel);
  const Students students(teacher->teaching("", 0.5), student, *panel);
  train::TrainRequest request;
  students.enrol(0, request);
  ASSERT_NE(request.teacher, nullptr);
  parallel::Team team(2);
  data::WindowLayout layout;
  layout.input_size = 5, layout.horizon = kHorizon;
  const size_t steps = static_cast<size_t>(kHorizon),
               width = all_columns ? expected.values.size() : 1;
  std::vector<data::WindowRef> windows;
  std::vector<size_t> blocks;
  for (size_t b = 0; b < expected.series.size(); ++b) {
    const int32_t s = expected.series[b];
    const int64_t row = expected.cutoffs[b] - panel->first_time(s) + 1;
    windows.push_back({s, row - layout.input_size}), blocks.push_back(b);
    if (b % 3 == 0) windows.push_back(windows.back()), blocks.push_back(b);  // drawn twice
  }
  std::ranges::reverse(windows), std::ranges::reverse(blocks);
  const auto told = request.teacher->forecast(windows, layout, &team, nullptr);
  ASSERT_EQ(told.size(), windows.size() * steps * width);
  for (size_t w = 0; w < windows.size(); ++w) {
    const auto& scale = student.scales.target[static_cast<size_t>(windows[w].series)];
    for (size_t k = 0; k < steps; ++k)
      for (size_t c = 0; c < width; ++c)
        ASSERT_NEAR(told[(w * steps + k) * width + c],
                    data::scale_value(parsed->series_scaler, scale,
                                      expected.values[c][blocks[w] * steps + k]),
                    1e-5)
            << "window " << w << " step " << k << " column " << c;
  }
}

TEST(Teaching, StudentsAreToldWhatTheTeacherPredicts) {
  const auto panel = noisy({40, 33, 20}, 2, 5);
  const json standard = {{"localScaler", "standard"}}, robust = {{"localScaler", "robust"}};
  for (const json& loss : {json("MAE"), kQuantiles, kNormal}) {
    const json teacher =
        model("MLP", {{"hiddenSize", 8}, {"loss", loss}, {"scalerType", "robust"}}, 10);
    const bool all = loss != kNormal;  // whose first column is the mean
    const json student = model("NLinear", {{"loss", all ? loss : json("MSE")}});
    expect_told_as_predicted(config(teacher, standard), config(student), panel, all);
    expect_told_as_predicted(config(teacher), config(student, robust), panel, all);
  }
}

TEST(Teaching, RecurrentAndMultivariateTeachersAreAskedAsInPredict) {
  const auto panel = noisy({40, 33, 20}, 2, 6);
  const json student = config(model("NLinear", {{"loss", kQuantiles}}));
  const json recurrent = {{"recurrent", true}, {"encoderHiddenSize", 6}, {"loss", kQuantiles}};
  expect_told_as_predicted(config(model("LSTM", recurrent, 5)), student, panel, true);
  const json together = {{"nSeries", 3}, {"ffDim", 4}, {"loss", kQuantiles}};
  expect_told_as_predicted(config(model("TSMixer", together, 5)), student, panel, true);
}

TEST(Teaching, MissingTargetsAreMaskedAsInPredict) {
  const auto panel = noisy({40, 33}, 2, 8, 0.2);
  const json mask = {{"missing", "mask"}};
  expect_told_as_predicted(
      config(model("MLP", {{"hiddenSize", 8}, {"scalerType", "standard"}}, 10), mask),
      config(model("NLinear"), mask), panel, true);
  const auto teacher = fitted(config(model("NLinear", {}, 2)), noisy({40, 33}, 2, 8));
  const Error error =
      failure([&] { Forecaster(config(model("NLinear"), mask)).fit(panel, taught_by(*teacher)); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.message(),
            "[fit] received missing targets and the teacher NLinear with missing: 'error', "
            "expected one with missing: 'mask'");
}

// With the teacher alone, a student that can be the same becomes the same, whatever it began as.
TEST(Teaching, AStudentOfTheSameKindBecomesItsTeacher) {
  const auto panel = noisy({90, 80}, 2, 1);
  const json scaled = {{"localScaler", "standard"}};
  for (const json& loss : {json("MSE"), kQuantiles, kNormal}) {
    const auto options = [&](uint64_t seed) { return json{{"loss", loss}, {"randomSeed", seed}}; };
    const auto teacher = fitted(config(model("NLinear", options(1), 150), scaled), panel);
    Forecaster student(config(model("NLinear", options(2), 1500), scaled));
    student.fit(panel, taught_by(*teacher, 1));
    const ForecastTable expected = teacher->predict(nullptr, {}),
                        got = student.predict(nullptr, {});
    Forecaster alone(config(model("NLinear", options(2), 1500), scaled));
    alone.fit(panel, {});
    const double apart = distance(expected, alone.predict(nullptr, {}));
    EXPECT_LT(distance(expected, got), 0.02) << loss;
    EXPECT_LT(distance(expected, got), 0.1 * apart) << loss;
  }
}

// The teacher has seen long series; the student has a few noisy rows.
TEST(Teaching, BringsAStudentOfFewRowsCloserToItsTeacher) {
  const auto many = noisy({400, 400}, 4, 2), few = noisy({34, 34}, 4, 3);
  for (const json& loss : {json("MAE"), kQuantiles, kNormal}) {
    const auto teacher = fitted(
        config(model("MLP", {{"hiddenSize", 32}, {"loss", loss}, {"scalerType", "standard"}}, 400)),
        many);
    const json small = config(model(
        "MLP", {{"hiddenSize", 8}, {"numLayers", 1}, {"loss", loss}, {"scalerType", "standard"}},
        300));
    Forecaster alone(small), taught(small);
    alone.fit(few, {});
    taught.fit(few, taught_by(*teacher, 0.8));
    const auto test = noisy({60, 60}, 4, 4);
    const ForecastTable expected = teacher->predict_insample(test, {});
    EXPECT_LT(distance(expected, taught.predict_insample(test, {})),
              0.8 * distance(expected, alone.predict_insample(test, {})))
        << loss;
  }
}

// One model of several can teach, and several can learn; bits do not depend on threads.
TEST(Teaching, TeachesAllModelsTheSameForAnyNumberOfThreads) {
  const auto panel = noisy({60, 50, 40}, 2, 7);
  json two = config(model("NLinear", {{"loss", kNormal}}, 5));
  two["models"].push_back(model("MLP", {{"hiddenSize", 8}, {"loss", kNormal}}, 5));
  const auto teacher = fitted(two, panel);
  json students = config(model("MLP", {{"hiddenSize", 8}, {"loss", kQuantiles}}, 12));
  students["models"].push_back(model("LSTM", {{"encoderHiddenSize", 6}, {"recurrent", true}}, 12));
  students["models"].push_back(
      model("TSMixer", {{"nSeries", 3}, {"ffDim", 4}, {"loss", kNormal}}, 12));
  const auto forecasts = [&](int threads, const char* alias, double weight) {
    FitRequest request;
    request.teaching = teacher->teaching(alias, weight);
    request.threads = threads;
    Forecaster f(students);
    f.fit(panel, request);
    return f.predict(nullptr, {}).values;
  };
  const auto once = forecasts(1, "MLP", 0.5);
  EXPECT_EQ(forecasts(3, "MLP", 0.5), once);
  EXPECT_NE(forecasts(1, "NLinear", 0.5), once);
  EXPECT_NE(forecasts(1, "MLP", 0.6), once);
}

TEST(Teaching, TheTeacherMayGoAndLearnMeanwhile) {
  const auto panel = noisy({60, 50}, 2, 9);
  const json description = config(model("NLinear", {}, 20));
  auto teacher = fitted(description, panel);
  FitRequest request = taught_by(*teacher);
  Forecaster expected(description);
  expected.fit(panel, request);
  const auto other = noisy({60, 50}, 20, 10);
  request.on_progress = [&](const std::string&, const train::Progress& p) {
    if (p.step == 3) teacher->fit(other, {});
    if (p.step == 5) teacher.reset();
  };
  Forecaster student(description);
  student.fit(panel, request);
  EXPECT_EQ(student.predict(nullptr, {}).values, expected.predict(nullptr, {}).values);
}

TEST(Teaching, IntervalsAreThoseOfAStudentThatLearnedSoToo) {
  const auto panel = noisy({80, 70}, 2, 12);
  const auto teacher = fitted(config(model("MLP", {{"hiddenSize", 8}}, 30)), panel);
  const json student = config(model("NLinear", {}, 30));
  const auto width = [&](FitRequest request) {
    request.intervals = IntervalOptions{};
    request.intervals->windows = 8;
    Forecaster f(student);
    f.fit(panel, request);
    PredictRequest asked;
    asked.quantiles.levels = {50};
    const ForecastTable table = f.predict(nullptr, asked);
    return table.values[2][0] - table.values[1][0];
  };
  EXPECT_NE(width(taught_by(*teacher, 1)), width({}));
}

class TeachingCheckpoint : public testing::FolderTest {
 protected:
  std::string saved(const Forecaster& f) const {
    f.save(at("saved"));
    return read("saved");
  }
};

struct Stopped {};

TEST_F(TeachingCheckpoint, ResumesWithItsTeacherAndNoOther) {
  const auto panel = noisy({60, 50}, 2, 11);
  const auto teacher = fitted(config(model("MLP", {{"hiddenSize", 8}}, 10)), panel),
             other = fitted(config(model("MLP", {{"hiddenSize", 8}}, 11)), panel);
  const json description =
      config(model("LSTM", {{"encoderHiddenSize", 4}, {"encoderDropout", 0.2}}, 24));
  Forecaster whole(description);
  whole.fit(panel, taught_by(*teacher));

  FitRequest request = taught_by(*teacher);
  request.checkpoint = {at("checkpoint"), 5, ""};
  request.on_progress = [](const std::string&, const train::Progress& p) {
    if (p.step >= 13) throw Stopped();
  };
  EXPECT_THROW(Forecaster(description).fit(panel, request), Stopped);
  FitRequest resumed = taught_by(*teacher);
  resumed.resume = at("checkpoint");
  Forecaster f(description);
  f.fit(panel, resumed);
  EXPECT_EQ(saved(f), saved(whole));

  const auto refused = [&](FitRequest again, const std::string& expected) {
    again.resume = at("checkpoint");
    const Error error = failure([&] { Forecaster(description).fit(panel, again); });
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_EQ(error.message(), "[fit] " + at("checkpoint") + " is a checkpoint of another fit: " +
                                   expected + "; name another file, or do not resume");
  };
  refused(taught_by(*other),
          "received another teacher or another weight of it than the checkpoint has");
  refused(taught_by(*teacher, 0.6),
          "received another teacher or another weight of it than the checkpoint has");
  refused({}, "received no distill, the checkpoint has a teacher");
}

TEST(Teaching, CancelsWithinTheTeacher) {
  const auto panel = noisy({60, 50}, 2, 13);
  const auto teacher = fitted(config(model("MLP", {{"hiddenSize", 8}}, 5)), panel);
  CancelToken cancel;
  FitRequest request = taught_by(*teacher);
  request.cancel = &cancel;
  request.on_progress = [&](const std::string&, const train::Progress& p) {
    if (p.step == 4) cancel.cancel();
  };
  Forecaster student(config(model("NLinear")));
  EXPECT_EQ(failure([&] { student.fit(panel, request); }).code(), Code::aborted);
  EXPECT_FALSE(student.fitted());
}

TEST(Teaching, RefusesTeachersThatCannotTeach) {
  const auto panel = noisy({60, 50}, 2, 14);
  const auto teacher = fitted(config(model("MLP", {{"hiddenSize", 8}}, 5)), panel);
  const auto expect = [](Code code, const std::string& message, const auto& action) {
    const Error error = failure(action);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_EQ(error.message(), message);
  };
  const json student = config(model("NLinear"));
  const auto fit = [&](json description, const Forecaster& by,
                       const std::shared_ptr<const data::Panel>& on) {
    return [=, &by] { Forecaster(description).fit(on, taught_by(by)); };
  };
  const Forecaster unfitted(student);
  expect(Code::not_fitted,
         "[fit] received the teacher NLinear, which is not fitted, expected a fitted one",
         [&] { unfitted.teaching("", 0.5); });
  expect(Code::config, "[fit] received the model \"NHITS\", expected one of MLP",
         [&] { teacher->teaching("NHITS", 0.5); });
  for (const double weight : {0.0, -1.0, 1.5, std::nan("")})
    EXPECT_EQ(failure([&] { teacher->teaching("", weight); }).code(), Code::config);
  json longer = student;
  longer["horizon"] = 6;
  expect(Code::horizon,
         "[fit] received the teacher MLP of horizon 4, expected one of 6, as the student",
         fit(longer, *teacher, panel));
  data::RawPanel every_other;
  every_other.ids = {"a"};
  for (int64_t t = 0; t < 50; ++t) {
    every_other.series.push_back(0);
    every_other.times.push_back(2 * t);
    every_other.target.push_back(std::sin(static_cast<double>(t)));
  }
  expect(Code::data,
         "[fit] received the teacher MLP of frequency 1, expected one of 2, as the data",
         fit(student, *teacher,
             std::make_shared<const data::Panel>(std::move(every_other), data::PanelOptions{})));
  expect(Code::config,
         "[fit] NLinear: received the teacher MLP, whose MAE forecasts one number per step, "
         "expected one with quantiles or a distribution: the student's MQLoss learns quantiles",
         fit(config(model("NLinear", {{"loss", kQuantiles}})), *teacher, panel));
  expect(Code::config,
         "[fit] LSTM: received distill with recurrent = true and 3 steps per window, expected "
         "hTrain = 1 and no horizonWeight, or recurrent = false",
         fit(config(model("LSTM", {{"recurrent", true}, {"hTrain", 3}})), *teacher, panel));
  const auto together = fitted(config(model("TSMixer", {{"nSeries", 2}, {"ffDim", 4}}, 2)), panel);
  EXPECT_EQ(failure(fit(student, *together, noisy({60, 50, 40}, 2, 1))).code(), Code::shape);
}

}  // namespace
}  // namespace nd::forecast
