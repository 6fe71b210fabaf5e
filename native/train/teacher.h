// Learning from another forecaster while training: what the training loop asks it for, and how its
// forecasts get into a plan.
#pragma once

#include <span>

#include "base/cancel.h"
#include "data/windows.h"
#include "graph/plan.h"
#include "losses/loss.h"
#include "train/batch.h"

namespace nd::train {

/// Forecasts the horizons of training windows. Not thread-safe.
class Teacher {
 public:
  virtual ~Teacher() = default;
  /// Forecasts [windows, H, K] of the horizons of windows with `layout`, from what was before them,
  /// in the scale of the panel that is trained on; K are the numbers of the network's Distillation.
  /// Valid until the next call. `team` is the same one in every call.
  virtual std::span<const double> forecast(std::span<const data::WindowRef> windows,
                                           const data::WindowLayout& layout, parallel::Team* team,
                                           const CancelToken* cancel) = 0;
};

/// Fills the inputs of a distilling network.
class TeacherFeed {
 public:
  /// `student` is the loss of the network, `options` say how its windows are read.
  TeacherFeed(Teacher& teacher, const Loss& student, const BatchOptions& options);
  /// Asks about the `windows` of a batch with these statistics and fills `plan`; spare rows get 0.
  void feed(Plan& plan, std::span<const data::WindowRef> windows,
            std::span<const data::WindowStatistics> statistics, parallel::Team* team,
            const CancelToken* cancel) const;

 private:
  Teacher& teacher_;
  const Loss& student_;
  const BatchOptions& options_;
};

}  // namespace nd::train
