// Targets that are missing: NaN in a panel that may hold them. They are steps like those before the
// beginning of a series: nothing of them is learned or judged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nd::data {

bool has_missing(std::span<const double> values);

/// `values` without those that are missing: themselves where none is, else copied into `room`.
std::span<const double> observed_values(std::span<const double> values, std::vector<double>& room);

/// How many values of a series are observed, in O(1) for any stretch of it.
class ObservedCounts {
 public:
  explicit ObservedCounts(std::span<const double> values);
  /// Of rows [begin, end), of which those outside of the series count as missing.
  int64_t in(int64_t begin, int64_t end) const;

 private:
  std::vector<int64_t> before_;  // row i: observed rows before it
};

}  // namespace nd::data
