// Options of a fit, shared by all models: one list of specs, from which validation, TypeScript
// types and help come.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "graph/plan.h"

namespace nd::train {

/// maxSteps, learningRate, batchSize, … with the reference's names and defaults (neuralforecast.md
/// §1.2).
std::span<const ParamSpec> train_params();

/// How the learning rate goes on after its warm-up.
enum class LrSchedule {
  step,
  multi_step,
  exponential,
  polynomial,
  cosine,
  cosine_restarts,
  cyclic,
  one_cycle,
  plateau
};

/// Typed view of the validated options.
struct TrainConfig {
  int64_t max_steps = 1000;
  int64_t max_epochs = 0;  ///< 0 = max_steps rules; an epoch is ⌈training windows /
                           ///< (windows_batch_size · accumulate_steps)⌉ steps, with compat
                           ///< ⌈series / (batch_size · accumulate_steps)⌉
  double learning_rate = 1e-3;
  LrSchedule lr_schedule = LrSchedule::step;
  int64_t num_lr_decays = -1;    ///< of LrSchedule::step
  double min_learning_rate = 0;  ///< of cosine, cosine_restarts, cyclic and plateau
  double lr_factor = 0;          ///< of step, multi_step, exponential and plateau; 0 = its default
  std::vector<int64_t> lr_milestones{};  ///< of multi_step
  int64_t lr_period = 0;         ///< of cosine_restarts and cyclic; 0 = by the number of steps
  int64_t lr_period_factor = 1;  ///< of cosine_restarts
  double lr_power = 1;           ///< of polynomial
  int64_t lr_patience = 10;      ///< of plateau, in validation checks
  int64_t warmup_steps = 0;
  double warmup_factor = 0.1;  ///< share of the learning rate at the first step of the warm-up
  int64_t early_stop_patience_steps = -1;  ///< in validation checks
  int64_t val_check_steps = 100;
  int64_t batch_size = 32, valid_batch_size = 0 /* 0 = batch_size */;
  int64_t windows_batch_size = 1024, inference_windows_batch_size = 1024;  ///< 0 / -1 = all
  int64_t accumulate_steps = 1;                                            ///< batches per step
  bool start_padding_enabled = false;
  double min_insample_fraction = 0,
         min_outsample_fraction = 0;  ///< training_data_availability_threshold
  int64_t step_size = 1;
  std::string scaler_type = "identity";
  uint64_t random_seed = 1;
  bool drop_last_loader = false, exclude_insample_y = false;
  std::string optimizer = "adam";
  double beta1 = 0.9, beta2 = 0.999, weight_decay = 0, momentum = 0, dampening = 0;
  double epsilon = -1;  ///< -1 = the optimiser's default
  double alpha = 0.99, rho = 0.9, momentum_decay = 4e-3;
  bool nesterov = false, amsgrad = false, centered = false;
  double gradient_clip_norm = 0, gradient_clip_value = 0;  ///< 0 = none
  bool weight_norm = false;
  bool gradient_checkpointing = false;
  Precision precision = Precision::f32;  ///< of matrix products
  bool compat = false;                   ///< compat: 'neuralforecast'
};
/// Throws E0010 for options that contradict each other. `compat` is left false: it is set by the
/// caller.
TrainConfig train_config(const Options& options);

}  // namespace nd::train
