#include <cstring>
#include <vector>

#include "data/calendar.h"
#include "data/frequency.h"
#include "targets.h"

namespace nd::fuzz {

namespace {
std::vector<int64_t> integers(Bytes bytes) {
  std::vector<int64_t> values(bytes.size() / sizeof(int64_t));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(int64_t));
  return values;
}

void walk(const data::Frequency& frequency, int64_t time, int64_t steps) {
  const int64_t there = frequency.advance(time, steps);
  data::format_time(time, frequency.is_calendar());
  data::format_time(there, frequency.is_calendar());
  frequency.steps_between(there, time);
  const bool near =
      time / 4 == 0 || (time > -data::kMaxCalendarTime / 4 && time < data::kMaxCalendarTime / 4);
  if (!near || steps < 0 || steps > 1000 || !frequency.on_grid(time)) return;
  if (there > data::kMaxCalendarTime || there < time) return;
  require(frequency.steps_between(time, there) == steps, "as many steps back as there");
}
}  // namespace

/// Up to the first zero byte the text, then the stamps.
void time(Bytes bytes) {
  size_t end = 0;
  while (end < bytes.size() && bytes[end] != 0) ++end;
  const std::string text(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end));
  const std::vector<int64_t> stamps = integers(bytes.subspan(end < bytes.size() ? end + 1 : end));

  const data::Frequency frequency = data::Frequency::parse(text);
  require(data::Frequency::parse(frequency.text()) == frequency, "a text that reads as itself");
  for (size_t i = 1; i < stamps.size(); ++i) walk(frequency, stamps[i - 1], stamps[i]);
}

}  // namespace nd::fuzz
