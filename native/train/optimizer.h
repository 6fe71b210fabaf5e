// Optimisers over flat buffers: one SIMD pass per step, formulas and defaults of torch.optim.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/parameters.h"
#include "simd/optimizer.h"

namespace nd::parallel {
class Team;
}

namespace nd::train {

using simd::GradientClip;
struct TrainConfig;

/// Union of the options of all optimisers; each reads its own. `weight_decay` is decoupled for
/// "adamw" (torch's default there is 0.01, ours 0 for all) and L2 for the others.
struct OptimizerOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  std::optional<double> epsilon = {};  ///< empty: torch's, default_epsilon()
  double weight_decay = 0;
  double momentum = 0, dampening = 0;
  double alpha = 0.99;           ///< decay of the squared gradient's running mean in "rmsprop"
  double rho = 0.9;              ///< the same in "adadelta"
  double momentum_decay = 4e-3;  ///< of "nadam"
  bool nesterov = false, amsgrad = false, centered = false;
};

/// 1e-8; "adagrad" 1e-10, "adadelta" 1e-6.
double default_epsilon(std::string_view optimizer);

/// What an optimiser remembers: everything that its next step depends on besides its options.
struct OptimizerState {
  int64_t count = 0;                 ///< steps taken
  std::vector<FloatBuffer> buffers;  ///< aligned with the parameters; empty ones are not in use
};

/// Floats [begin, end) of flat buffers; `begin` is a multiple of 16.
struct FlatRange {
  int64_t begin, end;
};

/// A rule over flat buffers and its state.
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

  /// From here on nothing outside of `ranges`, ascending, is read or written; without a call
  /// everything is.
  void restrict_to(std::vector<FlatRange> ranges) { ranges_ = std::move(ranges); }

  const OptimizerState& state() const { return state_; }
  /// Goes on from what an optimiser of the same name, options and size remembered.
  void restore(OptimizerState state) { state_ = std::move(state); }
  /// The state, at the end of the optimiser's life.
  OptimizerState release() { return std::move(state_); }

 protected:
  OptimizerState state_;
  std::optional<std::vector<FlatRange>> ranges_;
};

/// Names that make_optimizer() knows.
std::span<const std::string_view> optimizer_names();

/// One of optimizer_names(); throws E0010 naming the closest known one, or for nesterov without
/// momentum.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options,
                                          size_t size);
/// That of a fit.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, size_t size);

/// Σ g² of one parameter in float64, in the order of gradient_norm().
double squared_norm(const ParameterEntry& entry, std::span<const float> gradients);
/// Euclidean norm of all trainable gradients in float64, in an order of summation that does not
/// depend on how the CPU target lays weights out: the same bits everywhere.
double gradient_norm(const ParameterTable& table, std::span<const float> gradients);
/// What torch.nn.utils.clip_grad_norm_ multiplies gradients by: max_norm / (norm + 1e-6), at most
/// 1.
double clip_factor(double norm, double max_norm);
/// True when no element is NaN or Inf.
bool all_finite(std::span<const float> values, parallel::Team* team = nullptr);

}  // namespace nd::train
