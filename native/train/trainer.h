// The training loop of one network over one panel: sample windows, run the plan, clip, step;
// validate; stop early.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "data/panel.h"
#include "data/scalers.h"
#include "data/windows.h"
#include "models/network.h"
#include "train/config.h"
#include "train/training_state.h"

namespace nd::train {

class GradientMonitor;

/// Where a fit stands, after a step.
struct Progress {
  int64_t step = 0;  ///< steps done, from 1
  int64_t max_steps = 0;
  double train_loss = 0;  ///< of this step's windows, in scaled space
  double valid_loss =
      0;  ///< of the latest validation, in the panel's scale; NaN before the first one
  const GradientMonitor* gradients = nullptr;  ///< of a fit that is monitored
};

class Teacher;

/// What to train on what. Pointers must outlive the call.
struct TrainRequest {
  const Network* network = nullptr;
  const data::Panel* panel = nullptr;  ///< already series-scaled
  TrainConfig config;
  int64_t val_size = 0;              ///< rows at the end of each series kept for validation
  const Loss* valid_loss = nullptr;  ///< nullptr = the network's loss
  data::RevinAffine revin;           ///< of an imported checkpoint
  data::Exogenous exogenous;         ///< columns of the panel that the network reads
  std::string sample_weight{};  ///< column of the weights of rows in the loss; "" = all weigh 1
  /// Parameters of the network that stay as they are, running statistics too.
  std::vector<std::string> frozen{};
  bool monitor_gradients = false;  ///< whether the result has gradient norms; it is the same fit
  /// Of a network whose loss distils.
  Teacher* teacher = nullptr;
  int threads = 1;
  /// When set, instead of `threads`: how many there are as of now, read before each step.
  const std::atomic<int>* shared_threads = nullptr;
  const CancelToken* cancel = nullptr;
  double time_budget_ms = 0;  ///< after which no further step begins; 0 = none
  /// When set: what the optimiser goes on from (count 0 = from nothing), and at the end what it
  /// remembers.
  OptimizerState* optimizer = nullptr;
  /// When set: where an interrupted fit of the same request goes on, with the weights of then.
  const TrainingState* resume = nullptr;
  Checkpoints checkpoints;
  std::function<void(const Progress&)>
      on_progress;  ///< called on the training thread after every step
};

/// The data layer's description of a network's windows.
data::WindowLayout window_layout(const Network& network, Use use, const TrainConfig& config,
                                 int64_t val_size);

/// Throws E0002 when a panel of `count` series is not what a multivariate network was made for.
void check_series(const Geometry& geometry, int64_t count, const char* place,
                  const std::string& model);

/// Throws what train() would throw before its first step: E0005 for a val_size between 0 and the
/// horizon, E0010 for early stopping without validation, E0002 for another number of series than
/// the network's, E0004 for columns that are missing, E0011 for targets and weights that cannot be,
/// E0003 for series that are too short (says how long they must be).
void check_request(const TrainRequest& request);

/// Trains `parameters` (flat, initialised) in place. Steps are counted from 0; the learning rate of
/// step t is learning_rate(config, t, steps). With early stopping the weights of the best
/// validation are restored (compat: the last ones stay). A NaN or Inf in the loss or a gradient
/// throws E0009 (details:
/// {"step", "lastGoodStep"}, of a monitored fit "gradientWarnings") with the last good weights in
/// `parameters`. The result is
/// bit-identical for any number of threads.
TrainResult train(const TrainRequest& request, FloatBuffer& parameters);

}  // namespace nd::train
