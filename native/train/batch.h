// Windows into plan inputs: gathers, scales and masks a batch in parallel and keeps the statistics
// that bring a forecast back to the scale of the series.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/panel.h"
#include "data/scalers.h"
#include "data/windows.h"
#include "graph/plan.h"
#include "train/exogenous.h"

namespace nd::parallel {
class Team;
}

namespace nd::train {

/// How windows of one model are read; the same for training, validation and prediction.
struct BatchOptions {
  data::WindowLayout layout;
  data::WindowScaler scaler = data::WindowScaler::identity;
  data::RevinAffine revin;
  bool exclude_insample_y = false, compat = false;
  data::Exogenous exogenous{};
  bool recurrent = false;  ///< exogenous inputs of a step are those of the step that it forecasts
  bool distribution = false;    ///< the targets are those of a distribution loss
  std::string sample_weight{};  ///< column of the weights of rows in the loss; "" = all weigh 1
};

/// One batch as the network sees it, in buffers of a fixed capacity: one row per window, N rows per
/// multivariate one. Rows after the last window are zero, so that nothing of an earlier batch leaks
/// into sums that span the batch.
class WindowBatch {
 public:
  /// `windows`: those of the largest plan that it feeds.
  WindowBatch(const BatchOptions& options, int64_t windows);
  /// Gathers `windows` (at most `capacity()`, whole groups of N) of `panel`; rows in the last
  /// `hidden` of a series count as unobserved. With `with_target` the horizon is gathered too. The
  /// panel has the exogenous columns (check_columns).
  void load(const data::Panel& panel, std::span<const data::WindowRef> windows, int64_t hidden,
            bool with_target, parallel::Team* team);

  int64_t count() const { return count_; }                                 ///< rows in use
  int64_t capacity() const { return capacity_; }                           ///< rows
  std::span<const float> insample_y() const { return insample_y_; }        ///< [capacity, L]
  std::span<const float> insample_mask() const { return insample_mask_; }  ///< [capacity, L]
  std::span<const float> outsample_y() const { return outsample_y_; }      ///< [capacity, H]
  std::span<const float> outsample_mask() const { return outsample_mask_; }
  /// [capacity, H]: the mask times the weights of the rows.
  std::span<const float> outsample_weight() const {
    return options_.sample_weight.empty() ? outsample_mask_ : outsample_weight_;
  }
  /// Of every row in use.
  std::span<const data::WindowStatistics> statistics() const {
    return std::span(statistics_).first(static_cast<size_t>(count_));
  }
  const data::WindowStatistics& statistics(int64_t row) const {
    return statistics_[static_cast<size_t>(row)];
  }

  /// Copies the network's inputs into `plan`, for at least as many windows as the batch holds now.
  /// A recurrent network that trains also reads the horizon as history, up to its last step.
  void feed(Plan& plan) const;

 private:
  void feed_history(Plan& plan, const char* name, const std::vector<float>& insample,
                    const std::vector<float>& outsample) const;
  void load_targets(const data::Panel& panel, std::span<const data::WindowRef> windows,
                    int64_t hidden);
  void load_weights(const data::Panel& panel, std::span<const data::WindowRef> windows,
                    int64_t hidden);
  BatchOptions options_;
  int64_t capacity_, count_ = 0;
  std::vector<float> insample_y_, insample_mask_, outsample_y_, outsample_mask_;
  ExogenousBatch exogenous_;
  std::vector<float> outsample_weight_;          // empty without weights of rows
  std::vector<float> z_, target_, loc_, scale_;  // of a distribution loss
  std::vector<data::WindowStatistics> statistics_;
};

}  // namespace nd::train
