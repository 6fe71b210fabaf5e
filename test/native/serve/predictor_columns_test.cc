// Models that read exogenous columns, served: what predict() gives, from windows and their columns.
#include <gtest/gtest.h>

#include "forecast/exogenous_panels.h"
#include "forecast/forecaster.h"
#include "serve/predictor.h"
#include "support/failure.h"

namespace nd::serve {
namespace {

using testing::failure;
using testing::json;
using testing::kHorizon;
using testing::kKnown;
using testing::Values;

/// The windows of both series, whole, and what the models read beside them.
struct Request {
  Values windows;
  WindowColumns columns;
};

/// Values of series s and row t, for `rows` rows of the series [first, last).
template <class Of>
Values values_of(int64_t first, int64_t last, int64_t rows, const Of& of) {
  Values values;
  for (int64_t s = first; s < last; ++s)
    for (int64_t t = 0; t < rows; ++t) values.push_back(static_cast<double>(of(s, t)));
  return values;
}

Request request_of(int64_t first, int64_t last) {
  const int64_t all = kKnown + kHorizon;
  Request request;
  request.windows = values_of(first, last, kKnown, [](int64_t s, int64_t t) {
    return 20 * static_cast<double>(s + 1) + 3 * testing::promo(s, t) +
           static_cast<double>(testing::day(t));
  });
  request.columns.features = {
      {"day",
       values_of(first, last, all, [](int64_t, int64_t t) { return testing::day(t); }),
       {"wed", "mon", "tue"}},
      {"weather", values_of(first, last, kKnown, testing::weather)},
      {"promo", values_of(first, last, all, testing::promo)}};
  request.columns.statics = {
      {"region",
       values_of(first, last, 1, [](int64_t s, int64_t) { return s; }),
       {"south", "north"}},
      {"size", values_of(first, last, 1, [](int64_t s, int64_t) { return 1 + 2 * s; })}};
  return request;
}

forecast::Forecaster fitted(const json& model, const json& more = json::object()) {
  forecast::Forecaster f(testing::config({model}, more));
  f.fit(testing::panel_of(testing::raw_panel(kKnown)), {});
  return f;
}

Values predicted(const forecast::Forecaster& f) {
  const data::RawFuture future = testing::future_of(kKnown, kHorizon);
  forecast::PredictRequest request;
  request.future = &future;
  return f.predict(nullptr, request).values[0];
}

TEST(PredictorColumns, GiveTheBitsOfPredict) {
  const std::vector<json> models = {testing::nhits(),
                                    testing::nhits({{"scalerType", "robust"}}),
                                    testing::nhits({{"excludeInsampleY", true}}),
                                    testing::lstm(false),
                                    testing::lstm(true),
                                    testing::lstm(true, {{"scalerType", "standard"}})};
  for (const json& model : models) {
    for (const char* scaler : {"none", "standard", "minmax", "boxcox"}) {
      const forecast::Forecaster f = fitted(model, {{"localScaler", scaler}});
      const auto predictor = f.predictor("");
      const Request both = request_of(0, 2);
      Values out(2 * kHorizon);
      predictor->predict(both.windows, 2, kKnown, out, both.columns);
      const Values expected = predicted(f);
      EXPECT_EQ(out, expected) << model << scaler;
      for (int64_t s : {1, 0}) {  // nothing is left over of the window before
        const Request one = request_of(s, s + 1);
        Values alone(kHorizon);
        predictor->predict(one.windows, 1, kKnown, alone, one.columns);
        for (size_t h = 0; h < alone.size(); ++h) {
          const double wanted = expected[static_cast<size_t>(s * kHorizon) + h];
          EXPECT_NEAR(alone[h], wanted, 1e-5 * std::abs(wanted)) << model << scaler;
        }
      }
    }
  }
}

TEST(PredictorColumns, MoreWindowsThanOneRunHolds) {
  const forecast::Forecaster f = fitted(testing::nhits());
  const auto predictor = f.predictor("");
  const Request one = request_of(0, 2);
  constexpr int64_t kTimes = 700;
  Request many;
  const auto repeat = [](const Values& values, Values& to) {
    for (int64_t i = 0; i < kTimes; ++i) to.insert(to.end(), values.begin(), values.end());
  };
  repeat(one.windows, many.windows);
  many.columns = one.columns;
  for (auto* columns : {&many.columns.features, &many.columns.statics}) {
    for (data::Feature& column : *columns) {
      const Values once = column.values;
      column.values.clear();
      repeat(once, column.values);
    }
  }
  Values out(2 * kTimes * kHorizon), expected(2 * kHorizon);
  predictor->predict(many.windows, 2 * kTimes, kKnown, out, many.columns);
  predictor->predict(one.windows, 2, kKnown, expected, one.columns);
  for (size_t i = 0; i < out.size(); ++i) {
    const double wanted = expected[i % expected.size()];
    ASSERT_NEAR(out[i], wanted, 1e-5 * std::abs(wanted)) << i;
  }
}

TEST(PredictorColumns, AreReadInEveryStep) {
  const forecast::Forecaster f = fitted(testing::nhits());
  const auto predictor = f.predictor("");
  const Request base = request_of(0, 1);
  Values before(kHorizon), after(kHorizon);
  predictor->predict(base.windows, 1, kKnown, before, base.columns);
  for (const size_t column : {0, 1, 2}) {
    Request changed = base;
    Values& values = changed.columns.features[column].values;
    values.back() = values.back() == 0 ? 1 : 0;
    predictor->predict(changed.windows, 1, kKnown, after, changed.columns);
    EXPECT_NE(after, before) << changed.columns.features[column].name;
    changed = base;
    changed.columns.features[column].values[kKnown - 9] = 0;  // before the last eight rows
    predictor->predict(changed.windows, 1, kKnown, after, changed.columns);
    EXPECT_EQ(after, before) << changed.columns.features[column].name;
  }
}

TEST(PredictorColumns, WhatIsWrongIsNamed) {
  const forecast::Forecaster f = fitted(testing::nhits());
  const auto predictor = f.predictor("");
  EXPECT_EQ(predictor->exogenous().futr.numeric, std::vector<std::string>{"promo"});
  const auto expect = [&](const auto& change, Code code, const char* text) {
    Request request = request_of(0, 1);
    change(request.columns);
    Values out(kHorizon);
    const Error error =
        failure([&] { predictor->predict(request.windows, 1, kKnown, out, request.columns); });
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_NE(error.message().find(text), std::string::npos) << error.message();
  };
  expect([](WindowColumns& c) { c.features.pop_back(); }, Code::features,
         "NHITS reads the future column \"promo\", which is missing");
  expect([](WindowColumns& c) { c.statics.clear(); }, Code::features,
         "the static column \"size\", which is missing; expected the option statics");
  expect([](WindowColumns& c) { c.features[2].values.resize(kKnown); }, Code::features,
         "received 34 values without those of the steps to come, expected 37: 34 values and the 3 "
         "to come for each of 1 window(s)");
  expect([](WindowColumns& c) { c.features[1].values.pop_back(); }, Code::shape,
         "received 33 values, expected 34");
  expect(
      [](WindowColumns& c) {
        c.features.push_back({"wether", {1}});
      },
      Code::features,
      "\"wether\" in exogenous, which NHITS does not read; expected \"promo\", \"day\", "
      "\"weather\"; did you mean \"weather\"?");
  expect(
      [](WindowColumns& c) {
        c.statics.push_back({"promo", {1}});
      },
      Code::features, "\"promo\" in statics");
  expect([](WindowColumns& c) { c.features[2].values[4] = std::nan(""); }, Code::data,
         "\"promo\", received nan at place 4");
  expect(
      [](WindowColumns& c) {
        c.features[2].categories = {"x"};
        c.features[2].values.assign(c.features[2].values.size(), 0);
      },
      Code::data, "holds texts");

  const forecast::Forecaster plain = fitted(testing::model("NLinear", json::object()));
  const auto bare = plain.predictor("");
  const Request request = request_of(0, 1);
  Values out(kHorizon);
  const Error error =
      failure([&] { bare->predict(request.windows, 1, kKnown, out, request.columns); });
  EXPECT_EQ(error.code(), Code::features);
  EXPECT_NE(error.message().find("which NLinear does not read; expected none"), std::string::npos)
      << error.message();
}

}  // namespace
}  // namespace nd::serve
