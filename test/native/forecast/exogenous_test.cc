// Exogenous columns through the whole pipeline: what is read, what is not, and what is asked for.
#include "forecast/exogenous.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "forecast/exogenous_panels.h"
#include "forecast/forecaster.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using testing::config;
using testing::day;
using testing::failure;
using testing::future_of;
using testing::json;
using testing::kAll;
using testing::kHorizon;
using testing::kKnown;
using testing::kRows;
using testing::lstm;
using testing::model;
using testing::nhits;
using testing::panel_of;
using testing::PanelPointer;
using testing::promo;
using testing::raw_panel;
using testing::Values;
using testing::weather;

Values forecast(const Forecaster& f, const PanelPointer& panel, int64_t first, int64_t horizon = 0,
                size_t column = 0) {
  const data::RawFuture future = future_of(first, std::max(horizon, kHorizon));
  PredictRequest request;
  request.horizon = horizon;
  request.future = &future;
  return f.predict(panel, request).values[column];
}

TEST(Exogenous, EveryKindChangesTheForecastAndOthersDoNot) {
  Forecaster f(config({nhits()}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  const Values base = forecast(f, nullptr, kKnown);
  for (const char* name : {"promo", "weather", "day"}) {
    EXPECT_NE(forecast(f, panel_of(raw_panel(kKnown, name, kKnown - 1)), kKnown), base) << name;
    // Nine rows before the end no window of eight reads it.
    EXPECT_EQ(forecast(f, panel_of(raw_panel(kKnown, name, kKnown - 9)), kKnown), base) << name;
  }
  EXPECT_EQ(forecast(f, panel_of(raw_panel(kKnown, "idle", kKnown - 1)), kKnown), base);
  data::RawPanel other = raw_panel(kKnown);
  other.statics[0].values = {2, 3};
  const Values moved = forecast(f, panel_of(other), kKnown);
  EXPECT_NE(moved[0], base[0]);
  EXPECT_EQ(moved[kHorizon], base[kHorizon]) << "the static value of another series";
}

TEST(Exogenous, AColumnThatNoModelReadsChangesNoWeight) {
  data::RawPanel without = raw_panel(kKnown);
  without.features.pop_back();
  Forecaster with(config({nhits()})), none(config({nhits()}));
  with.fit(panel_of(raw_panel(kKnown)), {});
  none.fit(panel_of(without), {});
  EXPECT_EQ(forecast(with, nullptr, kKnown), forecast(none, nullptr, kKnown));
}

TEST(Exogenous, CrossValidationIsPredictionWithWhatCameLater) {
  for (const json& one : {nhits(), lstm(false), lstm(true), nhits({{"scalerType", "robust"}})}) {
    Forecaster f(config({one}, {{"localScaler", "standard"}}));
    f.fit(panel_of(raw_panel(kKnown)), {});
    CrossValidationRequest request;
    request.use_fitted = true;
    const ForecastTable table = f.cross_validate(panel_of(raw_panel(kRows)), request);
    const Values direct = forecast(f, panel_of(raw_panel(kRows - kHorizon)), kRows - kHorizon);
    ASSERT_EQ(table.values[0].size(), direct.size());
    for (size_t i = 0; i < direct.size(); ++i)
      EXPECT_NEAR(table.values[0][i], direct[i], 1e-5) << one.dump();
  }
}

TEST(Exogenous, LongerHorizonsReadTheFutureThatBelongsToThem) {
  const json only_future = {{"histExog", json::array()}};
  Forecaster f(config({nhits(only_future)}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  // Five steps: three, then two from a window that ends with the fifth step and begins in
  // forecasts.
  const Values five = forecast(f, nullptr, kKnown, 5), three = forecast(f, nullptr, kKnown);
  for (size_t s = 0; s < 2; ++s)
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(five[s * 5 + k], three[s * 3 + k], 1e-5);
  data::RawPanel grown = raw_panel(kKnown + 2);
  for (int64_t s = 0; s < 2; ++s)
    for (int64_t k = 0; k < 2; ++k)
      grown.target[static_cast<size_t>((s + 1) * (kKnown + 2) - 2 + k)] =
          three[static_cast<size_t>(s * 3 + k)];
  const Values last = forecast(f, panel_of(grown), kKnown + 2);
  for (size_t s = 0; s < 2; ++s)
    for (size_t k = 0; k < 2; ++k) EXPECT_NEAR(five[s * 5 + 3 + k], last[s * 3 + 1 + k], 1e-5);
}

TEST(Exogenous, HistoricColumnsHaveNoLongerHorizon) {
  Forecaster f(config({nhits()}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  EXPECT_EQ(failure([&] { forecast(f, nullptr, kKnown, 5); }).code(), Code::horizon);
}

TEST(Exogenous, WhatIsMissingIsNamed) {
  Forecaster f(config({nhits()}));
  data::RawPanel raw = raw_panel(kKnown);
  raw.features.erase(raw.features.begin() + 1);
  const Error column = failure([&] { f.fit(panel_of(raw), {}); });
  EXPECT_EQ(column.code(), Code::features);
  EXPECT_NE(column.message().find("NHITS reads the historic column \"weather\""), std::string::npos)
      << column.message();
  f.fit(panel_of(raw_panel(kKnown)), {});
  const Error future = failure([&] { f.predict(nullptr, {}); });
  EXPECT_EQ(future.code(), Code::features);
  EXPECT_NE(future.message().find("makeFutureFrame"), std::string::npos) << future.message();
}

TEST(Exogenous, AnUnseenCategoryIsTheMeanOrAnError) {
  const auto fitted = [](const json& more) {
    Forecaster f(config({nhits()}, more));
    f.fit(panel_of(raw_panel(kKnown)), {});
    return f;
  };
  data::RawPanel other = raw_panel(kKnown);
  other.features[2].categories[1] = "sun";
  data::RawPanel statics = raw_panel(kKnown);
  statics.statics[1].categories = {"south", "west"};
  const Forecaster mean = fitted(json::object());
  EXPECT_NE(forecast(mean, panel_of(other), kKnown), forecast(mean, nullptr, kKnown));
  const Forecaster strict = fitted({{"unseenCategory", "error"}});
  EXPECT_EQ(forecast(strict, nullptr, kKnown), forecast(mean, nullptr, kKnown));
  const auto refused = [&](const PanelPointer& panel, const data::RawFuture& future) {
    PredictRequest request;
    request.future = &future;
    const Error error = failure([&] { strict.predict(panel, request); });
    EXPECT_EQ(error.code(), Code::data);
    return error.message();
  };
  EXPECT_EQ(
      refused(panel_of(other), future_of(kKnown, kHorizon)),
      "[predict] series \"a\": the column \"day\" has the category \"sun\", which the fit did "
      "not see; expected \"mon\", \"tue\", \"wed\", or unseenCategory: \"mean\"");
  EXPECT_NE(refused(panel_of(statics), future_of(kKnown, kHorizon))
                .find("series \"b\": the column "
                      "\"region\" has"),
            std::string::npos);
  data::RawFuture unseen = future_of(kKnown, kHorizon);
  unseen.features[1].categories.push_back("sun");
  unseen.features[1].values.back() = 3;  // of series "b"
  EXPECT_NE(refused(nullptr, unseen).find("series \"b\": the column \"day\" has"),
            std::string::npos);
}

TEST(Exogenous, ModelsThatDoNotReadColumnsSaySo) {
  const Error error = failure([] { Forecaster(config({model("DLinear", kAll)})); });
  EXPECT_EQ(error.code(), Code::features);
}

TEST(Exogenous, OptionsAreChecked) {
  const auto code = [](json more) {
    return failure([&] { Forecaster(config({nhits(std::move(more))})); }).code();
  };
  EXPECT_EQ(code({{"futrExog", "promo"}}), Code::config);
  EXPECT_EQ(code({{"futrExog", {"promo", "promo"}}}), Code::config);
  EXPECT_EQ(code({{"histExog", {"promo"}}}), Code::config);
  EXPECT_EQ(code({{"catExog", {"nowhere"}}}), Code::config);
  EXPECT_EQ(code({{"catCardinalities", {{"day", 0}}}}), Code::config);
  EXPECT_EQ(code({{"catEmbDim", "large"}}), Code::config);
  json numeric = kAll;
  numeric["catExog"] = {"region"};
  EXPECT_EQ(failure([&] {
              Forecaster(config({nhits(), nhits(numeric)}));
            }).code(),
            Code::config)
      << "one column as number and category";
}

TEST(Categories, AreLearnedByTheFit) {
  Forecaster f(config({nhits()}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  const std::string path =
      (std::filesystem::temp_directory_path() / "nd-exogenous.safetensors").string();
  f.save(path);
  const Forecaster loaded = Forecaster::load(path);
  std::filesystem::remove(path);
  EXPECT_EQ(forecast(loaded, nullptr, kKnown), forecast(f, nullptr, kKnown));
  const json options = json::parse(loaded.info().dump())["models"][0]["options"];
  EXPECT_EQ(options["catCardinalities"], json({{"day", 3}, {"region", 2}}));
}

TEST(Categories, DoNotDependOnTheirOrderInTheTable) {
  Forecaster f(config({nhits()})), g(config({nhits()}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  data::RawPanel renamed = raw_panel(kKnown);
  renamed.features[2].categories = {"tue", "wed", "mon"};
  for (double& v : renamed.features[2].values) v = std::fmod(v + 1, 3);
  g.fit(panel_of(renamed), {});
  EXPECT_EQ(forecast(f, nullptr, kKnown), forecast(g, nullptr, kKnown));
}

TEST(Categories, ThatTheFitDidNotSeeAreAllTheSame) {
  Forecaster f(config({nhits()}));
  f.fit(panel_of(raw_panel(kKnown)), {});
  const auto with_region = [&](const char* text) {
    data::RawPanel raw = raw_panel(kKnown);
    raw.statics[1].categories = {text, "north"};
    return forecast(f, panel_of(raw), kKnown);
  };
  EXPECT_EQ(with_region("moon"), with_region("mars"));
  EXPECT_NE(with_region("moon"), with_region("south"));
}

TEST(Categories, MayNotBeMoreThanDeclared) {
  Forecaster f(config({nhits({{"catCardinalities", {{"day", 2}}}})}));
  const Error error = failure([&] { f.fit(panel_of(raw_panel(kKnown)), {}); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("\"day\" has 3 distinct values"), std::string::npos)
      << error.message();
}

TEST(Categories, OfTextsAreNoNumbers) {
  json texts = kAll;
  texts["catExog"] = {"region"};
  Forecaster f(config({nhits(texts)}));
  EXPECT_EQ(failure([&] { f.fit(panel_of(raw_panel(kKnown)), {}); }).code(), Code::data);
}

TEST(Vocabulary, IsInNaturalOrder) {
  data::RawPanel raw = raw_panel(3);
  raw.features[3].values = {10, 9, 2, -1, 9, 2.5};
  const Vocabularies words = learn_vocabularies({"day", "idle"}, data::Panel(raw, {}));
  EXPECT_EQ(words.at("day"), (std::vector<std::string>{"mon", "tue", "wed"}));
  EXPECT_EQ(words.at("idle"), (std::vector<std::string>{"-1", "2", "2.5", "9", "10"}));
}

TEST(Exogenous, MultivariateModelsReadNone) {
  const Error error = failure([] {
    Forecaster(config({model("TSMixer", {{"nSeries", 2}, {"futrExog", {"promo"}}})}));
  });
  EXPECT_EQ(error.code(), Code::features);
}

}  // namespace
}  // namespace nd::forecast
