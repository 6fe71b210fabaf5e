#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "data/frequency.h"
#include "data/frequency_units.h"

namespace nd::data {

namespace {

/// The most frequent difference of neighbours, the smallest one on ties.
template <typename Number>
int64_t most_frequent_step(std::span<const int64_t> times, Number number) {
  std::unordered_map<int64_t, int64_t> counts;
  int64_t last_step = 0, run = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const int64_t step =
        clamp_to_int64(static_cast<__int128>(number(times[i])) - number(times[i - 1]));
    if (step != last_step && run > 0) {
      counts[last_step] += run;
      run = 0;
    }
    last_step = step;
    ++run;
  }
  counts[last_step] += run;
  int64_t best = 0, best_count = 0;
  for (const auto& [step, count] : counts) {
    if (step > 0 && (count > best_count || (count == best_count && step < best))) {
      best = step;
      best_count = count;
    }
  }
  return std::max<int64_t>(best, 1);
}

std::string describe_step(int64_t from, int64_t to, bool calendar) {
  return "from " + format_time(from, calendar) + " to " + format_time(to, calendar);
}

}  // namespace

Frequency Frequency::most_common(std::span<const int64_t> sorted_times, bool calendar) {
  if (sorted_times.size() < 2) {
    throw Error(Code::empty, "[frequency] received a longest series of " +
                                 std::to_string(sorted_times.size()) +
                                 " row(s), expected at least 2 to infer the frequency; give the "
                                 "option frequency (\"MS\", \"D\", "
                                 "\"h\", \"1\" …)");
  }
  const int64_t step = most_frequent_step(sorted_times, [](int64_t t) { return t; });
  if (!calendar) return Frequency(kInteger, step, -1);

  // Months: most stamps are the first (last) day of one at the same time of day. A shorter step
  // never does that.
  const int64_t clock = time_of_day(sorted_times[0]);
  for (const Kind kind : {Kind::month_start, Kind::month_end}) {
    size_t hits = 0;
    for (const int64_t t : sorted_times)
      hits += time_of_day(t) == clock && on_unit(kind, day_of(t)) ? 1U : 0U;
    if (2 * hits <= sorted_times.size()) continue;
    const auto month_of = [](int64_t t) { return month_number(civil_from_days(day_of(t))); };
    const int64_t months = most_frequent_step(sorted_times, month_of);
    const int64_t first_month = month_of(sorted_times[0]);
    const int month = static_cast<int>(first_month - floor_div(first_month, 12) * 12);
    const int yearly = kind == Kind::month_start ? kYearStart : kYearEnd;
    const int usual = kind == Kind::month_start
                          ? 0
                          : 11;  // January starts, December ends a plain year and quarter
    if (months % 12 == 0) return Frequency(yearly, months / 12, month == usual ? -1 : month);
    if (months % 3 == 0)
      return Frequency(yearly + 1, months / 3, month % 3 == usual % 3 ? -1 : month % 3);
    return Frequency(yearly + 2, months, -1);
  }

  if (step % kMillisPerDay == 0) {
    const int64_t days = step / kMillisPerDay;
    const int dow = weekday(day_of(sorted_times[0]));
    if (days % 7 == 0) return Frequency(kWeek, days / 7, dow);
    if (days == 1) {
      bool weekends_free = true, holes = false;
      for (size_t i = 0; i < sorted_times.size(); ++i) {
        weekends_free &= weekday(day_of(sorted_times[i])) < 5;
        holes |= i > 0 && sorted_times[i] - sorted_times[i - 1] > kMillisPerDay;
      }
      if (weekends_free && holes) return Frequency(kBusiness, 1, -1);
    }
    return Frequency(kDay, days, -1);
  }
  for (const int unit : {kHour, kMinute, kSecond}) {
    if (step % unit_at(unit).size == 0) return Frequency(unit, step / unit_at(unit).size, -1);
  }
  return Frequency(kMilli, step, -1);
}

Frequency Frequency::infer(std::span<const int64_t> sorted_times, bool calendar) {
  Frequency frequency = most_common(sorted_times, calendar);
  for (size_t i = 1; i < sorted_times.size(); ++i) {
    const int64_t from = sorted_times[i - 1], to = sorted_times[i];
    if (frequency.steps_between(from, to) >= 1) continue;
    throw Error(Code::data, "[frequency] received steps of different length: most are " +
                                frequency.text() + ", but the one " +
                                describe_step(from, to, calendar) + " (row " + std::to_string(i) +
                                " of the series) is no multiple of it; regularise the series or "
                                "give the option frequency");
  }
  return frequency;
}

}  // namespace nd::data
