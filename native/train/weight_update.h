// From a gradient to other weights: clipping, weight normalisation, the optimiser's rule. What fits
// and trials (train/trial.h) have in common after the gradient is known.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/config.h"
#include "train/optimizer.h"
#include "train/weight_norm.h"

namespace nd::train {

/// What the buffers of an optimiser's state are aligned with: the trainable parameters of `table`,
/// or with weight normalisation what is learned in their place.
ParameterTable state_table(const TrainConfig& config, const ParameterTable& table);

/// The state is that of the optimiser; with weight normalisation one more buffer, the last, is what
/// is learned in place of the parameters.
class WeightUpdate {
 public:
  /// All must outlive it. Throws what make_optimizer() throws.
  WeightUpdate(const TrainConfig& config, const ParameterTable& table,
               const std::vector<std::string>& frozen = {});

  /// One step of all trainable parameters that are not frozen. The limits of the configuration hold
  /// for the gradient that the optimiser sees: with weight normalisation that of lengths and
  /// directions. False when a gradient is NaN or infinite.
  bool step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team);

  OptimizerState state() const;
  /// Goes on from the state of an update of the same options and network.
  void restore(OptimizerState state);
  /// The state, at the end of its life.
  OptimizerState release();

 private:
  const TrainConfig& config_;
  const ParameterTable& table_;
  std::optional<WeightNorm> norm_;
  bool begun_ = false;  // whether norm_ has the parameters of the moment
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace nd::train
