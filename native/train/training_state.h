// Everything that the rest of a fit depends on besides its request and the weights of the moment.
// Random numbers are drawn by seed and step, so that there is no generator to keep.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "train/early_stopping.h"
#include "train/gradient_history.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace nd::train {

/// A loss and the number of steps after which it was taken.
struct HistoryPoint {
  int64_t step;
  double loss;
};

struct TrainResult {
  int64_t steps = 0;
  double train_loss = 0;  ///< of the last step; NaN when there was none
  double valid_loss = 0;  ///< of the kept weights; NaN without validation
  bool stopped_early = false;
  bool out_of_time = false;                 ///< the time budget ended before the steps did
  int64_t best_step = 0;                    ///< step of the kept weights
  std::vector<HistoryPoint> train_history;  ///< at most about 1000 points, evenly spaced
  std::vector<HistoryPoint> valid_history;
  std::vector<double> learning_rates;        ///< at the steps of train_history; NaN where not known
  std::optional<GradientHistory> gradients;  ///< of a fit that was monitored
};

struct TrainingState {
  TrainResult result;  ///< so far; its steps are those done
  OptimizerState optimizer;
  Plateau::State plateau;
  EarlyStopping::State early;
  bool finished = false;  ///< nothing is left to do: the weights are those that are kept
};

/// The numbers of a state (not its buffers), as a file keeps them: every bit, NaN and infinities
/// too. from_numbers() throws E0006 (`place` opens the message) for what to_numbers() cannot have
/// made.
struct TrainingNumbers {
  std::vector<double> scalars;
  std::vector<double> train_history, valid_history;  ///< step, loss, step, loss, …
  std::vector<double> learning_rates;                ///< none in files of before there were any
  std::vector<double> gradients;                     ///< none where they were not monitored
};
TrainingNumbers to_numbers(const TrainingState& state);
void from_numbers(const TrainingNumbers& numbers, const std::string& place, TrainingState& state);

/// Where a fit hands out its state: every `every` steps (0 = never) and when it has finished.
struct Checkpoints {
  int64_t every = 0;
  /// Called on the training thread, with the weights of the moment.
  std::function<void(TrainingState, const FloatBuffer&)> write = {};
};

}  // namespace nd::train
