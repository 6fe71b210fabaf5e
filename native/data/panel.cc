#include "data/panel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "data/calendar.h"
#include "data/missing.h"
#include "data/row_error.h"

namespace nd::data {

namespace {

/// The rows grouped by series and sorted by time; `order[p]` is the caller's row at position p,
/// empty = the same.
struct Layout {
  std::vector<int64_t> offsets;
  std::vector<int64_t> order;
  bool was_sorted = true;

  int64_t row(int64_t position) const {
    return order.empty() ? position : order[static_cast<size_t>(position)];
  }
};

RowPlace place_of(const RawPanel& raw, int64_t row) {
  const size_t r = static_cast<size_t>(row);
  return {raw.ids[static_cast<size_t>(raw.series[r])], row, raw.times[r], raw.target[r]};
}

/// The first number of a column that is not finite, or -1.
int64_t first_not_finite(const Feature& column) {
  if (!column.is_numeric()) return -1;
  bool finite = true;
  for (const double v : column.values) finite &= v - v == 0;
  if (finite) return -1;
  const auto at = std::find_if(column.values.begin(), column.values.end(),
                               [](double v) { return !std::isfinite(v); });
  return at - column.values.begin();
}

void check_columns(const RawPanel& raw) {
  for (const Feature& column : raw.features) {
    check_internal(column.values.size() == raw.series.size(), "panel: columns of one length");
    const int64_t row = first_not_finite(column);
    if (row < 0) continue;
    throw row_error(place_of(raw, row), raw.calendar,
                    "the column \"" + column.name + "\" is " +
                        format_value(column.values[static_cast<size_t>(row)]) +
                        ", expected a finite number; fill it or remove the row");
  }
  for (const Feature& column : raw.statics) {
    check_internal(column.values.size() == raw.ids.size(), "panel: a static value per series");
    const int64_t s = first_not_finite(column);
    if (s < 0) continue;
    throw Error(Code::data, "[panel] the static column \"" + column.name + "\" of the series \"" +
                                raw.ids[static_cast<size_t>(s)] + "\" is " +
                                format_value(column.values[static_cast<size_t>(s)]) +
                                ", expected a finite number");
  }
}

void check_values(const RawPanel& raw, bool allow_missing) {
  const size_t rows = raw.series.size();
  if (rows == 0) throw Error(Code::empty, "[panel] received no rows, expected at least one series");
  if (raw.times.size() != rows || raw.target.size() != rows) {
    throw Error(Code::shape, "[panel] received " + std::to_string(rows) + " series names, " +
                                 std::to_string(raw.times.size()) + " times and " +
                                 std::to_string(raw.target.size()) +
                                 " targets, expected columns of one length");
  }
  // Loops without a way out go through vectors; what is wrong is looked for only if something is.
  const auto series_count = static_cast<uint32_t>(raw.ids.size());
  bool known = true, finite = true, in_calendar = true;
  for (const int32_t s : raw.series) known &= static_cast<uint32_t>(s) < series_count;
  check_internal(known, "panel: index of a series in range");
  for (const double y : raw.target) finite &= y - y == 0 || (allow_missing && y != y);
  for (const int64_t t : raw.times) in_calendar &= t <= kMaxCalendarTime && t >= -kMaxCalendarTime;
  if (finite && (in_calendar || !raw.calendar)) return;
  for (size_t r = 0; r < rows; ++r) {
    const double y = raw.target[r];
    if (!std::isfinite(y) && !(allow_missing && std::isnan(y))) {
      throw row_error(place_of(raw, static_cast<int64_t>(r)), raw.calendar,
                      "the target is " + format_value(y) +
                          ", expected a finite number; fill or remove the row");
    }
    if (raw.calendar && (raw.times[r] > kMaxCalendarTime || raw.times[r] < -kMaxCalendarTime)) {
      throw row_error(place_of(raw, static_cast<int64_t>(r)), false,
                      "the time is outside the calendar, expected milliseconds since 1970-01-01 "
                      "within ±8.64e15");
    }
  }
}

Layout group_rows(const RawPanel& raw) {
  const size_t rows = raw.series.size();
  Layout layout;
  layout.offsets.assign(raw.ids.size() + 1, 0);
  bool is_grouped = true;
  for (size_t r = 0; r < rows;) {  // by runs: a counter for each row would wait for itself
    const size_t begin = r;
    const int32_t s = raw.series[begin];
    while (r < rows && raw.series[r] == s) ++r;
    layout.offsets[static_cast<size_t>(s) + 1] += static_cast<int64_t>(r - begin);
    is_grouped = is_grouped && (r == rows || raw.series[r] > s);
  }
  std::partial_sum(layout.offsets.begin(), layout.offsets.end(), layout.offsets.begin());
  for (size_t s = 0; s < raw.ids.size(); ++s) {
    if (layout.offsets[s] == layout.offsets[s + 1]) {
      throw Error(Code::empty,
                  "[panel] series \"" + raw.ids[s] + "\" has no rows, expected at least one");
    }
  }
  if (is_grouped) return layout;
  layout.order.resize(rows);
  std::vector<int64_t> next(layout.offsets.begin(), layout.offsets.end() - 1);
  for (size_t r = 0; r < rows; ++r) {
    layout.order[static_cast<size_t>(next[static_cast<size_t>(raw.series[r])]++)] =
        static_cast<int64_t>(r);
  }
  return layout;
}

void sort_series(const RawPanel& raw, int64_t begin, int64_t end, Layout& layout) {
  if (layout.order.empty()) {  // nearly always in order already
    bool rises = true;
    for (int64_t p = begin + 1; p < end; ++p)
      rises &= raw.times[static_cast<size_t>(p)] > raw.times[static_cast<size_t>(p) - 1];
    if (rises) return;
  }
  const auto time_at = [&](int64_t p) { return raw.times[static_cast<size_t>(layout.row(p))]; };
  int64_t p = begin + 1;
  while (p < end && time_at(p) >= time_at(p - 1)) ++p;
  if (p < end) {
    if (layout.order.empty()) {
      layout.order.resize(raw.times.size());
      std::iota(layout.order.begin(), layout.order.end(), int64_t{0});
    }
    std::stable_sort(layout.order.begin() + begin, layout.order.begin() + end,
                     [&](int64_t a, int64_t b) {
                       return raw.times[static_cast<size_t>(a)] < raw.times[static_cast<size_t>(b)];
                     });
    layout.was_sorted = false;
  }
  for (p = begin + 1; p < end; ++p) {
    if (time_at(p) != time_at(p - 1)) continue;
    const RowPlace first = place_of(raw, layout.row(p - 1));
    throw row_error(place_of(raw, layout.row(p)), raw.calendar,
                    "the series has this time twice, first in row " + std::to_string(first.row) +
                        " (value " + format_value(first.value) +
                        "); expected one row per time, remove or merge one of them");
  }
}

std::string plural(int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Error gap_error(const RawPanel& raw, const Frequency& f, const RowPlace& before,
                const RowPlace& after, int64_t steps) {
  constexpr int64_t kListed = 3;
  std::vector<std::string> missing;
  for (int64_t k = 1; k < steps && k <= kListed; ++k)
    missing.push_back(format_time(f.advance(before.time, k), raw.calendar));
  std::string list;
  for (const std::string& stamp : missing) list += (list.empty() ? "" : ", ") + stamp;
  if (steps - 1 > kListed)
    list += " … " + format_time(f.advance(before.time, steps - 1), raw.calendar);
  return row_error(
      after, raw.calendar,
      plural(steps - 1, "stamp is", "stamps are") + " missing before it (" + list +
          "), the previous row is " + std::to_string(before.row) + " (time " +
          format_time(before.time, raw.calendar) + "); expected a row every " + f.text() +
          ": fill the gap before fit, or give the option frequency if the data's is another",
      missing, steps - 1);
}

/// Every row lies one step after the one before it.
void check_steps(const RawPanel& raw, const Layout& layout, std::span<const int64_t> times,
                 const Frequency& f, const std::string& origin) {
  for (size_t s = 0; s + 1 < layout.offsets.size(); ++s) {
    const int64_t begin = layout.offsets[s], end = layout.offsets[s + 1];
    if (!f.on_grid(times[static_cast<size_t>(begin)])) {
      throw row_error(place_of(raw, layout.row(begin)), raw.calendar,
                      "the time is no stamp of the " + origin + " frequency " + f.text() +
                          "; correct it or give the option frequency");
    }
    if (f.is_regular(times.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))))
      continue;
    for (int64_t p = begin + 1; p < end; ++p) {
      const int64_t previous = times[static_cast<size_t>(p) - 1],
                    current = times[static_cast<size_t>(p)];
      const int64_t steps = f.steps_between(previous, current);
      if (steps == 1) continue;
      const RowPlace after = place_of(raw, layout.row(p));
      if (steps > 1) throw gap_error(raw, f, place_of(raw, layout.row(p - 1)), after, steps);
      throw row_error(after, raw.calendar,
                      "the step from the previous stamp, " + format_time(previous, raw.calendar) +
                          ", is no multiple of the " + origin + " frequency " + f.text() +
                          "; correct the time, regularise the series or give the option frequency");
    }
  }
}

Frequency given_frequency(const std::string& text, bool calendar) {
  const Frequency f = Frequency::parse(text);
  if (f.is_calendar() == calendar) return f;
  throw Error(Code::config,
              calendar
                  ? "[frequency] received the integer " + f.text() +
                        " for calendar times, expected a unit such as \"D\", \"MS\" or \"15min\""
                  : "[frequency] received \"" + f.text() +
                        "\" for integer times, expected an integer such as \"1\"");
}

}  // namespace

Panel::Panel(RawPanel raw, const PanelOptions& options) : calendar_(raw.calendar) {
  check_values(raw, options.allow_missing);
  check_columns(raw);
  Layout layout = group_rows(raw);
  for (size_t s = 0; s < raw.ids.size(); ++s)
    sort_series(raw, layout.offsets[s], layout.offsets[s + 1], layout);

  std::vector<int64_t> sorted_times;
  if (!layout.order.empty()) {
    sorted_times.reserve(raw.times.size());
    for (const int64_t row : layout.order)
      sorted_times.push_back(raw.times[static_cast<size_t>(row)]);
  }
  const std::span<const int64_t> times = layout.order.empty() ? raw.times : sorted_times;

  size_t longest = 0;
  for (size_t s = 0; s < raw.ids.size(); ++s) {
    if (layout.offsets[s + 1] - layout.offsets[s] >
        layout.offsets[longest + 1] - layout.offsets[longest])
      longest = s;
  }
  const bool infer = options.frequency.empty();
  frequency_ =
      infer ? Frequency::most_common(times.subspan(static_cast<size_t>(layout.offsets[longest]),
                                                   static_cast<size_t>(layout.offsets[longest + 1] -
                                                                       layout.offsets[longest])),
                                     calendar_)
            : given_frequency(options.frequency, calendar_);
  check_steps(raw, layout, times, frequency_, infer ? "inferred" : "given");

  for (size_t s = 0; s < raw.ids.size(); ++s) {
    first_.push_back(times[static_cast<size_t>(layout.offsets[s])]);
    last_.push_back(times[static_cast<size_t>(layout.offsets[s + 1]) - 1]);
  }
  const auto place = [&](std::vector<double>& values) {
    if (layout.order.empty()) return;
    std::vector<double> placed;
    placed.reserve(layout.order.size());
    for (const int64_t row : layout.order) placed.push_back(values[static_cast<size_t>(row)]);
    values = std::move(placed);
  };
  target_ = std::move(raw.target);
  place(target_);
  features_ = std::move(raw.features);
  for (Feature& column : features_) place(column.values);
  statics_ = std::move(raw.statics);
  was_sorted_ = layout.was_sorted;
  has_missing_ = data::has_missing(target_);
  offsets_ = std::move(layout.offsets);
  ids_ = std::move(raw.ids);
}

int64_t Panel::longest() const {
  int64_t longest = 0;
  for (int64_t s = 0; s < series_count(); ++s) longest = std::max(longest, length(s));
  return longest;
}

std::span<const double> Panel::target(int64_t s) const {
  return std::span<const double>(target_).subspan(static_cast<size_t>(begin(s)),
                                                  static_cast<size_t>(length(s)));
}

std::span<double> Panel::mutable_target(int64_t s) {
  return std::span<double>(target_).subspan(static_cast<size_t>(begin(s)),
                                            static_cast<size_t>(length(s)));
}

std::span<const double> Panel::rows_of(const Feature& feature, int64_t s) const {
  return std::span<const double>(feature.values)
      .subspan(static_cast<size_t>(begin(s)), static_cast<size_t>(length(s)));
}

std::span<const double> Panel::future_of(const Feature& feature, int64_t s) const {
  const size_t steps = feature.future.size() / ids_.size();
  return std::span<const double>(feature.future).subspan(static_cast<size_t>(s) * steps, steps);
}

void Panel::open_like(const Panel& from) {
  offsets_.push_back(0);
  frequency_ = from.frequency_;
  calendar_ = from.calendar_;
  has_missing_ = from.has_missing_;
  const auto names = [](const std::vector<Feature>& columns) {
    std::vector<Feature> empty;
    for (const Feature& column : columns) empty.push_back({column.name, {}, column.categories, {}});
    return empty;
  };
  features_ = names(from.features_);
  statics_ = names(from.statics_);
}

void Panel::append(const Panel& from, int64_t s, int64_t begin, int64_t end) {
  const auto kept = [&](std::span<const double> rows) {
    return rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  };
  const auto target = kept(from.target(s));
  ids_.push_back(from.ids_[static_cast<size_t>(s)]);
  target_.insert(target_.end(), target.begin(), target.end());
  for (size_t c = 0; c < features_.size(); ++c) {
    const auto rows = kept(from.rows_of(from.features_[c], s));
    features_[c].values.insert(features_[c].values.end(), rows.begin(), rows.end());
  }
  for (size_t c = 0; c < statics_.size(); ++c)
    statics_[c].values.push_back(from.statics_[c].values[static_cast<size_t>(s)]);
  offsets_.push_back(static_cast<int64_t>(target_.size()));
}

Panel Panel::tail(int64_t steps) const {
  check_internal(steps >= 1, "panel: a tail of at least one row");
  Panel tail;
  tail.open_like(*this);
  tail.last_ = last_;
  for (int64_t s = 0; s < series_count(); ++s) {
    const int64_t kept = std::min(steps, length(s));
    tail.append(*this, s, length(s) - kept, length(s));
    tail.first_.push_back(frequency_.advance(last_time(s), 1 - kept));
  }
  for (size_t c = 0; c < features_.size(); ++c) tail.features_[c].future = features_[c].future;
  return tail;
}

Panel Panel::select(std::span<const Piece> pieces) const {
  Panel selected;
  selected.open_like(*this);
  for (const auto& [s, begin, end] : pieces) {
    check_internal(begin >= 0 && begin < end && end <= length(s), "panel: rows of a piece");
    selected.append(*this, s, begin, end);
    selected.first_.push_back(frequency_.advance(first_time(s), begin));
    selected.last_.push_back(frequency_.advance(first_time(s), end - 1));
  }
  return selected;
}

Panel make_panel(std::vector<std::string> ids, std::vector<int64_t> offsets,
                 std::vector<double> target, std::vector<int64_t> last, Frequency frequency,
                 bool calendar) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw Error(Code::file, "[panel] the saved series are damaged: " + what);
  };
  require(!ids.empty(), "no series");
  require(offsets.size() == ids.size() + 1 && last.size() == ids.size(),
          "tables of different length");
  require(offsets.front() == 0 && offsets.back() == static_cast<int64_t>(target.size()),
          "offsets that do not span the values");
  for (size_t s = 0; s < ids.size(); ++s) require(offsets[s] < offsets[s + 1], "an empty series");
  require(std::none_of(target.begin(), target.end(), [](double v) { return std::isinf(v); }),
          "a value that is infinite");
  require(frequency.is_calendar() == calendar, "a frequency of another kind of time");
  for (const int64_t t : last) {
    require(!calendar || (t <= kMaxCalendarTime && t >= -kMaxCalendarTime),
            "a time outside the calendar");
    require(frequency.on_grid(t), "a time off the frequency's grid");
  }
  Panel panel;
  for (size_t s = 0; s < ids.size(); ++s) {
    panel.first_.push_back(frequency.advance(last[s], 1 - (offsets[s + 1] - offsets[s])));
  }
  panel.ids_ = std::move(ids);
  panel.offsets_ = std::move(offsets);
  panel.has_missing_ = has_missing(target);
  panel.target_ = std::move(target);
  panel.last_ = std::move(last);
  panel.frequency_ = std::move(frequency);
  panel.calendar_ = calendar;
  return panel;
}

}  // namespace nd::data
