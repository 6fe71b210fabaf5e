// Forecasts of many windows with one inference plan, and their loss in original scale: what
// validation, prediction and later backtests share.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/cancel.h"
#include "models/network.h"
#include "train/batch.h"
#include "train/plan_ladder.h"
#include "train/readout.h"

namespace nd::train {

/// Runs a network over lists of windows, `capacity` rows at a time.
class WindowForecaster {
 public:
  /// `windows`: the most of one run; `options.layout` is that of `use`, validate or predict.
  /// `columns`: what the forecast is read out as.
  WindowForecaster(const Network& network, const BatchOptions& options, ForecastColumns columns,
                   int64_t windows, parallel::Team* team, Use use = Use::predict);
  /// Gathers and forecasts at most `capacity()` rows, whole groups of N for a multivariate network;
  /// gives [rows, H, columns] in the scale of the panel, valid until the next call.
  std::span<const double> run(const data::Panel& panel, std::span<const data::WindowRef> windows,
                              std::span<const float> parameters, const CancelToken* cancel);
  /// Of the last run: the network's outputs [rows, H, Q] and the statistics of each row.
  std::span<const float> raw() const { return raw_; }
  std::span<const data::WindowStatistics> statistics() const { return batch_.statistics(); }
  /// Tells that `parameters` differ from those of the last run.
  void parameters_changed() { changed_ = true; }
  int64_t capacity() const { return batch_.capacity(); }  ///< rows: windows, times N

 private:
  const Network& network_;
  PlanLadder plans_;
  WindowBatch batch_;
  Readout readout_;
  parallel::Team* team_;
  std::span<const float> raw_;
  std::vector<double> forecasts_;
  bool changed_ = true;
};

/// Windows per batch of inference: `inference_windows_batch_size`, bounded by the windows there are
/// and by a limit that keeps buffers small (a loss that is no plain mean, as RMSE, is then averaged
/// over batches).
int64_t inference_batch(int64_t inference_windows_batch_size, int64_t windows);

/// The validation loss of the reference: windows of the last val_size rows, forecasts after inverse
/// window scaling, `loss` in float64 per batch, averaged with the number of windows as weight. +inf
/// when it is not finite.
class Validator {
 public:
  /// Throws E0003 when there is no validation window.
  Validator(const Network& network, const Loss& loss, const data::Panel& panel,
            const BatchOptions& options, int64_t inference_windows_batch_size,
            parallel::Team* team);
  double evaluate(std::span<const float> parameters, const CancelToken* cancel);

 private:
  /// Leaves out windows of which no target is known.
  void drop_unobserved();
  /// Multiplies the mask of a horizon with the weights of its rows.
  void weigh(const data::WindowRef& window, std::span<double> mask) const;

  const Loss& loss_;
  const data::Panel& panel_;
  BatchOptions options_;
  bool likelihood_;  // the loss reads the outputs, not the forecast
  std::vector<data::WindowRef> windows_;
  std::unique_ptr<WindowForecaster> forecaster_;
};

}  // namespace nd::train
