// The table of units behind Frequency, for its own two source files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "data/calendar.h"

namespace nd::data {

/// What a step counts.
enum class Kind : uint8_t { integer, month_start, month_end, business, fixed };
/// What an anchor such as "-FEB" fixes.
enum class Anchor : uint8_t { none, month, quarter, weekday };

struct Unit {
  std::string_view name;
  Kind kind;
  Anchor anchor;
  int64_t size;  // months, business days or milliseconds
};

/// Indices into kUnits.
enum UnitIndex : int {
  kInteger,
  kYearStart,
  kQuarterStart,
  kMonthStart,
  kYearEnd,
  kQuarterEnd,
  kMonthEnd,
  kBusiness,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMilli
};

inline constexpr Unit kUnits[] = {
    {"", Kind::integer, Anchor::none, 1},
    {"YS", Kind::month_start, Anchor::month, 12},
    {"QS", Kind::month_start, Anchor::quarter, 3},
    {"MS", Kind::month_start, Anchor::none, 1},
    {"Y", Kind::month_end, Anchor::month, 12},
    {"Q", Kind::month_end, Anchor::quarter, 3},
    {"M", Kind::month_end, Anchor::none, 1},
    {"B", Kind::business, Anchor::none, 1},
    {"W", Kind::fixed, Anchor::weekday, 7 * kMillisPerDay},
    {"D", Kind::fixed, Anchor::none, kMillisPerDay},
    {"h", Kind::fixed, Anchor::none, 3'600'000},
    {"min", Kind::fixed, Anchor::none, 60'000},
    {"s", Kind::fixed, Anchor::none, 1000},
    {"ms", Kind::fixed, Anchor::none, 1},
};

inline const Unit& unit_at(int unit) { return kUnits[static_cast<size_t>(unit)]; }

/// Months since the year 0.
inline int64_t month_number(const CivilDay& date) { return date.year * 12 + date.month - 1; }

/// Nearest number of 64 bits.
inline int64_t clamp_to_int64(__int128 value) {
  constexpr __int128 kLow = std::numeric_limits<int64_t>::min(),
                     kHigh = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::clamp(value, kLow, kHigh));
}

/// True when a stamp of this kind may lie on the day.
inline bool on_unit(Kind kind, int64_t day) {
  if (kind == Kind::business) return weekday(day) < 5;
  if (kind != Kind::month_start && kind != Kind::month_end) return true;
  const CivilDay date = civil_from_days(day);
  return date.day == (kind == Kind::month_start ? 1 : days_in_month(date.year, date.month));
}

}  // namespace nd::data
