#include "train/training_loop.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "parallel/claim.h"
#include "parallel/team.h"
#include "train/divergence.h"
#include "train/evaluation.h"
#include "train/gradient_monitor.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/step_gradient.h"
#include "train/weight_update.h"

namespace nd::train {

namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kSnapshotEvery = 100;  // steps between copies of the last good weights
constexpr int64_t kHistoryPoints = 1000;

int64_t total_steps(const TrainConfig& config, int64_t windows, int64_t series) {
  if (config.max_epochs <= 0) return config.max_steps;
  const bool all = config.windows_batch_size <= 0 || config.compat;
  const int64_t total = all ? series : windows,
                batch = all ? config.batch_size : config.windows_batch_size;
  const int64_t per_step = batch * config.accumulate_steps;
  return config.max_epochs * std::max<int64_t>(1, (total + per_step - 1) / per_step);
}

/// One fit in progress.
class Loop {
 public:
  Loop(const TrainRequest& request, FloatBuffer& parameters)
      : r_(request),
        network_(*request.network),
        parameters_(parameters),
        team_(threads()),
        gradient_(request),
        steps_(total_steps(request.config, gradient_.windows().total(), series_drawn_alone())),
        schedule_(request.config, steps_),
        update_(request.config, network_.table(), request.frozen),
        early_(request.config.early_stop_patience_steps, !request.config.compat) {
    if (r_.val_size > 0) {
      validator_.emplace(network_, r_.valid_loss != nullptr ? *r_.valid_loss : network_.loss(),
                         *r_.panel, batch_options(r_, Use::validate),
                         r_.config.inference_windows_batch_size, team());
    }
  }

  TrainResult run() {
    const int64_t check_every = std::max<int64_t>(1, std::min(r_.config.val_check_steps, steps_));
    const int64_t record_every = (steps_ + kHistoryPoints - 1) / kHistoryPoints;
    result_.train_loss = result_.valid_loss = kNaN;
    const auto points = static_cast<size_t>(steps_ / record_every + 1);
    result_.train_history.reserve(points), result_.learning_rates.reserve(points);
    begin();
    for (int64_t step = result_.steps; step < steps_ && !result_.out_of_time; ++step) {
      if (r_.cancel != nullptr) r_.cancel->check();
      if (threads() != team_->asked()) team_.emplace(threads());
      train_step(step);
      result_.steps = step + 1;
      const bool last = step + 1 == steps_;
      if (step % record_every == 0 || last) record();
      const bool at_end =
          last && !r_.config.compat;  // so that the kept weights have a validation loss
      if (validator_ && ((step + 1) % check_every == 0 || at_end)) validate();
      result_.stopped_early = early_.stop();
      if (r_.on_progress)
        r_.on_progress({step + 1, steps_, result_.train_loss, result_.valid_loss, monitor()});
      if (last || result_.stopped_early) break;
      const bool time_is_up = this->time_is_up();
      if (time_is_up || is_due(step + 1)) checkpoint();
      if (time_is_up) end_before_time();
    }
    finish();
    // A fit whose time was up can go on from the state before its end.
    if (r_.checkpoints.write && !result_.out_of_time)
      r_.checkpoints.write(state(true), parameters_);
    if (r_.optimizer != nullptr) *r_.optimizer = update_.release();
    return std::move(result_);
  }

 private:
  int threads() const {
    const int asked = r_.shared_threads != nullptr ? r_.shared_threads->load() : r_.threads;
    return parallel::fair_threads(std::max(1, asked));
  }
  /// Stays where it is when the team is replaced.
  parallel::Team* team() { return &*team_; }

  /// nullptr: nobody asked for one.
  const GradientMonitor* monitor() const { return monitor_ ? &*monitor_ : nullptr; }

  /// Multivariate windows hold every series in every step.
  int64_t series_drawn_alone() const {
    return gradient_.windows().series_per_window() > 1 ? 1 : r_.panel->series_count();
  }

  size_t trainable() const { return static_cast<size_t>(network_.table().trainable_total()); }

  /// From nothing, from what an earlier optimiser remembers, or where this fit was interrupted.
  void begin() {
    if (r_.resume != nullptr) {
      const TrainingState& from = *r_.resume;
      result_ = from.result;
      update_.restore(from.optimizer);
      schedule_.restore(from.plateau);
      early_.restore(from.early);
    } else if (r_.optimizer != nullptr && r_.optimizer->count > 0) {
      update_.restore(std::move(*r_.optimizer));
    }
    last_good_.keep(parameters_, result_.steps);
    if (r_.monitor_gradients) monitor_.emplace(network_.table(), r_.frozen, result_.gradients);
  }

  bool time_is_up() const {
    if (r_.time_budget_ms <= 0) return false;
    return std::chrono::steady_clock::now() - started_ >=
           std::chrono::duration<double, std::milli>(r_.time_budget_ms);
  }

  TrainingState state(bool finished) const {
    return {result_, update_.state(), schedule_.state(), early_.state(), finished};
  }

  bool is_due(int64_t step) const {
    return r_.checkpoints.every > 0 && step % r_.checkpoints.every == 0;
  }

  /// Hands out the state. From here on the weights count as good, resumed or not.
  void checkpoint() {
    if (!r_.checkpoints.write) return;
    if (!all_finite(parameters_.span(), team())) return;  // the next step says why
    last_good_.keep(parameters_, result_.steps);
    if (r_.cancel != nullptr) r_.cancel->check();
    r_.checkpoints.write(state(false), parameters_);
  }

  void end_before_time() {
    result_.out_of_time = true;
    const auto missing = [this](const std::vector<HistoryPoint>& points) {
      return points.empty() || points.back().step != result_.steps;
    };
    if (missing(result_.train_history)) record();
    if (validator_ && missing(result_.valid_history) && !r_.config.compat) validate();
  }

  void record() {
    result_.train_history.push_back({result_.steps, result_.train_loss});
    result_.learning_rates.push_back(rate_);
    if (monitor_) monitor_->record(result_.steps);
  }

  void train_step(int64_t step) {
    rate_ = schedule_.rate(step);
    const std::optional<double> loss = gradient_.run(step, parameters_, team());
    if (!loss) return;
    if (!std::isfinite(*loss)) {
      diverge("the training loss became " + std::string(std::isnan(*loss) ? "nan" : "infinite"),
              step);
    }
    const std::span<float> gradients = gradient_.gradients(team());
    if (monitor_) monitor_->measure(gradients, step + 1);
    // Between snapshots the update itself is watched: what it spoils is restored.
    const char* const bad_gradient = "a gradient became nan or infinite";
    if (step > 0 && step % kSnapshotEvery == 0) {
      if (!all_finite(gradients, team())) diverge(bad_gradient, step);
      last_good_.keep(parameters_, step);
    }
    if (!update_.step(parameters_.span().first(trainable()), gradients, rate_, team()))
      diverge(bad_gradient, step);
    result_.train_loss = *loss;
  }

  void validate() {
    const int64_t step = result_.steps;
    const double loss = validator_->evaluate(parameters_.span(), r_.cancel);
    result_.valid_loss = loss;
    result_.valid_history.push_back({step, loss});
    early_.check(loss, step, parameters_);
    schedule_.validated(loss);
    if (std::isfinite(loss)) last_good_.keep(parameters_, step);
  }

  void finish() {
    result_.best_step = result_.steps;
    if (early_.restore_best(parameters_)) {
      result_.best_step = early_.state().best_step;
      result_.valid_loss = early_.state().best;
    }
    if (!all_finite(parameters_.span(),
                    team())) {  // the last update overflowed and no step came after it
      diverge("a weight became nan or infinite", result_.steps);
    }
  }

  [[noreturn]] void diverge(const std::string& what, int64_t step) {
    last_good_.restore(parameters_);
    const double rate = schedule_.rate(std::min(step, steps_ - 1));
    throw_diverged(std::string(network_.spec().name), what, step, last_good_.step(), rate,
                   r_.config, *r_.panel, monitor());
  }

  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const TrainRequest& r_;
  const Network& network_;
  FloatBuffer& parameters_;
  parallel::ScopedFlushDenormals flush_;
  std::optional<parallel::Team> team_;  // replaced when the number of threads changes
  StepGradient gradient_;
  int64_t steps_;
  Schedule schedule_;
  WeightUpdate update_;
  EarlyStopping early_;
  std::optional<Validator> validator_;
  LastGood last_good_;
  TrainResult result_;
  double rate_ = kNaN;                      // of the latest step
  std::optional<GradientMonitor> monitor_;  // writes into result_
};
}  // namespace

TrainResult run_training_loop(const TrainRequest& request, FloatBuffer& parameters) {
  return Loop(request, parameters).run();
}

}  // namespace nd::train
