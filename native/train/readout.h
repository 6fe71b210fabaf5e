// From raw network outputs to the columns of a forecast: inverse window scaling, the parameters of
// a distribution, its mean and quantiles; quantiles that never cross. What validation, prediction
// and serving share.
#pragma once

#include <span>
#include <vector>

#include "data/scalers.h"
#include "losses/columns.h"
#include "losses/loss.h"

namespace nd::train {

class Readout {
 public:
  /// `columns`: those of the loss, or others that it can give (requested_columns).
  Readout(const Loss& loss, ForecastColumns columns, data::WindowScaler scaler);
  const ForecastColumns& columns() const { return columns_; }
  size_t size() const { return columns_.size(); }
  /// Raw outputs [steps, Q] of one window to columns [steps, size()] in the scale of the panel.
  void read(const data::WindowStatistics& statistics, std::span<const float> raw,
            std::span<double> out) const;

 private:
  void read_quantiles(std::span<double> trained, std::span<double> out) const;
  void read_distribution(const data::WindowStatistics& statistics, std::span<const double> raw,
                         std::span<double> out) const;

  /// An asked quantile between two trained ones: places in ascending order, weight of the second.
  struct Between {
    size_t low, high;
    double weight;
  };
  std::shared_ptr<const Distribution> distribution_;
  ForecastColumns columns_;
  data::WindowScaler scaler_;
  size_t outputs_;
  std::vector<size_t> ascending_;  // trained outputs by quantile; empty: left as they are
  std::vector<Between> between_;   // empty: the columns are the outputs
};

}  // namespace nd::train
