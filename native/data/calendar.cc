#include "data/calendar.h"

#include <cstdio>

namespace nd::data {

// Years are counted from March so that the leap day is the last of its year; an era is 400 years =
// 146097 days, after which the calendar repeats (Hinnant, "chrono-compatible low-level date
// algorithms").
int64_t days_from_civil(const CivilDay& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = floor_div(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year =
      (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDay civil_from_days(int64_t days) {
  const int64_t shifted = days + 719468;
  const int64_t era = floor_div(shifted, 146097);
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CivilDay date;
  date.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

int days_in_month(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

int weekday(int64_t days) {
  const int64_t since_monday = days + 3;  // 1970-01-01 was a Thursday
  return static_cast<int>(since_monday - floor_div(since_monday, 7) * 7);
}

std::string format_time(int64_t time, bool calendar) {
  if (!calendar) return std::to_string(time);
  const CivilDay date = civil_from_days(day_of(time));
  const int64_t millis = time_of_day(time);
  const bool plain_year = date.year >= 0 && date.year <= 9999;
  char buffer[64];
  int size =
      std::snprintf(buffer, sizeof buffer, plain_year ? "%04lld-%02d-%02d" : "%+07lld-%02d-%02d",
                    static_cast<long long>(date.year), date.month, date.day);
  if (millis != 0) {
    const int hours = static_cast<int>(millis / 3'600'000),
              minutes = static_cast<int>(millis / 60'000 % 60);
    const int seconds = static_cast<int>(millis / 1000 % 60),
              rest = static_cast<int>(millis % 1000);
    const size_t left = sizeof buffer - static_cast<size_t>(size);
    size += rest == 0
                ? std::snprintf(buffer + size, left, "T%02d:%02d:%02dZ", hours, minutes, seconds)
                : std::snprintf(buffer + size, left, "T%02d:%02d:%02d.%03dZ", hours, minutes,
                                seconds, rest);
  }
  return std::string(buffer, static_cast<size_t>(size));
}

}  // namespace nd::data
