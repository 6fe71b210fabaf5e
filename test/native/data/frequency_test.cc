#include "data/frequency.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/calendar.h"

namespace nd::data {
namespace {

int64_t at(int64_t year, int month, int day, int hour = 0, int minute = 0) {
  return days_from_civil({year, month, day}) * kMillisPerDay + (hour * 60 + minute) * 60'000LL;
}

std::vector<int64_t> sequence(int64_t first, const std::string& frequency, int rows) {
  const Frequency f = Frequency::parse(frequency);
  std::vector<int64_t> times;
  for (int i = 0; i < rows; ++i) times.push_back(f.advance(first, i));
  return times;
}

std::string inferred(const std::vector<int64_t>& times) {
  return Frequency::infer(times, true).text();
}

template <typename F>
Error error_of(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Code::internal, "");
}

TEST(Calendar, CivilDaysRoundTripOverFourCenturies) {
  int64_t expected = days_from_civil({1800, 1, 1});
  EXPECT_EQ(days_from_civil({1970, 1, 1}), 0);
  EXPECT_EQ(days_from_civil({2000, 3, 1}), 11017);
  for (int year = 1800; year < 2201; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= days_in_month(year, month); ++day, ++expected) {
        ASSERT_EQ(days_from_civil({year, month, day}), expected);
        const CivilDay back = civil_from_days(expected);
        ASSERT_TRUE(back.year == year && back.month == month && back.day == day);
      }
    }
  }
}

TEST(Calendar, TextAndWeekdays) {
  EXPECT_EQ(format_time(0, true), "1970-01-01");
  EXPECT_EQ(format_time(-1, true), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(at(2024, 2, 29, 9, 30), true), "2024-02-29T09:30:00Z");
  EXPECT_EQ(format_time(kMaxCalendarTime, true), "+275760-09-13");
  EXPECT_EQ(format_time(-kMaxCalendarTime, true), "-271821-04-20");
  EXPECT_EQ(format_time(42, false), "42");
  EXPECT_EQ(weekday(0), 3);
  EXPECT_EQ(weekday(days_from_civil({2024, 1, 1})), 0);
  EXPECT_EQ(weekday(days_from_civil({1969, 12, 28})), 6);
}

TEST(Frequency, ParsesAliasesToOneText) {
  const std::pair<const char*, const char*> cases[] = {
      {"MS", "MS"},         {"ME", "M"},          {"M", "M"},          {"QS", "QS"},
      {"QS-OCT", "QS-JAN"}, {"Q", "Q"},           {"QE-DEC", "Q-DEC"}, {"Q-MAR", "Q-DEC"},
      {"AS", "YS"},         {"YS-APR", "YS-APR"}, {"A", "Y"},          {"YE-JUN", "Y-JUN"},
      {"W", "W"},           {"W-SUN", "W-SUN"},   {"4W", "4W"},        {"D", "D"},
      {"B", "B"},           {"2H", "2h"},         {"15T", "15min"},    {"15min", "15min"},
      {"S", "s"},           {"250ms", "250ms"},   {"3MS", "3MS"},      {"1D", "D"},
      {"1", "1"},           {"007", "7"},         {"2W-FRI", "2W-FRI"}};
  for (const auto& [text, canonical] : cases) {
    const Frequency f = Frequency::parse(text);
    EXPECT_EQ(f.text(), canonical);
    EXPECT_EQ(Frequency::parse(f.text()), f);
    EXPECT_EQ(f.is_calendar(), !(text[0] >= '0' && text[0] <= '9') ||
                                   std::string(text).size() > 1 + (text[0] == '0') * 2);
  }
  EXPECT_EQ(Frequency(), Frequency::parse("1"));
}

TEST(Frequency, UnknownTextNamesTheClosest) {
  const std::pair<const char*, const char*> cases[] = {
      {"monthly", "\"MS\""}, {"hours", "\"h\""}, {"15mins", "\"min\""}, {"d", "\"D\""},
      {"m", "\"min\""},      {"W-XYZ", "\"W\""}, {"MS-JAN", "\"MS\""},  {"dayly", "\"D\""}};
  for (const auto& [text, closest] : cases) {
    const Error e = error_of([&] { Frequency::parse(text); });
    EXPECT_EQ(e.code(), Code::config);
    EXPECT_NE(e.message().find(std::string("did you mean ") + closest), std::string::npos)
        << text << ": " << e.message();
  }
  for (const char* text : {"0", "0D", "99999999999999999999", "99999999999h", "99999999MS", "-1",
                           "1.5h", "D ", "", "2-D", "qwertz"}) {
    EXPECT_EQ(error_of([&] { Frequency::parse(text); }).code(), Code::config) << text;
  }
}

TEST(Frequency, StepsOverMonthEndsAndLeapYears) {
  EXPECT_EQ(Frequency::parse("MS").advance(at(2024, 1, 1), 2), at(2024, 3, 1));
  EXPECT_EQ(Frequency::parse("MS").advance(at(2024, 1, 1), -1), at(2023, 12, 1));
  EXPECT_EQ(Frequency::parse("M").advance(at(2024, 1, 31), 1), at(2024, 2, 29));
  EXPECT_EQ(Frequency::parse("M").advance(at(2024, 2, 29), 12), at(2025, 2, 28));
  EXPECT_EQ(Frequency::parse("M").advance(at(2025, 2, 28), 1), at(2025, 3, 31));
  EXPECT_EQ(Frequency::parse("Q").advance(at(2023, 12, 31), 1), at(2024, 3, 31));
  EXPECT_EQ(Frequency::parse("Q-FEB").advance(at(2023, 11, 30), 1), at(2024, 2, 29));
  EXPECT_EQ(Frequency::parse("YS").advance(at(2020, 1, 1), 5), at(2025, 1, 1));
  EXPECT_EQ(Frequency::parse("Y").advance(at(1969, 12, 31), -2), at(1967, 12, 31));
  EXPECT_EQ(Frequency::parse("D").advance(at(2024, 2, 28), 2), at(2024, 3, 1));
  EXPECT_EQ(Frequency::parse("15min").advance(at(2024, 2, 29, 23, 45), 1), at(2024, 3, 1));
  EXPECT_EQ(Frequency::parse("MS").advance(at(2024, 1, 1, 6, 30), 1), at(2024, 2, 1, 6, 30));
  EXPECT_EQ(Frequency::parse("3").advance(-7, 4), 5);
}

TEST(Frequency, BusinessDaysSkipWeekends) {
  const Frequency b = Frequency::parse("B");
  EXPECT_EQ(b.advance(at(2024, 1, 5), 1), at(2024, 1, 8));  // Friday to Monday
  EXPECT_EQ(b.advance(at(2024, 1, 8), -1), at(2024, 1, 5));
  EXPECT_EQ(b.advance(at(2024, 1, 5), 6), at(2024, 1, 15));
  EXPECT_EQ(b.steps_between(at(2024, 1, 5), at(2024, 1, 15)), 6);
  EXPECT_EQ(b.steps_between(at(2024, 1, 5), at(2024, 1, 6)), -1);
  EXPECT_TRUE(b.on_grid(at(2024, 1, 5)));
  EXPECT_FALSE(b.on_grid(at(2024, 1, 6)));
  EXPECT_EQ(Frequency::parse("2B").advance(at(2024, 1, 4), 1), at(2024, 1, 8));
}

TEST(Frequency, AdvanceAndStepsBetweenAgree) {
  const std::pair<const char*, int64_t> cases[] = {
      {"MS", at(1969, 11, 1)},   {"2MS", at(2024, 1, 1)},
      {"M", at(1968, 2, 29)},    {"QS", at(2023, 2, 1)},
      {"Q", at(2023, 11, 30)},   {"YS", at(1900, 1, 1)},
      {"Y", at(1999, 6, 30)},    {"W", at(2024, 1, 3)},
      {"D", at(2024, 2, 27, 7)}, {"B", at(1969, 12, 30)},
      {"h", at(2024, 1, 1)},     {"15min", at(2024, 1, 1)},
      {"7s", at(2024, 1, 1)},    {"3", -10}};
  for (const auto& [text, first] : cases) {
    const Frequency f = Frequency::parse(text);
    for (int64_t k = 0; k < 60; ++k) {
      const int64_t b = f.advance(first, k);
      ASSERT_EQ(f.steps_between(first, b), k) << text;
      ASSERT_EQ(f.advance(b, -k), first) << text;
      ASSERT_TRUE(f.on_grid(b)) << text;
      if (k > 0) {
        ASSERT_EQ(f.steps_between(b, first), -1) << text;
        ASSERT_EQ(f.steps_between(first, b + 1), -1) << text;
      }
    }
  }
}

TEST(Frequency, GridOfAnchors) {
  EXPECT_TRUE(Frequency::parse("W-WED").on_grid(at(2024, 1, 3)));
  EXPECT_FALSE(Frequency::parse("W-WED").on_grid(at(2024, 1, 4)));
  EXPECT_TRUE(Frequency::parse("W").on_grid(at(2024, 1, 4)));
  EXPECT_TRUE(Frequency::parse("QS-OCT").on_grid(at(2024, 7, 1)));
  EXPECT_FALSE(Frequency::parse("QS-OCT").on_grid(at(2024, 8, 1)));
  EXPECT_TRUE(Frequency::parse("QS").on_grid(at(2024, 8, 1)));
  EXPECT_FALSE(Frequency::parse("YS-APR").on_grid(at(2024, 1, 1)));
  EXPECT_FALSE(Frequency::parse("MS").on_grid(at(2024, 1, 2)));
  EXPECT_FALSE(Frequency::parse("M").on_grid(at(2024, 2, 28)));
}

TEST(Frequency, ExtremeStampsDoNotOverflow) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min(),
                    kHigh = std::numeric_limits<int64_t>::max();
  const Frequency one = Frequency::parse("1");
  EXPECT_EQ(one.steps_between(kLow, kHigh), kHigh);
  EXPECT_EQ(one.advance(kHigh, 5), kHigh);
  for (const char* text : {"MS", "M", "B", "1000000W", "ms", "10000000YS"}) {
    const Frequency f = Frequency::parse(text);
    for (const int64_t t : {kLow, kHigh, kMaxCalendarTime, -kMaxCalendarTime}) {
      for (const int64_t k : {kLow, kHigh, int64_t{1}, int64_t{-1}}) f.advance(t, k);
      f.on_grid(t);
      f.steps_between(kLow, t);
    }
  }
}

TEST(Frequency, InfersCalendarUnits) {
  const std::pair<const char*, int64_t> cases[] = {
      {"MS", at(2023, 11, 1)},    {"2MS", at(2023, 11, 1)},   {"M", at(2023, 10, 31)},
      {"QS", at(2023, 1, 1)},     {"QS-FEB", at(2023, 5, 1)}, {"Q", at(2023, 6, 30)},
      {"Q-NOV", at(2023, 5, 31)}, {"YS", at(2020, 1, 1)},     {"YS-APR", at(2020, 4, 1)},
      {"Y", at(2020, 12, 31)},    {"Y-JUN", at(2020, 6, 30)}, {"2QS", at(2020, 1, 1)},
      {"W-SUN", at(2024, 1, 7)},  {"4W-WED", at(2024, 1, 3)}, {"D", at(2024, 2, 20)},
      {"3D", at(2024, 2, 20)},    {"B", at(2024, 1, 3)},      {"h", at(2024, 1, 1)},
      {"2h", at(2024, 1, 1)},     {"15min", at(2024, 1, 1)},  {"90s", at(2024, 1, 1)},
      {"250ms", at(2024, 1, 1)},  {"D", at(2024, 2, 20, 22)}};
  for (const auto& [text, first] : cases) EXPECT_EQ(inferred(sequence(first, text, 24)), text);
  EXPECT_EQ(inferred({at(2024, 1, 1), at(2024, 2, 1)}), "MS");
  EXPECT_EQ(inferred({at(2024, 1, 1), at(2024, 1, 2)}), "D");
  EXPECT_EQ(inferred({at(2024, 1, 31), at(2024, 2, 1)}), "D");
  EXPECT_EQ(inferred({at(2024, 1, 5), at(2024, 1, 8), at(2024, 1, 9)}), "B");
  EXPECT_EQ(inferred({at(2024, 1, 1), at(2024, 1, 2), at(2024, 1, 3)}), "D");  // no weekend to tell
}

TEST(Frequency, InferenceLooksPastGaps) {
  auto months = sequence(at(2020, 1, 1), "MS", 30);
  months.erase(months.begin() + 5, months.begin() + 8);
  EXPECT_EQ(inferred(months), "MS");
  auto business = sequence(at(2024, 1, 1), "B", 40);
  business.erase(business.begin() + 7);  // a holiday
  EXPECT_EQ(inferred(business), "B");
  EXPECT_EQ(Frequency::infer(std::vector<int64_t>{0, 2, 4, 8, 10}, false).text(), "2");
  EXPECT_EQ(Frequency::infer(std::vector<int64_t>{5, 6}, false).text(), "1");
  EXPECT_FALSE(Frequency::infer(std::vector<int64_t>{5, 6}, false).is_calendar());
}

TEST(Frequency, InferenceErrors) {
  EXPECT_EQ(error_of([] { Frequency::infer(std::vector<int64_t>{5}, true); }).code(), Code::empty);
  EXPECT_EQ(error_of([] { Frequency::infer({}, false); }).code(), Code::empty);
  const Error e = error_of([] { Frequency::infer(std::vector<int64_t>{0, 2, 4, 7}, false); });
  EXPECT_EQ(e.code(), Code::data);
  EXPECT_NE(e.message().find("from 4 to 7"), std::string::npos) << e.message();
  auto months = sequence(at(2020, 1, 1), "MS", 12);
  months[6] += kMillisPerDay;
  const Error off = error_of([&] { Frequency::infer(months, true); });
  EXPECT_NE(off.message().find("from 2020-06-01 to 2020-07-02"), std::string::npos)
      << off.message();
}

}  // namespace
}  // namespace nd::data
