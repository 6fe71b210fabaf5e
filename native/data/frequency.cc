#include "data/frequency.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "data/frequency_units.h"

namespace nd::data {

namespace {

struct Alias {
  std::string_view text, name;
};
constexpr Alias kAliases[] = {{"ME", "M"}, {"QE", "Q"},  {"AS", "YS"}, {"A", "Y"}, {"YE", "Y"},
                              {"H", "h"},  {"T", "min"}, {"S", "s"},   {"L", "ms"}};

/// What people write instead of an alias; only used to suggest one.
constexpr Alias kWords[] = {
    {"monthly", "MS"}, {"month", "MS"},    {"mo", "MS"},        {"m", "min"},
    {"minute", "min"}, {"minutes", "min"}, {"minutely", "min"}, {"hour", "h"},
    {"hours", "h"},    {"hourly", "h"},    {"day", "D"},        {"days", "D"},
    {"daily", "D"},    {"week", "W"},      {"weeks", "W"},      {"weekly", "W"},
    {"quarter", "QS"}, {"year", "YS"},     {"quarterly", "QS"}, {"yearly", "YS"},
    {"annual", "YS"},  {"annually", "YS"}, {"sec", "s"},        {"second", "s"},
    {"seconds", "s"},  {"business", "B"},  {"weekday", "B"},    {"months", "MS"},
    {"years", "YS"}};

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"MON", "TUE", "WED", "THU",
                                                       "FRI", "SAT", "SUN"};

/// As many as fit between the first and the last stamp of a calendar.
int64_t max_count(const Unit& unit) {
  if (unit.kind == Kind::integer) return std::numeric_limits<int64_t>::max();
  return unit.kind == Kind::fixed ? 2 * kMaxCalendarTime / unit.size : 10'000'000;
}

int find_unit(std::string_view name) {
  for (const Alias& alias : kAliases) {
    if (alias.text == name) name = alias.name;
  }
  for (size_t i = 1; i < std::size(kUnits); ++i) {
    if (kUnits[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int find_anchor(Anchor kind, std::string_view name) {
  const std::span<const std::string_view> names = kind == Anchor::weekday
                                                      ? std::span<const std::string_view>(kWeekdays)
                                                      : std::span<const std::string_view>(kMonths);
  const auto found = std::find(names.begin(), names.end(), name);
  if (kind == Anchor::none || found == names.end()) return -1;
  const int index = static_cast<int>(found - names.begin());
  return kind == Anchor::quarter ? index % 3 : index;
}

std::string_view anchor_name(int unit, int anchor) {
  const Anchor kind = unit_at(unit).anchor;
  if (kind == Anchor::weekday) return kWeekdays[static_cast<size_t>(anchor)];
  // A quarter's anchor names its first month of the year when it starts quarters, its last when it
  // ends them.
  if (kind == Anchor::quarter && unit_at(unit).kind == Kind::month_end) anchor += 9;
  return kMonths[static_cast<size_t>(anchor)];
}

[[noreturn]] void throw_unknown(std::string_view text, std::string_view name) {
  std::vector<std::string> known;
  for (const Alias& word : kWords) known.emplace_back(word.text);
  for (size_t i = 1; i < std::size(kUnits); ++i) known.emplace_back(kUnits[i].name);
  for (const Alias& alias : kAliases) known.emplace_back(alias.text);
  std::string closest = closest_name(name.substr(0, 32), known);
  for (const Alias& word : kWords) {
    if (word.text == closest) closest = word.name;
  }
  throw Error(Code::config,
              "[frequency] received \"" + std::string(text.substr(0, 64)) +
                  "\", expected an integer or a unit with an optional multiple (\"15min\", "
                  "\"2h\"): MS M QS Q YS Y W D B h min s ms, with an optional anchor for years, "
                  "quarters and weeks (\"W-SUN\", \"QS-FEB\")" +
                  (closest.empty() ? "" : "; did you mean \"" + closest + "\"?"));
}

int64_t business_number(int64_t day) {
  const int dow = weekday(day);
  return floor_div(day + 3, 7) * 5 + std::min(dow, 4);  // a weekend counts as its Friday
}

/// Number of `step`s in `distance`, or -1.
int64_t exact_quotient(__int128 distance, int64_t step) {
  if (distance < 0 || distance % step != 0) return -1;
  return clamp_to_int64(distance / step);
}

}  // namespace

Frequency::Frequency(int unit, int64_t count, int anchor)
    : calendar_(unit != kInteger), unit_(unit), count_(count), anchor_(anchor) {
  const bool multiple = count != 1 || !calendar_;
  text_ = (multiple ? std::to_string(count) : "") + std::string(unit_at(unit).name);
  if (anchor >= 0) text_ += "-" + std::string(anchor_name(unit, anchor));
}

Frequency Frequency::parse(std::string_view text) {
  int64_t count = 1;
  const char* const end = text.data() + text.size();
  const bool has_count = !text.empty() && text[0] >= '0' && text[0] <= '9';
  const char* rest = text.data();
  if (has_count) {
    const auto parsed = std::from_chars(text.data(), end, count);
    if (parsed.ec != std::errc{}) throw_unknown(text, "");
    rest = parsed.ptr;
  }
  const std::string_view name(rest, static_cast<size_t>(end - rest));
  const size_t dash = name.find('-');
  const int unit = has_count && name.empty() ? kInteger : find_unit(name.substr(0, dash));
  if (unit < 0) throw_unknown(text, name);
  if (count < 1 || count > max_count(unit_at(unit))) {
    throw Error(Code::config, "[frequency] received \"" + std::string(text) +
                                  "\", expected a multiple from 1 to " +
                                  std::to_string(max_count(unit_at(unit))));
  }
  if (dash == std::string_view::npos) return Frequency(unit, count, -1);
  const int anchor = find_anchor(unit_at(unit).anchor, name.substr(dash + 1));
  if (anchor < 0) throw_unknown(text, name.substr(0, dash));
  return Frequency(unit, count, anchor);
}

int64_t Frequency::advance(int64_t time, int64_t steps) const {
  const Unit& unit = unit_at(unit_);
  const __int128 distance = static_cast<__int128>(steps) * count_ * unit.size;
  if (unit.kind == Kind::integer || unit.kind == Kind::fixed)
    return clamp_to_int64(time + distance);

  const int64_t day = day_of(time), clock = time_of_day(time);
  // Beyond some hundred million years there is no calendar: a bound keeps the arithmetic below free
  // of overflow.
  constexpr __int128 kFar = 10'000'000'000;
  const int64_t units = static_cast<int64_t>(std::clamp<__int128>(distance, -kFar, kFar));
  int64_t target = 0;
  if (unit.kind == Kind::business) {
    const int64_t number = business_number(day) + units;
    target = floor_div(number, 5) * 7 + (number - floor_div(number, 5) * 5) - 3;
  } else {
    const int64_t number = month_number(civil_from_days(day)) + units;
    CivilDay date{floor_div(number, 12), static_cast<int>(number - floor_div(number, 12) * 12) + 1,
                  1};
    if (unit.kind == Kind::month_end) date.day = days_in_month(date.year, date.month);
    target = days_from_civil(date);
  }
  return clamp_to_int64(static_cast<__int128>(target) * kMillisPerDay + clock);
}

int64_t Frequency::steps_between(int64_t a, int64_t b) const {
  const Unit& unit = unit_at(unit_);
  const int64_t step = count_ * unit.size;
  if (unit.kind == Kind::integer || unit.kind == Kind::fixed)
    return exact_quotient(static_cast<__int128>(b) - a, step);
  const int64_t day_a = day_of(a), day_b = day_of(b);
  if (time_of_day(a) != time_of_day(b) || !on_unit(unit.kind, day_a) || !on_unit(unit.kind, day_b))
    return -1;
  if (unit.kind == Kind::business)
    return exact_quotient(business_number(day_b) - business_number(day_a), step);
  return exact_quotient(month_number(civil_from_days(day_b)) - month_number(civil_from_days(day_a)),
                        step);
}

bool Frequency::is_regular(std::span<const int64_t> times) const {
  const Unit& unit = unit_at(unit_);
  if (unit.kind != Kind::integer && unit.kind != Kind::fixed) return false;
  // Modulo 2^64, where a difference of rising times still is what it is.
  const auto step = static_cast<uint64_t>(count_ * unit.size);
  bool regular = true;
  for (size_t i = 1; i < times.size(); ++i)
    regular &= static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(times[i - 1]) == step;
  return regular;
}

bool Frequency::on_grid(int64_t time) const {
  if (!calendar_) return true;
  const int64_t day = day_of(time);
  if (!on_unit(unit_at(unit_).kind, day)) return false;
  if (anchor_ < 0) return true;
  switch (unit_at(unit_).anchor) {
    case Anchor::weekday:
      return weekday(day) == anchor_;
    case Anchor::month:
      return civil_from_days(day).month - 1 == anchor_;
    case Anchor::quarter:
      return (civil_from_days(day).month - 1) % 3 == anchor_;
    case Anchor::none:
      break;
  }
  return true;
}

}  // namespace nd::data
