// What happens when a fit diverges: weights of the last known good step, and an error that says why
// it may have happened and what to try.
#pragma once

#include <string>

#include "data/panel.h"
#include "graph/parameters.h"
#include "train/config.h"
#include "train/gradient_monitor.h"

namespace nd::train {

/// The latest weights that gave a finite loss, copied rarely.
class LastGood {
 public:
  void keep(const FloatBuffer& parameters, int64_t step) {
    parameters_ = parameters;
    step_ = step;
  }
  /// Step of the kept weights, -1 before the first.
  int64_t step() const { return step_; }
  void restore(FloatBuffer& parameters) const {
    if (step_ >= 0) parameters = parameters_;
  }

 private:
  FloatBuffer parameters_;
  int64_t step_ = -1;
};

/// E0009 for step `step` (steps done before it), naming the likely cause; details {"step",
/// "lastGoodStep"}, and "gradientWarnings" where there is a monitor. `what`: "the training loss
/// became nan".
[[noreturn]] void throw_diverged(const std::string& model, const std::string& what, int64_t step,
                                 int64_t last_good_step, double learning_rate,
                                 const TrainConfig& config, const data::Panel& panel,
                                 const GradientMonitor* monitor);

}  // namespace nd::train
