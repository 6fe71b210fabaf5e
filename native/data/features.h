// Columns beside the target: what is known of each row of a panel, of the rows that follow its
// ends, and of each series as a whole.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/frequency.h"

namespace nd::data {

class Panel;

/// One column: numbers, or categories as places in a list of texts.
struct Feature {
  std::string name;
  std::vector<double> values;             ///< per row of the panel; of a static column per series
  std::vector<std::string> categories{};  ///< the text of each place; empty = numbers
  /// [series · steps] the values of the rows after each series' last one; empty = not known.
  std::vector<double> future{};

  bool is_numeric() const { return categories.empty(); }
};

/// What a network reads beside the target, by name: future columns (known before they happen),
/// historic ones, and what is known of a series as a whole. Networks read numbers before
/// categories.
struct Exogenous {
  struct Kind {
    std::vector<std::string> numeric{}, categorical{};
    bool empty() const { return numeric.empty() && categorical.empty(); }
    bool operator==(const Kind&) const = default;
  };
  Kind futr{}, hist{}, stat{};
  bool empty() const { return futr.empty() && hist.empty() && stat.empty(); }
};

/// The column of that name, or nullptr.
const Feature* find_feature(std::span<const Feature> features, std::string_view name);

/// Rows that may follow the ends of a panel's series, as the caller hands them over, in any order.
struct RawFuture {
  std::vector<std::string> ids;  ///< distinct series names
  std::vector<int32_t> series;   ///< per row
  std::vector<int64_t> times;    ///< per row, of the panel's kind
  std::vector<Feature> features;
};

/// Gives `panel` the `steps` rows after the end of each of its series for the columns `names`,
/// which it has. Rows of other series and times are not read. Throws E0004 for a column or row that
/// is missing (details: {missing, rows: the first of them}), E0011 for a time given twice and for
/// numbers that are not finite.
void set_future(Panel& panel, const RawFuture& future, std::span<const std::string> names,
                int64_t steps, const char* place);

}  // namespace nd::data
