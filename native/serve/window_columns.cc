#include "serve/window_columns.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/options.h"
#include "train/exogenous.h"

namespace nd::serve {

namespace {
constexpr const char* kPlace = "predictor";

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

std::string number(int64_t value) { return std::to_string(value); }

/// Columns of one kind, and how many values each of them has.
struct Kind {
  const char* name;    ///< in messages
  const char* option;  ///< of the call
  const char* unit;    ///< what values are of
  std::vector<std::string> columns;
  std::span<const data::Feature> given;
  int64_t units, known, coming;  ///< values of each unit: of its steps, and of the steps after it
};

std::vector<std::string> all_of(const data::Exogenous::Kind& kind) {
  std::vector<std::string> names = kind.numeric;
  names.insert(names.end(), kind.categorical.begin(), kind.categorical.end());
  return names;
}

std::string meaning(const Kind& kind) {
  std::string text = number(kind.units * (kind.known + kind.coming)) + ": ";
  text += number(kind.known) + (kind.known == 1 ? " value" : " values");
  if (kind.coming > 0) text += " and the " + number(kind.coming) + " to come";
  return text + " for each of " + number(kind.units) + " " + kind.unit;
}

/// The values of one column as they were given, or an error that says what is wrong with them.
const data::Feature& column_of(const ColumnReading& reading, const Kind& kind,
                               const std::string& name) {
  const std::string opening = std::string("[") + kPlace + "] " + reading.model + " reads the " +
                              kind.name + " column " + quoted(name) + ", ";
  const data::Feature* const column = data::find_feature(kind.given, name);
  if (column == nullptr) {
    throw Error(Code::features, opening + "which is missing; expected the option " + kind.option +
                                    " with its values, " + meaning(kind));
  }
  const auto count = static_cast<int64_t>(column->values.size());
  if (kind.coming > 0 && count == kind.units * kind.known) {
    throw Error(Code::features, opening + "received " + number(count) +
                                    " values without those of the steps to come, expected " +
                                    meaning(kind));
  }
  if (count != kind.units * (kind.known + kind.coming)) {
    throw Error(Code::shape,
                opening + "received " + number(count) + " values, expected " + meaning(kind));
  }
  for (int64_t i = 0; i < count; ++i) {
    const double value = column->values[static_cast<size_t>(i)];
    if (std::isfinite(value)) continue;
    throw Error(Code::data, opening + "received " + std::to_string(value) + " at place " +
                                number(i) + ", expected finite values");
  }
  return *column;
}

void refuse_unknown(const ColumnReading& reading, std::span<const data::Feature> given,
                    const std::vector<std::string>& known, const char* option) {
  for (const data::Feature& column : given) {
    if (std::find(known.begin(), known.end(), column.name) != known.end()) continue;
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + quoted(name);
    const std::string closest = closest_name(column.name, known);
    throw Error(Code::features,
                std::string("[") + kPlace + "] received the column " + quoted(column.name) +
                    " in " + option + ", which " + reading.model + " does not read; expected " +
                    (list.empty() ? "none" : list) +
                    (closest.empty() ? "" : "; did you mean " + quoted(closest) + "?"));
  }
}
}  // namespace

data::Panel window_panel(const ColumnReading& reading, const WindowColumns& given,
                         std::span<const double> windows, const WindowCounts& counts) {
  const auto [count, length, horizon, series] = counts;
  const data::Exogenous& names = reading.names;
  const Kind futr{"future",       "exogenous", "window(s)", all_of(names.futr),
                  given.features, count,       length,      horizon};
  const Kind hist{"historic",     "exogenous", "window(s)", all_of(names.hist),
                  given.features, count,       length,      0};
  const Kind stat{"static",
                  "statics",
                  series > 1 ? "series" : "window(s)",
                  all_of(names.stat),
                  given.statics,
                  series > 1 ? series : count,
                  1,
                  0};
  std::vector<std::string> features = futr.columns;
  features.insert(features.end(), hist.columns.begin(), hist.columns.end());
  refuse_unknown(reading, given.features, features, "exogenous");
  refuse_unknown(reading, given.statics, stat.columns, "statics");

  std::vector<int64_t> offsets(static_cast<size_t>(count) + 1);
  for (size_t s = 0; s < offsets.size(); ++s) offsets[s] = static_cast<int64_t>(s) * length;
  data::Panel panel = data::make_panel(std::vector<std::string>(static_cast<size_t>(count)),
                                       std::move(offsets), {windows.begin(), windows.end()},
                                       std::vector<int64_t>(static_cast<size_t>(count), length - 1),
                                       data::Frequency(), false);
  for (const Kind* const kind : {&futr, &hist}) {
    for (const std::string& name : kind->columns) {
      const data::Feature& from = column_of(reading, *kind, name);
      data::Feature column{name, {}, from.categories};
      for (int64_t unit = 0; unit < kind->units; ++unit) {
        const auto first = from.values.begin() + unit * (kind->known + kind->coming),
                   end = first + kind->known;
        column.values.insert(column.values.end(), first, end);
        column.future.insert(column.future.end(), end, end + kind->coming);
      }
      panel.mutable_features().push_back(std::move(column));
    }
  }
  for (const std::string& name : stat.columns) {
    data::Feature column = column_of(reading, stat, name);
    column.values.resize(static_cast<size_t>(count));
    for (size_t s = static_cast<size_t>(stat.units); s < column.values.size(); ++s)
      column.values[s] = column.values[s - static_cast<size_t>(stat.units)];
    panel.mutable_statics().push_back(std::move(column));
  }
  train::check_columns(reading.names, panel, reading.model, kPlace);
  return reading.prepare(std::move(panel));
}

}  // namespace nd::serve
