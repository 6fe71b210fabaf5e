// The civil (proleptic Gregorian) calendar in UTC on 64-bit integers: exact for every stamp,
// negative ones included, where std::chrono stops at the year 32767.
#pragma once

#include <cstdint>
#include <string>

namespace nd::data {

inline constexpr int64_t kMillisPerDay = 86'400'000;
/// Largest stamp of a JavaScript Date, in milliseconds either side of 1970.
inline constexpr int64_t kMaxCalendarTime = 8'640'000'000'000'000;

/// Quotient rounded towards minus infinity; `divisor` > 0.
constexpr int64_t floor_div(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// A day of the calendar: month 1 … 12, day 1 … 31.
struct CivilDay {
  int64_t year = 1970;
  int month = 1, day = 1;
};

/// Days since 1970-01-01 of a civil day, and back.
int64_t days_from_civil(const CivilDay& date);
CivilDay civil_from_days(int64_t days);

/// 28 … 31.
int days_in_month(int64_t year, int month);
/// 0 = Monday … 6 = Sunday.
int weekday(int64_t days);
/// Day that contains the stamp, and the milliseconds since its start.
inline int64_t day_of(int64_t millis) { return floor_div(millis, kMillisPerDay); }
inline int64_t time_of_day(int64_t millis) {
  const int64_t rest = millis % kMillisPerDay;
  return rest < 0 ? rest + kMillisPerDay : rest;
}

/// "2020-01-31", with a time of day "2020-01-31T09:30:00Z" or "…:00.125Z"; integer time as digits.
std::string format_time(int64_t time, bool calendar);

}  // namespace nd::data
