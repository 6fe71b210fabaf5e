// Calendar arithmetic in UTC on millisecond stamps, and integer time. Month-based frequencies count
// months, so that a step over February or a leap year is exact.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nd::data {

/// A step of time: an integer, or a multiple of a calendar unit: MS (month start) M/ME (month end)
/// QS Q/QE YS/AS Y/YE/A W (weekly, the weekday is the data's; W-MON … accepted) D B (business day,
/// Monday to Friday) h/H min/T s/S ms. "15min", "2h", "3". Quarters and years without an anchor may
/// start in any month; "QS-FEB", "YS-APR" … fix it. Steps of a day and longer keep the time of day.
class Frequency {
 public:
  Frequency() = default;
  /// Throws E0010 naming the accepted forms and the closest one.
  static Frequency parse(std::string_view text);
  /// From the stamps of the longest series (sorted, distinct): the coarsest unit that explains
  /// every step; gaps pass. Throws E0011 when none does (says which step differs) and E0003 for
  /// fewer than 2 rows (asks for the option `frequency`).
  static Frequency infer(std::span<const int64_t> sorted_times, bool calendar);
  /// The frequency of most steps; the others are not looked at. Throws E0003 for fewer than 2 rows.
  static Frequency most_common(std::span<const int64_t> sorted_times, bool calendar);

  /// Canonical text, parse(text()) == *this: "MS", "15min", "1".
  const std::string& text() const { return text_; }
  bool is_calendar() const { return calendar_; }
  /// The stamp `steps` after (before, if negative) `time`.
  int64_t advance(int64_t time, int64_t steps) const;
  /// Number of steps from a to b when b lies on the grid of a; -1 otherwise (also when b < a).
  int64_t steps_between(int64_t a, int64_t b) const;
  /// Whether each of rising times is one step after the one before it, where that takes no calendar
  /// to see; false = look at them one by one.
  bool is_regular(std::span<const int64_t> times) const;
  /// True when `time` may be a stamp of this frequency (month start, business day …).
  bool on_grid(int64_t time) const;
  bool operator==(const Frequency&) const = default;

 private:
  Frequency(int unit, int64_t count, int anchor);

  std::string text_ = "1";
  bool calendar_ = false;
  int unit_ = 0;       // index into the table of units
  int64_t count_ = 1;  // multiple
  int anchor_ =
      -1;  // weekday (0 = Monday) or month (0 = January, quarters: modulo 3); -1 = the data's
};

}  // namespace nd::data
