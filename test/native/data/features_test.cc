#include "data/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/panel.h"
#include "data/windows.h"
#include "support/failure.h"

namespace nd::data {
namespace {

using testing::failure;
using Values = std::vector<double>;

/// Series "a" of 4 rows and "b" of 3, rows out of order.
RawPanel raw_panel() {
  RawPanel raw;
  raw.ids = {"a", "b"};
  raw.series = {1, 0, 0, 1, 0, 1, 0};
  raw.times = {11, 12, 10, 12, 13, 10, 11};
  raw.target = {111, 12, 10, 112, 13, 110, 11};
  raw.features = {{"promo", {1.1, 0.2, 0.0, 1.2, 0.3, 1.0, 0.1}},
                  {"day", {0, 1, 0, 1, 0, 1, 1}, {"mon", "tue"}}};
  raw.statics = {{"size", {5, 7}}};
  return raw;
}

Values rows_of(const Panel& panel, const char* name, int64_t s) {
  const auto rows = panel.rows_of(*find_feature(panel.features(), name), s);
  return {rows.begin(), rows.end()};
}

TEST(PanelFeatures, AreSortedWithTheirRows) {
  const Panel panel(raw_panel(), {});
  EXPECT_EQ(rows_of(panel, "promo", 0), (Values{0.0, 0.1, 0.2, 0.3}));
  EXPECT_EQ(rows_of(panel, "promo", 1), (Values{1.0, 1.1, 1.2}));
  EXPECT_EQ(rows_of(panel, "day", 0), (Values{0, 1, 1, 0}));
  EXPECT_EQ(find_feature(panel.statics(), "size")->values, (Values{5, 7}));
  EXPECT_EQ(find_feature(panel.features(), "none"), nullptr);
}

TEST(PanelFeatures, AreCutWithTheirRows) {
  const Panel panel(raw_panel(), {});
  const Panel tail = panel.tail(2);
  EXPECT_EQ(rows_of(tail, "promo", 0), (Values{0.2, 0.3}));
  EXPECT_EQ(rows_of(tail, "promo", 1), (Values{1.1, 1.2}));
  const Panel head = panel.select(std::vector<Piece>{{0, 0, 1}});
  EXPECT_EQ(rows_of(head, "promo", 0), (Values{0.0}));
  EXPECT_EQ(head.statics().front().values, (Values{5}));
}

TEST(PanelFeatures, MustBeFinite) {
  RawPanel raw = raw_panel();
  raw.features[0].values[3] = std::nan("");
  const Error error = failure([&] { Panel(std::move(raw), {}); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_NE(error.message().find("\"promo\""), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("series \"b\", row 3"), std::string::npos) << error.message();
}

/// The next two steps of both series and a row that nobody asks for.
RawFuture raw_future() {
  return {{"b", "x", "a"},
          {2, 0, 1, 0, 2},
          {15, 13, 14, 14, 14},
          {{"day", {0, 1, 0, 1, 2}, {"sun", "mon", "sat"}}, {"promo", {4, 1, 9, 2, 3}}}};
}

const std::vector<std::string> kBoth = {"promo", "day"};

TEST(Future, IsFoundBySeriesAndTime) {
  Panel panel(raw_panel(), {});
  set_future(panel, raw_future(), kBoth, 2, "predict");
  const Feature& promo = *find_feature(panel.features(), "promo");
  EXPECT_EQ(promo.future, (Values{3, 4, 1, 2}));
  const Feature& day = *find_feature(panel.features(), "day");
  EXPECT_EQ(day.categories, (std::vector<std::string>{"mon", "tue", "sun", "sat"}));
  EXPECT_EQ(day.future, (Values{3, 2, 0, 0}));
}

TEST(Future, MustBeComplete) {
  Panel panel(raw_panel(), {});
  const Error error = failure([&] { set_future(panel, raw_future(), kBoth, 3, "predict"); });
  EXPECT_EQ(error.code(), Code::features);
  const auto details = nlohmann::json::parse(error.details());
  EXPECT_EQ(details.at("missing"), 2);
  EXPECT_EQ(details.at("rows").at(0), nlohmann::json({{"series", "a"}, {"time", "16"}}));
  EXPECT_NE(error.message().find("\"b\" at 15"), std::string::npos) << error.message();
}

TEST(Future, MustHaveTheColumnsAndEachTimeOnce) {
  Panel panel(raw_panel(), {});
  RawFuture without = raw_future();
  without.features.pop_back();
  EXPECT_EQ(failure([&] { set_future(panel, without, kBoth, 2, "predict"); }).code(),
            Code::features);
  RawFuture twice = raw_future();
  twice.times[4] = 15;
  EXPECT_EQ(failure([&] { set_future(panel, twice, kBoth, 2, "predict"); }).code(), Code::data);
  RawFuture texts = raw_future();
  texts.features[1].categories = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  EXPECT_EQ(failure([&] { set_future(panel, texts, kBoth, 2, "predict"); }).code(), Code::data);
  RawFuture infinite = raw_future();
  infinite.features[1].values[0] = INFINITY;
  EXPECT_EQ(failure([&] { set_future(panel, infinite, kBoth, 2, "predict"); }).code(), Code::data);
}

TEST(GatherFeature, IsScaledByItsObservedInsampleSteps) {
  const Values rows = {2, 4, 9, 7, 5}, future = {11, 13};
  const WindowLayout layout{.input_size = 3, .horizon = 3};
  for (const int64_t start : {-4, -2, 0, 2}) {
    for (const int64_t limit : {5, 4}) {
      const bool compat = limit == 4;
      std::vector<float> out(12, -1.0F);
      gather_feature(rows, future, {0, start}, layout, WindowScaler::standard, limit, compat, 0, 6,
                     out.data() + 1, 2);
      const auto value = [&](int64_t row) {
        if (row < 0) return start == -2 && !compat ? rows[0] : 0.0;
        if (row < limit) return rows[static_cast<size_t>(row)];
        return limit == 5 && row < 7 ? future[static_cast<size_t>(row - 5)] : 0.0;
      };
      Values seen;
      for (int64_t row = std::max<int64_t>(0, start); row < std::min(start + 3, limit); ++row)
        seen.push_back(value(row));
      double mean = 0, variance = 0;
      for (const double v : seen) mean += v / static_cast<double>(seen.size());
      for (const double v : seen)
        variance += (v - mean) * (v - mean) / static_cast<double>(seen.size());
      const double scale =
          seen.empty() && !compat ? 1 : (variance > 0 ? std::sqrt(variance) : 1) + 1e-6;
      for (int64_t t = 0; t < 6; ++t) {
        EXPECT_NEAR(out[static_cast<size_t>(2 * t + 1)], (value(start + t) - mean) / scale, 1e-6)
            << start << " " << limit << " " << t;
        EXPECT_EQ(out[static_cast<size_t>(2 * t)], -1.0F) << "a neighbour was written";
      }
    }
  }
}

}  // namespace
}  // namespace nd::data
