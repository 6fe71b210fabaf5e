#include "train/frozen.h"

#include <algorithm>

namespace nd::train {

namespace {
constexpr int64_t kLanes = 16;  // floats of a cache line, at which every parameter begins
}  // namespace

bool is_frozen(const std::vector<std::string>& frozen, const std::string& name) {
  return std::find(frozen.begin(), frozen.end(), name) != frozen.end();
}

std::vector<FlatRange> learning_ranges(const ParameterTable& table,
                                       const std::vector<std::string>& frozen) {
  std::vector<FlatRange> ranges;
  for (const ParameterEntry& entry : table.entries()) {
    if (!entry.trainable || is_frozen(frozen, entry.name)) continue;
    const int64_t end = entry.offset + entry.extent;
    // The lanes between two neighbours are padding.
    const bool neighbours = !ranges.empty() && entry.offset - ranges.back().end < kLanes;
    if (neighbours) {
      ranges.back().end = end;
    } else {
      ranges.push_back({entry.offset, end});
    }
  }
  return ranges;
}

}  // namespace nd::train
