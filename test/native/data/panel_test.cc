#include "data/panel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/philox.h"
#include "data/calendar.h"

namespace nd::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int64_t at(int64_t year, int month, int day) {
  return days_from_civil({year, month, day}) * kMillisPerDay;
}

RawPanel one_series(std::vector<int64_t> times, bool calendar, std::string id = "A") {
  RawPanel raw;
  raw.ids = {std::move(id)};
  raw.series.assign(times.size(), 0);
  raw.target.resize(times.size());
  std::iota(raw.target.begin(), raw.target.end(), 1.0);
  raw.times = std::move(times);
  raw.calendar = calendar;
  return raw;
}

Error error_of(RawPanel raw, const std::string& frequency = "") {
  try {
    Panel(std::move(raw), {frequency});
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Code::internal, "");
}

std::vector<double> values(const Panel& p, int64_t s) {
  return {p.target(s).begin(), p.target(s).end()};
}

TEST(Panel, SortedInputIsTakenAsItIs) {
  RawPanel raw;
  raw.ids = {"x", "y"};
  raw.series = {0, 0, 0, 1, 1};
  raw.times = {at(2024, 1, 1), at(2024, 2, 1), at(2024, 3, 1), at(2023, 12, 1), at(2024, 1, 1)};
  raw.target = {1, 2, 3, 4, 5};
  raw.calendar = true;
  const Panel p(raw, {});
  EXPECT_EQ(p.frequency().text(), "MS");
  EXPECT_TRUE(p.was_sorted());
  EXPECT_TRUE(p.calendar());
  EXPECT_EQ(p.series_count(), 2);
  EXPECT_EQ(p.rows(), 5);
  EXPECT_EQ(p.longest(), 3);
  EXPECT_EQ(p.length(1), 2);
  EXPECT_EQ(values(p, 1), (std::vector<double>{4, 5}));
  EXPECT_EQ(p.first_time(0), at(2024, 1, 1));
  EXPECT_EQ(p.last_time(1), at(2024, 1, 1));
}

TEST(Panel, AnyRowOrderGivesTheSamePanel) {
  RawPanel raw;
  raw.ids = {"a", "b", "c"};
  for (int s = 0; s < 3; ++s) {
    for (int t = 0; t < 20 + 7 * s; ++t) {
      raw.series.push_back(s);
      raw.times.push_back(10 * s + 3 * t);
      raw.target.push_back(100 * s + t);
    }
  }
  const Panel expected(raw, {});
  RawPanel interleaved;
  RawPanel shuffled = raw;
  interleaved.ids = raw.ids;
  for (int t = 0; t < 34; ++t) {
    for (int s = 2; s >= 0; --s) {
      if (t >= 20 + 7 * s) continue;
      interleaved.series.push_back(s);
      interleaved.times.push_back(10 * s + 3 * t);
      interleaved.target.push_back(100 * s + t);
    }
  }
  const PhiloxKey key{7, Stream::sampling, 0, 0};
  for (size_t i = raw.series.size() - 1; i > 0; --i) {
    const size_t j = philox_below(key, i, i + 1);
    std::swap(shuffled.series[i], shuffled.series[j]);
    std::swap(shuffled.times[i], shuffled.times[j]);
    std::swap(shuffled.target[i], shuffled.target[j]);
  }
  const Panel b(interleaved, {}), c(shuffled, {});
  EXPECT_TRUE(expected.was_sorted());
  EXPECT_TRUE(b.was_sorted());
  EXPECT_FALSE(c.was_sorted());
  for (const Panel* p : {&b, &c}) {
    EXPECT_EQ(p->frequency().text(), "3");
    for (int64_t s = 0; s < 3; ++s) {
      EXPECT_EQ(values(*p, s), values(expected, s));
      EXPECT_EQ(p->first_time(s), expected.first_time(s));
      EXPECT_EQ(p->last_time(s), expected.last_time(s));
    }
  }
}

TEST(Panel, OneRowNeedsTheFrequency) {
  const Error e = error_of(one_series({at(2024, 1, 31)}, true));
  EXPECT_EQ(e.code(), Code::empty);
  EXPECT_NE(e.message().find("option frequency"), std::string::npos);
  const Panel p(one_series({at(2024, 1, 31)}, true), {"M"});
  EXPECT_EQ(p.frequency().advance(p.last_time(0), 1), at(2024, 2, 29));
}

TEST(Panel, EmptyInput) {
  EXPECT_EQ(error_of({}).code(), Code::empty);
  RawPanel raw = one_series({1, 2}, false);
  raw.ids.push_back("B");
  EXPECT_EQ(error_of(raw).code(), Code::empty);
  raw = one_series({1, 2}, false);
  raw.times.pop_back();
  EXPECT_EQ(error_of(raw).code(), Code::shape);
}

TEST(Panel, TargetThatIsNotFinite) {
  RawPanel raw = one_series({at(2024, 1, 1), at(2024, 1, 2), at(2024, 1, 3)}, true, "EUR \"x\"");
  raw.target[1] = kNan;
  Error e = error_of(raw);
  EXPECT_EQ(e.code(), Code::data);
  EXPECT_EQ(e.details(), R"({"series":"EUR \"x\"","row":1,"time":"2024-01-02","value":"NaN"})");
  EXPECT_NE(e.message().find("row 1 (time 2024-01-02, value NaN)"), std::string::npos)
      << e.message();
  raw.target[1] = -INFINITY;
  EXPECT_EQ(error_of(raw).details(),
            R"({"series":"EUR \"x\"","row":1,"time":"2024-01-02","value":"-Infinity"})");
}

TEST(Panel, DuplicateTimesNameBothRowsOfTheCaller) {
  const Error e = error_of(one_series({5, 3, 4, 3}, false));
  EXPECT_EQ(e.code(), Code::data);
  EXPECT_NE(e.message().find("series \"A\", row 3 (time 3, value 4): the series has this time "
                             "twice, first in row 1 (value 2)"),
            std::string::npos)
      << e.message();
  EXPECT_EQ(e.details(), R"({"series":"A","row":3,"time":3,"value":4.0})");
}

TEST(Panel, GapsSayWhatIsMissing) {
  const Error e =
      error_of(one_series({at(2024, 5, 1), at(2024, 1, 1), at(2024, 2, 1), at(2024, 6, 1)}, true));
  EXPECT_EQ(e.code(), Code::data);
  EXPECT_NE(e.message().find(
                "2 stamps are missing before it (2024-03-01, 2024-04-01), the previous row is 2"),
            std::string::npos)
      << e.message();
  EXPECT_NE(e.message().find("fill the gap before fit"), std::string::npos);
  EXPECT_EQ(
      e.details(),
      R"({"series":"A","row":0,"time":"2024-05-01","value":1.0,"missing":["2024-03-01","2024-04-01"],"missingCount":2})");
  const Error single = error_of(one_series({1, 2, 4, 5}, false));
  EXPECT_NE(single.message().find("1 stamp is missing before it (3)"), std::string::npos)
      << single.message();
  const Error many = error_of(one_series({1, 2, 3, 104, 105}, false));
  EXPECT_NE(many.message().find("100 stamps are missing before it (4, 5, 6 … 103)"),
            std::string::npos)
      << many.message();
  const Error holiday =
      error_of(one_series({at(2024, 1, 4), at(2024, 1, 5), at(2024, 1, 9), at(2024, 1, 10)}, true));
  EXPECT_NE(holiday.message().find("(2024-01-08)"), std::string::npos) << holiday.message();
}

TEST(Panel, StampsOffTheGrid) {
  const Error first = error_of(one_series({at(2024, 1, 2), at(2024, 2, 1)}, true), "MS");
  EXPECT_NE(first.message().find(
                "row 0 (time 2024-01-02, value 1): the time is no stamp of the given frequency MS"),
            std::string::npos)
      << first.message();
  const Error step =
      error_of(one_series({at(2024, 1, 1), at(2024, 2, 1), at(2024, 3, 2), at(2024, 4, 1)}, true));
  EXPECT_NE(step.message().find("row 2 (time 2024-03-02, value 3): the step from the previous "
                                "stamp, 2024-02-01, is no multiple of "
                                "the inferred frequency MS"),
            std::string::npos)
      << step.message();
  EXPECT_EQ(error_of(one_series({at(2024, 1, 6), at(2024, 1, 8)}, true), "B").code(), Code::data);
  EXPECT_EQ(error_of(one_series({0, 3}, false), "2").code(), Code::data);
}

TEST(Panel, FrequencyOfTheWrongKind) {
  EXPECT_EQ(error_of(one_series({1, 2}, false), "D").code(), Code::config);
  EXPECT_EQ(error_of(one_series({0, kMillisPerDay}, true), "1").code(), Code::config);
  EXPECT_EQ(error_of(one_series({0, kMillisPerDay}, true), "dayly").code(), Code::config);
  EXPECT_EQ(error_of(one_series({0, kMaxCalendarTime + 1}, true)).code(), Code::data);
}

TEST(Panel, TailKeepsTimes) {
  RawPanel raw =
      one_series({at(2024, 1, 31), at(2024, 2, 29), at(2024, 3, 31), at(2024, 4, 30)}, true);
  raw.ids.push_back("B");
  raw.series.push_back(1);
  raw.times.push_back(at(2024, 4, 30));
  raw.target.push_back(9);
  const Panel tail = Panel(raw, {}).tail(3);
  EXPECT_EQ(tail.rows(), 4);
  EXPECT_EQ(values(tail, 0), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(tail.first_time(0), at(2024, 2, 29));
  EXPECT_EQ(tail.last_time(0), at(2024, 4, 30));
  EXPECT_EQ(values(tail, 1), (std::vector<double>{9}));
  EXPECT_EQ(tail.first_time(1), at(2024, 4, 30));
  EXPECT_EQ(tail.frequency().text(), "M");
}

TEST(Panel, MutableTargetAndRebuild) {
  Panel p(one_series({1, 2, 3}, false), {});
  p.mutable_target(0)[1] = 20;
  const Panel q =
      make_panel(p.ids(), {0, 3}, values(p, 0), {p.last_time(0)}, p.frequency(), p.calendar());
  EXPECT_EQ(values(q, 0), (std::vector<double>{1, 20, 3}));
  EXPECT_EQ(q.first_time(0), 1);
}

TEST(Panel, RebuildChecksConsistency) {
  const Frequency one = Frequency::parse("1"), months = Frequency::parse("MS");
  const auto damaged = [](auto... arguments) {
    try {
      make_panel(arguments...);
    } catch (const Error& e) {
      return e.code() == Code::file;
    }
    return false;
  };
  using Ids = std::vector<std::string>;
  using Ints = std::vector<int64_t>;
  using Doubles = std::vector<double>;
  EXPECT_TRUE(damaged(Ids{}, Ints{0}, Doubles{}, Ints{}, one, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 2}, Doubles{1}, Ints{5}, one, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 0}, Doubles{}, Ints{5}, one, false));
  EXPECT_TRUE(damaged(Ids{"a", "b"}, Ints{0, 3, 2}, Doubles{1, 2}, Ints{5, 5}, one, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 1}, Doubles{INFINITY}, Ints{5}, one, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 1}, Doubles{1}, Ints{}, one, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 1}, Doubles{1}, Ints{5}, months, false));
  EXPECT_TRUE(damaged(Ids{"a"}, Ints{0, 1}, Doubles{1}, Ints{5 * kMillisPerDay}, months, true));
}

}  // namespace
}  // namespace nd::data
