// Optimisers over flat buffers: one SIMD pass per step, formulas and defaults of torch.optim.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "graph/parameters.h"
#include "simd/optimizer.h"

namespace nd::parallel {
class Team;
}

namespace nd::train {

using simd::GradientClip;

/// Union of the options of all optimisers; each reads its own. `weight_decay` is decoupled for
/// "adamw" (torch's default there is 0.01, ours 0 for all) and L2 for the others.
struct OptimizerOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;
  double momentum = 0, dampening = 0;
  double alpha = 0.99;  ///< decay of the squared gradient's running mean in "rmsprop"
  bool nesterov = false, amsgrad = false, centered = false;
};

/// Owns the state of one optimiser (moments, momentum buffer, step count).
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// One step over [0, parameters.size()). Padding lanes (gradient 0, parameter 0) stay 0. The
  /// update is elementwise, so splitting it over `team` (nullptr = the calling thread) cannot
  /// change a bit. Gradients count as `clip` leaves them. False when one of them is NaN or
  /// infinite: the parameters are then worth nothing.
  virtual bool step(std::span<float> parameters, std::span<const float> gradients,
                    double learning_rate, parallel::Team* team = nullptr,
                    GradientClip clip = {}) = 0;
};

/// "adam", "adamw", "sgd", "rmsprop"; throws E0010 naming the closest known one, or for nesterov
/// without momentum.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options,
                                          size_t size);

/// Euclidean norm of all trainable gradients in float64, in an order of summation that does not
/// depend on how the CPU target lays weights out: the same bits everywhere.
double gradient_norm(const ParameterTable& table, std::span<const float> gradients);
/// What torch.nn.utils.clip_grad_norm_ multiplies gradients by: max_norm / (norm + 1e-6), at most
/// 1.
double clip_factor(double norm, double max_norm);
/// True when no element is NaN or Inf.
bool all_finite(std::span<const float> values, parallel::Team* team = nullptr);

}  // namespace nd::train
