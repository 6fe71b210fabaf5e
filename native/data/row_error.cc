#include "data/row_error.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/calendar.h"

namespace nd::data {

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

Error row_error(const RowPlace& place, bool calendar, const std::string& explanation,
                const std::vector<std::string>& missing, int64_t missing_count) {
  const std::string time = format_time(place.time, calendar);
  nlohmann::ordered_json details = {{"series", place.series}, {"row", place.row}};
  if (calendar) {
    details["time"] = time;
  } else {
    details["time"] = place.time;
  }
  if (std::isfinite(place.value)) {
    details["value"] = place.value;
  } else {
    details["value"] = format_value(place.value);
  }
  if (missing_count > 0) {
    details["missing"] = missing;
    details["missingCount"] = missing_count;
  }
  return Error(Code::data,
               "[panel] series \"" + place.series + "\", row " + std::to_string(place.row) +
                   " (time " + time + ", value " + format_value(place.value) + "): " + explanation,
               details.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace nd::data
