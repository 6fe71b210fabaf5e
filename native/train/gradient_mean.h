// Gradient accumulation: a step whose gradient is that of several batches together. Memory stays
// that of one batch; the descent is that of one batch with the windows of all.
#pragma once

#include <span>

#include "graph/parameters.h"

namespace nd::parallel {
class Team;
}

namespace nd::train {

/// The mean of gradients and losses of the batches of one step, each weighted with its Σ w: equal
/// to one batch of all the windows for every loss that is a mean over them. The gradient of a
/// single batch is handed through as it is.
class GradientMean {
 public:
  /// Room for `size` gradients, if there is more than one batch.
  GradientMean(int64_t batches, size_t size);
  void clear();
  /// Adds the gradient of one batch with loss and Σ w; may change `gradients`, which must live
  /// until gradients() is not needed any more.
  void add(std::span<float> gradients, double loss, double weight, parallel::Team* team);
  bool empty() const { return added_ == 0; }
  double loss() const;
  /// To be called once, after the last batch.
  std::span<float> gradients(parallel::Team* team);

 private:
  FloatBuffer sum_;  // empty when a step has one batch
  std::span<float> only_;
  int64_t added_ = 0;
  double loss_ = 0, weight_ = 0;
};

}  // namespace nd::train
