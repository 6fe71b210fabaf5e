// Errors about one row of the caller's table: the same facts as text and as JSON details.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace nd::data {

/// A row as the caller knows it.
struct RowPlace {
  std::string series;
  int64_t row = 0;  ///< of the caller's table, from 0
  int64_t time = 0;
  double value = 0;
};

/// `[panel] series "A", row 3 (time 2020-01-01, value NaN): ` + explanation; details {series, row,
/// time, value} and, when there are any, `missing` (stamps) and `missingCount`. NaN and infinities
/// are strings in the details.
Error row_error(const RowPlace& place, bool calendar, const std::string& explanation,
                const std::vector<std::string>& missing = {}, int64_t missing_count = 0);

/// Shortest text that reads back as the same number; "NaN", "Infinity", "-Infinity".
std::string format_value(double value);

}  // namespace nd::data
