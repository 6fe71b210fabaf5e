#include "train/panel_checks.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/row_error.h"

namespace nd::train {

namespace {
data::RowPlace place_of(const data::Panel& panel, int64_t s, int64_t row) {
  return {panel.ids()[static_cast<size_t>(s)], row,
          panel.frequency().advance(panel.first_time(s), row),
          panel.target(s)[static_cast<size_t>(row)]};
}
}  // namespace

void check_support(const Network& network, const data::Panel& panel) {
  const Distribution* distribution = network.loss().distribution().get();
  if (distribution == nullptr) return;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const std::span<const double> target = panel.target(s);
    for (size_t row = 0; row < target.size(); ++row) {
      const double y = target[row];
      if (std::isnan(y) || distribution->supports(y)) continue;
      throw data::row_error(place_of(panel, s, static_cast<int64_t>(row)), panel.calendar(),
                            std::string(network.spec().name) + " expects " +
                                std::string(distribution->support()) +
                                ", because its loss learns such a distribution; a localScaler "
                                "changes what a value is");
    }
  }
}

void check_weights(const std::string& column, const data::Panel& panel) {
  const std::string name = "\"" + column + "\" (sampleWeight)";
  const data::Feature* weights = data::find_feature(panel.features(), column);
  if (weights == nullptr) throw Error(Code::features, "[fit] the panel has no column " + name);
  if (!weights->is_numeric())
    throw Error(Code::data, "[fit] the column " + name + " holds texts, expected weights");
  bool any = false;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const std::span<const double> rows = panel.rows_of(*weights, s);
    for (size_t row = 0; row < rows.size(); ++row) {
      any |= rows[row] > 0;
      if (rows[row] >= 0) continue;
      throw data::row_error(place_of(panel, s, static_cast<int64_t>(row)), panel.calendar(),
                            "the column " + name + " is " + data::format_value(rows[row]) +
                                ", expected a weight of at least 0");
    }
  }
  if (any) return;
  throw Error(Code::data, "[fit] the column " + name +
                              " is 0 in every row, expected at least one weight above 0");
}

}  // namespace nd::train
