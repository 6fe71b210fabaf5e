#include "forecast/forecaster.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "serve/predictor.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

json config(int64_t steps = 30) {
  return {{"horizon", 6},
          {"inputSize", 24},
          {"localScaler", "standard"},
          {"models",
           {{{"type", "nhits"},
             {"options",
              {{"maxSteps", steps},
               {"learningRate", 5e-3},
               {"mlpUnits", {{8, 8}, {8, 8}, {8, 8}}},
               {"scalerType", "robust"},
               {"loss", {{"type", "MQLoss"}, {"levels", {80}}}}}}},
            {{"type", "NLinear"}, {"options", {{"maxSteps", steps}, {"learningRate", 1e-2}}}}}}};
}

json single(const json& options) {
  return {
      {"horizon", 6}, {"inputSize", 24}, {"models", {{{"type", "NLinear"}, {"options", options}}}}};
}

TEST(Config, NamesRepeatedModelsAsTheReferenceDoes) {
  const json model = {{"type", "NLinear"}}, named = {{"type", "DLinear"}, {"alias", "mine"}};
  const Forecaster f(json{{"horizon", 4}, {"models", {model, model, named, model}}});
  EXPECT_EQ(f.aliases(), (std::vector<std::string>{"NLinear", "NLinear1", "mine", "NLinear2"}));
  EXPECT_EQ(f.info()["models"][0]["inputSize"], 12) << "three horizons by default";
}

TEST(Config, RefusesWhatItDoesNotKnow) {
  const auto refusal = [](const json& j) { return failure([&] { Forecaster f(j); }); };
  const json model = {{"type", "NLinear"}};
  struct Case {
    json config;
    const char* text;
  };
  const std::vector<Case> cases = {
      {json::object(), "no models"},
      {json{{"models", json::array()}, {"horizon", 1}}, "no models"},
      {json{{"models", {model}}}, "no horizon"},
      {json{{"models", {model}}, {"horizon", 0}}, "horizon = 0"},
      {json{{"models", {model}}, {"horizon", 1.5}}, "horizon = 1.5"},
      {json{{"models", {model}}, {"horizont", 3}}, "did you mean \"horizon\"?"},
      {json{{"models", {{{"type", "NHITSS"}}}}, {"horizon", 3}}, "NHITS"},
      {json{{"models", {model}}, {"horizon", 3}, {"frequency", "fortnight"}}, "fortnight"},
      {json{{"models", {model}}, {"horizon", 3}, {"localScaler", "robus"}}, "robust"},
      {json{{"models", {model}}, {"horizon", 3}, {"compat", "prophet"}}, "neuralforecast"},
      {json{{"models", {{{"type", "NLinear"}, {"options", {{"horizon", 5}}}}}}, {"horizon", 3}},
       "[nlinear] received horizon = 5, expected 3: all models of a forecaster share one horizon"},
      {json{{"models", {{{"type", "NLinear"}, {"options", {{"maxStep", 5}}}}}}, {"horizon", 3}},
       "maxSteps"},
      {json{{"models", {{{"type", "NLinear"}, {"alias", "a/b"}}}}, {"horizon", 3}}, "a/b"},
      {json{{"models", {{{"type", "NLinear"}, {"alias", "a"}}, {{"type", "MLP"}, {"alias", "a"}}}},
            {"horizon", 3}},
       "twice"},
      {json{{"models",
             {{{"type", "NLinear"},
               {"options", {{"validLoss", {{"type", "MQLoss"}, {"levels", {80}}}}}}}}},
            {"horizon", 3}},
       "validLoss"},
      {json{{"models", {{{"type", "NLinear"}, {"options", {{"loss", "sCRPS"}}}}}}, {"horizon", 3}},
       "sCRPS is a metric; give it as validLoss"},
  };
  for (const Case& c : cases) {
    const Error error = refusal(c.config);
    EXPECT_EQ(error.code(), Code::config) << c.config;
    EXPECT_NE(error.message().find(c.text), std::string::npos) << error.message();
  }
}

TEST(Forecaster, FitsAndPredictsInOriginalScale) {
  Forecaster f(config(200));
  const auto panel = shared_sine_panel({120, 90, 10});
  const auto summaries = f.fit(panel, {.val_size = 6});
  ASSERT_EQ(summaries.size(), 2U);
  EXPECT_EQ(summaries[0]["steps"], 200);
  const ForecastTable table = f.predict(nullptr, {});
  EXPECT_EQ(table.columns,
            (std::vector<std::string>{"NHITS-median", "NHITS-lo-80", "NHITS-hi-80", "NLinear"}));
  EXPECT_EQ(table.columns, f.columns());
  ASSERT_EQ(table.times.size(), 18U);
  EXPECT_EQ(table.times[0], 120);
  EXPECT_EQ(table.times[6], 90);
  EXPECT_EQ(table.times[17], 15);
  for (size_t s = 0; s < 2; ++s) {
    for (size_t h = 0; h < 6; ++h) {
      const double t = static_cast<double>(s == 0 ? 120 : 90) + static_cast<double>(h);
      const double actual = 10.0 * static_cast<double>(s + 1) +
                            3 * std::sin(2 * 3.14159265358979 * t / 12 + static_cast<double>(s));
      EXPECT_NEAR(table.values[3][s * 6 + h], actual, 1.0);
      EXPECT_NEAR(table.values[0][s * 6 + h], actual, 2.0);
    }
  }
}

TEST(Forecaster, PredictsAnyOtherPanel) {
  Forecaster f(config());
  f.fit(shared_sine_panel({120, 90}), {});
  const ForecastTable own = f.predict(nullptr, {}),
                      again = f.predict(shared_sine_panel({120, 90}), {});
  EXPECT_EQ(own.values, again.values);
  const ForecastTable one = f.predict(shared_sine_panel({120}), {});
  ASSERT_EQ(one.values[3].size(), 6U);
  for (size_t h = 0; h < 6; ++h) EXPECT_NEAR(one.values[3][h], own.values[3][h], 1e-5);

  // Ten times the data: a refitted series scaler gives ten times the forecast, the fitted one does
  // not.
  const ForecastTable larger = f.predict(shared_sine_panel({120}, 10), {});
  EXPECT_NEAR(larger.values[3][0], 10 * one.values[3][0], 1e-3);
  EXPECT_NO_THROW(f.predict(shared_sine_panel({120}), {.refit_series_scaler = false}));
  EXPECT_EQ(failure([&] {
              f.predict(shared_sine_panel({50, 50, 50}), {.refit_series_scaler = false});
            }).code(),
            Code::data);
}

TEST(Forecaster, GivesTheSameForecastForAnyNumberOfThreads) {
  Forecaster f(config());
  f.fit(shared_sine_panel({120, 90}), {.threads = 2});
  EXPECT_EQ(f.predict(nullptr, {.threads = 1}).values, f.predict(nullptr, {.threads = 4}).values);
}

TEST(Forecaster, SaysWhatIsMissing) {
  Forecaster f(config());
  EXPECT_FALSE(f.fitted());
  EXPECT_EQ(failure([&] { f.predict(nullptr, {}); }).code(), Code::not_fitted);
  EXPECT_EQ(failure([&] { f.save("/tmp/never"); }).code(), Code::not_fitted);
  EXPECT_EQ(failure([&] { f.predictor("NLinear"); }).code(), Code::not_fitted);
  EXPECT_EQ(failure([&] { f.fit(nullptr, {}); }).code(), Code::empty);
  EXPECT_EQ(failure([&] { f.fit(shared_sine_panel({4}), {}); }).code(), Code::empty);
  EXPECT_EQ(failure([&] { f.fit(shared_sine_panel({90}), {.val_size = 2}); }).code(),
            Code::horizon);
  EXPECT_FALSE(f.fitted());
  f.fit(shared_sine_panel({90}), {});
  EXPECT_EQ(failure([&] { f.predictor("nothing"); }).code(), Code::config);
  EXPECT_EQ(failure([&] { f.predictor(""); }).code(), Code::config) << "two models";

  data::RawPanel raw;
  raw.ids = {"a"};
  raw.calendar = true;
  for (int64_t t = 0; t < 60; ++t)
    raw.series.push_back(0), raw.times.push_back(t * 86'400'000), raw.target.push_back(1);
  const auto daily = std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
  EXPECT_EQ(failure([&] { f.predict(daily, {}); }).code(), Code::data);
}

TEST(Forecaster, ContinuesFromItsWeightsOnARefit) {
  Forecaster f(single({{"maxSteps", 60}, {"learningRate", 1e-2}}));
  const auto panel = shared_sine_panel({120});
  const auto first = f.fit(panel, {}), second = f.fit(panel, {});
  EXPECT_LT(second[0]["trainHistory"][0][1].get<double>(),
            0.7 * first[0]["trainHistory"][0][1].get<double>());
}

TEST(Forecaster, KeepsItsStateWhenAFitIsCancelled) {
  Forecaster f(config());
  f.fit(shared_sine_panel({120, 90}), {});
  const ForecastTable before = f.predict(nullptr, {});
  CancelToken token;
  FitRequest request;
  request.cancel = &token;
  request.on_progress = [&](const std::string& alias, const train::Progress& p) {
    if (alias == "NLinear" && p.step == 5) token.cancel();
  };
  EXPECT_EQ(failure([&] { f.fit(shared_sine_panel({60}), request); }).code(), Code::aborted);
  EXPECT_EQ(f.predict(nullptr, {}).values, before.values);
}

TEST(Forecaster, KeepsTheLastGoodWeightsWhenAFitDiverges) {
  json c = config();
  c.erase("localScaler");
  c["models"][1]["options"]["optimizer"] = "sgd";
  c["models"][1]["options"]["learningRate"] = 1000;
  c["models"][1]["options"]["loss"] = "MSE";
  Forecaster f(c);
  // Untrained weights are not worth keeping: after a first fit that diverges at once, nothing is
  // fitted.
  EXPECT_EQ(failure([&] { f.fit(shared_sine_panel({120}, 1e6), {}); }).code(), Code::diverged);
  EXPECT_FALSE(f.fitted());
  json calm = c;
  calm["models"][1]["options"]["maxSteps"] = 0;
  EXPECT_NO_THROW(Forecaster(calm).fit(shared_sine_panel({120}, 1e6), {}));
}

TEST(Forecaster, KeepsItsWeightsWhenARefitDiverges) {
  Forecaster f(single({{"maxSteps", 20}, {"loss", "MSE"}}));
  const auto panel = shared_sine_panel({120});
  f.fit(panel, {});
  const auto before = f.predict(panel, {}).values;
  EXPECT_EQ(failure([&] { f.fit(shared_sine_panel({120}, 1e30), {}); }).code(), Code::diverged);
  EXPECT_TRUE(f.fitted());
  EXPECT_EQ(f.predict(panel, {}).values, before);
}

TEST(Forecaster, PublishesNothingOnceItWasCancelled) {
  Forecaster f(config(10));
  const auto panel = shared_sine_panel({120, 90});
  CancelToken token;
  FitRequest request;
  request.cancel = &token;
  // After the last step nothing polls any more.
  request.on_progress = [&](const std::string& alias, const train::Progress& p) {
    if (alias != f.aliases().back() || p.step != p.max_steps) return;
    EXPECT_TRUE(token.cancel());
  };
  EXPECT_EQ(failure([&] { f.fit(panel, request); }).code(), Code::aborted);
  EXPECT_FALSE(f.fitted());

  CancelToken late;
  request.cancel = &late;
  request.on_progress = {};
  f.fit(panel, request);
  EXPECT_FALSE(late.cancel()) << "its effect can be seen";
  EXPECT_TRUE(f.fitted());
}

TEST(Forecaster, AnswersWhileItLearns) {
  Forecaster f(config(150));
  const auto panel = shared_sine_panel({120, 90});
  f.fit(panel, {});
  const ForecastTable before = f.predict(nullptr, {});
  std::atomic<bool> done{false}, started{false};
  FitRequest request;
  request.on_progress = [&](const std::string&, const train::Progress&) { started = true; };
  std::thread learner([&] {
    f.fit(panel, request);
    done = true;
  });
  while (!started) std::this_thread::yield();
  int asked = 0;
  while (!done && asked < 200) {
    const ForecastTable now = f.predict(nullptr, {});
    if (!done) {
      EXPECT_EQ(now.values, before.values);
    }
    ++asked;
  }
  learner.join();
  EXPECT_NE(f.predict(nullptr, {}).values, before.values);
}

TEST(Forecaster, DescribesItself) {
  Forecaster f(config());
  const auto before = f.info();
  EXPECT_FALSE(before["fitted"].get<bool>());
  EXPECT_EQ(before["seriesCount"], 0);
  EXPECT_TRUE(f.series()->empty());
  f.fit(shared_sine_panel({120, 90}), {});
  const auto info = f.info();
  EXPECT_TRUE(info["fitted"].get<bool>());
  EXPECT_EQ(info["seriesCount"], 2);
  EXPECT_FALSE(info.contains("series")) << "a hundred thousand names are no description";
  EXPECT_EQ(info["models"][1]["parameters"], 24 * 6 + 6);
  EXPECT_EQ(info["models"][1]["options"]["scalerType"], "identity");
  EXPECT_EQ(info["models"][0]["options"]["loss"]["type"], "MQLoss");

  const auto names = f.series();
  EXPECT_EQ(*names, std::vector<std::string>({"s0", "s1"}));
  f.fit(shared_sine_panel({120, 90, 80}), {});
  EXPECT_EQ(names->size(), 2U) << "those of their fit";
  EXPECT_EQ(json(f.summary()), json({{"fitted", true},
                                     {"frequency", "1"},
                                     {"columns", f.columns()},
                                     {"aliases", f.aliases()},
                                     {"note", ""}}));
}

}  // namespace
}  // namespace nd::forecast
