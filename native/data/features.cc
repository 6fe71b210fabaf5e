#include "data/features.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "data/calendar.h"
#include "data/panel.h"
#include "data/row_error.h"

namespace nd::data {

namespace {
constexpr size_t kListed = 5;  // rows that a message names

/// For each cell (series, step after the end) the row that fills it; -1 = none.
std::vector<int64_t> find_rows(const Panel& panel, const RawFuture& future, int64_t steps,
                               const char* place) {
  std::unordered_map<std::string_view, int64_t> series_of;
  for (size_t s = 0; s < panel.ids().size(); ++s)
    series_of.emplace(panel.ids()[s], static_cast<int64_t>(s));
  std::vector<std::vector<int64_t>> wanted(panel.ids().size());  // stamps of the steps, by series
  std::vector<int64_t> rows(panel.ids().size() * static_cast<size_t>(steps), -1);
  for (size_t r = 0; r < future.series.size(); ++r) {
    const std::string& id = future.ids[static_cast<size_t>(future.series[r])];
    const auto found = series_of.find(id);
    if (found == series_of.end()) continue;
    const int64_t s = found->second, last = panel.last_time(s);
    auto& stamps = wanted[static_cast<size_t>(s)];
    for (int64_t k = static_cast<int64_t>(stamps.size()); k < steps; ++k)
      stamps.push_back(panel.frequency().advance(last, k + 1));
    const auto stamp = std::lower_bound(stamps.begin(), stamps.end(), future.times[r]);
    if (stamp == stamps.end() || *stamp != future.times[r]) continue;
    int64_t& row = rows[static_cast<size_t>(s * steps + (stamp - stamps.begin()))];
    if (row >= 0) {
      throw Error(Code::data, std::string("[") + place + "] the future rows " +
                                  std::to_string(row) + " and " + std::to_string(r) +
                                  " are both of the series \"" + id + "\" at " +
                                  format_time(future.times[r], panel.calendar()) +
                                  "; expected one row per time");
    }
    row = static_cast<int64_t>(r);
  }
  return rows;
}

/// Adds the texts that `known` lacks; gives the place of each in it.
std::vector<double> merge_categories(std::span<const std::string> texts,
                                     std::vector<std::string>& known) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < known.size(); ++i) places.emplace(known[i], i);
  std::vector<double> result;
  for (const std::string& text : texts) {
    const auto [at, added] = places.emplace(text, known.size());
    if (added) known.push_back(text);
    result.push_back(static_cast<double>(at->second));
  }
  return result;
}

void check_complete(const Panel& panel, std::span<const int64_t> rows, int64_t steps,
                    const char* place) {
  const auto missing = std::count(rows.begin(), rows.end(), -1);
  if (missing == 0) return;
  nlohmann::ordered_json listed = nlohmann::ordered_json::array();
  std::string list;
  for (size_t cell = 0; cell < rows.size() && listed.size() < kListed; ++cell) {
    if (rows[cell] >= 0) continue;
    const auto s = static_cast<int64_t>(cell) / steps, k = static_cast<int64_t>(cell) % steps;
    const std::string& id = panel.ids()[static_cast<size_t>(s)];
    const std::string time =
        format_time(panel.frequency().advance(panel.last_time(s), k + 1), panel.calendar());
    listed.push_back({{"series", id}, {"time", time}});
    list += (list.empty() ? "\"" : ", \"") + id + "\" at " + time;
  }
  throw Error(Code::features,
              std::string("[") + place + "] the future table lacks " + std::to_string(missing) +
                  " of " + std::to_string(rows.size()) + " rows (" + list +
                  (static_cast<size_t>(missing) > kListed ? ", …" : "") +
                  "); expected each series at each of the " + std::to_string(steps) +
                  " steps after its last row: missingFuture() lists what is missing, "
                  "makeFutureFrame() gives all rows",
              nlohmann::json{{"missing", missing}, {"rows", listed}}.dump(
                  -1, ' ', false, nlohmann::json::error_handler_t::replace));
}
}  // namespace

const Feature* find_feature(std::span<const Feature> features, std::string_view name) {
  const auto found = std::find_if(features.begin(), features.end(),
                                  [&](const Feature& feature) { return feature.name == name; });
  return found == features.end() ? nullptr : &*found;
}

void set_future(Panel& panel, const RawFuture& future, std::span<const std::string> names,
                int64_t steps, const char* place) {
  const std::vector<int64_t> rows = find_rows(panel, future, steps, place);
  check_complete(panel, rows, steps, place);
  for (Feature& column : panel.mutable_features()) {
    if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
    const Feature* given = find_feature(future.features, column.name);
    if (given == nullptr) {
      throw Error(Code::features,
                  std::string("[") + place + "] the future table has no column \"" + column.name +
                      "\", expected the values that are known of each step to come");
    }
    if (given->is_numeric() != column.is_numeric()) {
      throw Error(Code::data, std::string("[") + place + "] the column \"" + column.name +
                                  "\" holds " + (given->is_numeric() ? "numbers" : "texts") +
                                  " in the future table and " +
                                  (column.is_numeric() ? "numbers" : "texts") +
                                  " in the panel, expected one kind");
    }
    // Places in the future's list of texts become places in the panel's, which grows.
    const std::vector<double> place_of = merge_categories(given->categories, column.categories);
    column.future.clear();
    for (const int64_t row : rows) {
      const double value = given->values[static_cast<size_t>(row)];
      if (given->is_numeric() && !std::isfinite(value)) {
        throw Error(Code::data, std::string("[") + place + "] the column \"" + column.name +
                                    "\" of the future table is " + format_value(value) +
                                    " in row " + std::to_string(row) +
                                    ", expected a finite number");
      }
      column.future.push_back(given->is_numeric() ? value : place_of[static_cast<size_t>(value)]);
    }
  }
}

}  // namespace nd::data
