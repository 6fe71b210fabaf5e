#include "data/missing.h"

#include <algorithm>
#include <cmath>

namespace nd::data {

bool has_missing(std::span<const double> values) {
  bool whole = true;  // without a way out, so that the loop goes through vectors
  for (const double v : values) whole &= v == v;
  return !whole;
}

std::span<const double> observed_values(std::span<const double> values, std::vector<double>& room) {
  if (!has_missing(values)) return values;
  room.clear();
  std::ranges::copy_if(values, std::back_inserter(room), [](double v) { return !std::isnan(v); });
  return room;
}

ObservedCounts::ObservedCounts(std::span<const double> values) {
  before_.reserve(values.size() + 1);
  before_.push_back(0);
  for (const double v : values) before_.push_back(before_.back() + (std::isnan(v) ? 0 : 1));
}

int64_t ObservedCounts::in(int64_t begin, int64_t end) const {
  const auto at = [&](int64_t row) {
    return before_[static_cast<size_t>(
        std::clamp<int64_t>(row, 0, static_cast<int64_t>(before_.size()) - 1))];
  };
  return std::max<int64_t>(0, at(end) - at(begin));
}

}  // namespace nd::data
