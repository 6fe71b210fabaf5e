// The gradient of one step: draws windows, fills batches with them, runs the plan and averages over
// the batches of the step. What fits and trials (train/trial.h) have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "data/windows.h"
#include "train/batch.h"
#include "train/gradient_mean.h"
#include "train/plan_ladder.h"
#include "train/quantile_draws.h"
#include "train/teacher.h"
#include "train/trainer.h"

namespace nd::train {

/// How windows are read by the network of a request.
BatchOptions batch_options(const TrainRequest& request, Use use);

/// Not thread-safe.
class StepGradient {
 public:
  /// `request` must outlive it. Without `random` no dropout drops anything. Throws E0003 when no
  /// series has a window.
  explicit StepGradient(const TrainRequest& request, bool random = true);

  const data::TrainingWindows& windows() const { return windows_; }
  /// Windows of a step at most.
  int64_t capacity() const { return sampler_.capacity(); }
  /// Computes the gradient of step `step` (from 0) at `parameters`, whose statistics of batches it
  /// moves on, and gives the loss; none when no series of the step's draws is long enough. With a
  /// loss that is not finite there is no gradient.
  std::optional<double> run(int64_t step, FloatBuffer& parameters, parallel::Team* team);
  /// Of the trainable parameters; to be called once after each run() that gave a finite loss.
  std::span<float> gradients(parallel::Team* team) { return mean_.gradients(team); }

  /// Of the last batch: its windows, as they were drawn and as the plan that ran has them.
  const data::WindowDraw& draw() const { return draw_; }
  const WindowBatch& batch() const { return batch_; }
  Plan& plan() { return *plan_; }
  /// Bytes of the plans that exist now.
  int64_t memory_bytes() const { return plans_.memory_bytes(); }

 private:
  data::WindowSampler::Options sampler_options() const;
  double feed_weights();
  double run_batch(int64_t number, FloatBuffer& parameters, parallel::Team* team);
  size_t trainable() const { return static_cast<size_t>(network_.table().trainable_total()); }

  const TrainRequest& r_;
  const Network& network_;
  BatchOptions options_;
  data::TrainingWindows windows_;
  data::WindowSampler sampler_;
  data::WindowDraw draw_;
  std::optional<QuantileFeed> quantiles_;  // of a loss of implicit quantiles
  std::optional<TeacherFeed> teacher_;     // of a distilling loss
  PlanLadder plans_;
  WindowBatch batch_;
  Plan* plan_ = nullptr;  // of the last batch
  FloatBuffer gradients_;
  GradientMean mean_;
};

}  // namespace nd::train
