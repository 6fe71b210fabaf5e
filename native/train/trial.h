// Training that is only looked at: steps of a throwaway network at rates that the caller says. What
// the finders of learning rate and batch size and the check of one batch are made of.
#pragma once

#include <cstdint>
#include <functional>

#include "parallel/team.h"
#include "train/step_gradient.h"
#include "train/weight_update.h"

namespace nd::train {

/// The request of a trial as a fit would make it, without what belongs to the course of a fit:
/// schedule, warm-up, early stopping, validation, accumulation.
TrainRequest trial_request(TrainRequest request, int64_t steps);

class Trial {
 public:
  enum class Windows : uint8_t {
    as_a_fit,  ///< those that a fit would draw, with dropout
    one_batch  ///< the same ones in every step, without dropout
  };
  /// `request`, of trial_request(), and `parameters` must outlive it. Throws what check_request()
  /// throws.
  Trial(const TrainRequest& request, FloatBuffer& parameters, Windows windows = Windows::as_a_fit);

  /// One step at `rate`: gives the loss before it. After a loss or an update that is not finite
  /// nothing more can be learned: NaN or infinity.
  double step(double rate);
  const StepGradient& gradient() const { return gradient_; }
  StepGradient& gradient() { return gradient_; }

 private:
  const TrainRequest& r_;
  FloatBuffer& parameters_;
  Windows kind_;
  parallel::ScopedFlushDenormals flush_;
  parallel::Team team_;
  StepGradient gradient_;
  WeightUpdate update_;
  int64_t next_ = 0;
};

}  // namespace nd::train
