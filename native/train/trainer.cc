#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/error.h"
#include "data/windows.h"
#include "nn/batch.h"
#include "ops/op.h"
#include "parallel/claim.h"
#include "parallel/team.h"
#include "simd/reduce.h"
#include "train/batch.h"
#include "train/divergence.h"
#include "train/evaluation.h"
#include "train/gradient_mean.h"
#include "train/optimizer.h"
#include "train/panel_checks.h"
#include "train/plan_ladder.h"
#include "train/schedule.h"

namespace nd::train {

namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kSnapshotEvery = 100;  // steps between copies of the last good weights
constexpr int64_t kHistoryPoints = 1000;

BatchOptions batch_options(const TrainRequest& r, Use use) {
  BatchOptions options;
  options.layout = window_layout(*r.network, use, r.config, r.val_size);
  options.scaler = data::parse_window_scaler(r.config.scaler_type);
  options.revin = r.revin;
  options.exclude_insample_y = r.config.exclude_insample_y;
  options.compat = r.config.compat;
  options.exogenous = r.exogenous;
  options.recurrent = r.network->recurrent();
  options.distribution = r.network->loss().distribution() != nullptr;
  options.sample_weight = r.sample_weight;
  return options;
}

/// A window drawn twice may be computed once only where both copies would give the same value and
/// count alone. ND_MERGE_WINDOWS=0 switches it off: a benchmark that shows what it gains.
bool copies_are_equal(const TrainRequest& r) {
  if (const char* merge = std::getenv("ND_MERGE_WINDOWS"); merge != nullptr && merge[0] == '0')
    return false;
  // MASE of the reference divides every error by the scales of all windows: a copy counts squared.
  if (r.config.compat && r.network->loss().spec().name == "MASE") return false;
  const Graph graph = r.network->train_graph();
  if (spans_batch(graph)) return false;
  return std::none_of(graph.nodes().begin(), graph.nodes().end(),
                      [](const Node& node) { return is_random(node); });
}

int64_t total_steps(const TrainConfig& config, int64_t windows, int64_t series) {
  if (config.max_epochs <= 0) return config.max_steps;
  const bool all = config.windows_batch_size <= 0 || config.compat;
  const int64_t total = all ? series : windows,
                batch = all ? config.batch_size : config.windows_batch_size;
  const int64_t per_step = batch * config.accumulate_steps;
  return config.max_epochs * std::max<int64_t>(1, (total + per_step - 1) / per_step);
}

OptimizerOptions optimizer_options(const TrainConfig& c) {
  OptimizerOptions o;
  o.learning_rate = c.learning_rate;
  o.beta1 = c.beta1, o.beta2 = c.beta2;
  if (c.epsilon >= 0) o.epsilon = c.epsilon;
  o.weight_decay = c.weight_decay, o.momentum = c.momentum, o.dampening = c.dampening;
  o.alpha = c.alpha, o.centered = c.centered;
  o.rho = c.rho, o.momentum_decay = c.momentum_decay;
  o.nesterov = c.nesterov, o.amsgrad = c.amsgrad;
  return o;
}

/// The reference's EarlyStopping: stops after `patience` checks in a row that are no better than
/// the best.
class EarlyStopping {
 public:
  EarlyStopping(int64_t patience, bool restore)
      : patience_(patience), restore_(restore && patience > 0) {}

  void check(double loss, int64_t step, const FloatBuffer& parameters) {
    if (loss < best_) {
      best_ = loss, best_step_ = step, waited_ = 0;
      if (restore_) best_parameters_ = parameters;
    } else {
      ++waited_;
    }
  }
  bool stop() const { return patience_ > 0 && waited_ >= patience_; }
  /// Puts back the best weights; false where the last ones are kept.
  bool restore(FloatBuffer& parameters) const {
    if (!restore_ || best_step_ < 0) return false;
    parameters = best_parameters_;
    return true;
  }
  double best() const { return best_; }
  int64_t best_step() const { return best_step_; }

 private:
  int64_t patience_;
  bool restore_;
  double best_ = std::numeric_limits<double>::infinity();
  int64_t best_step_ = -1, waited_ = 0;
  FloatBuffer best_parameters_;
};

/// One fit in progress.
class Fit {
 public:
  Fit(const TrainRequest& request, FloatBuffer& parameters)
      : r_(request),
        network_(*request.network),
        parameters_(parameters),
        options_(batch_options(request, Use::train)),
        team_(threads()),
        windows_(*request.panel, options_.layout),
        steps_(total_steps(request.config, windows_.total(), series_drawn_alone())),
        sampler_(windows_, request.panel->series_count(), sampler_options()),
        plans_(sampler_.capacity(),
               [this](int64_t windows) {
                 return network_.compile_train(windows, Split::automatic,
                                               r_.config.gradient_checkpointing,
                                               r_.config.precision);
               }),
        batch_(options_, sampler_.capacity()),
        schedule_(request.config, steps_),
        optimizer_(make_optimizer(request.config.optimizer, optimizer_options(request.config),
                                  trainable())),
        early_(request.config.early_stop_patience_steps, !request.config.compat),
        gradients_(static_cast<size_t>(network_.table().total())),
        mean_(request.config.accumulate_steps, trainable()) {
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
    last_good_.keep(parameters_, 0);
    result_.train_history.reserve(static_cast<size_t>(steps_ / record_every + 1));
    for (int64_t step = 0; step < steps_ && !result_.stopped_early; ++step) {
      if (r_.cancel != nullptr) r_.cancel->check();
      if (threads() != team_->asked()) team_.emplace(threads());
      train_step(step);
      result_.steps = step + 1;
      if (step % record_every == 0 || step + 1 == steps_) {
        result_.train_history.push_back({step + 1, result_.train_loss});
      }
      const bool at_end = step + 1 == steps_ &&
                          !r_.config.compat;  // so that the kept weights have a validation loss
      if (validator_ && ((step + 1) % check_every == 0 || at_end)) validate(step + 1);
      result_.stopped_early = early_.stop();
      if (r_.on_progress)
        r_.on_progress({step + 1, steps_, result_.train_loss, result_.valid_loss});
    }
    finish();
    return std::move(result_);
  }

 private:
  int threads() const {
    const int asked = r_.shared_threads != nullptr ? r_.shared_threads->load() : r_.threads;
    return parallel::fair_threads(std::max(1, asked));
  }
  /// Stays where it is when the team is replaced.
  parallel::Team* team() { return &*team_; }

  /// Multivariate windows hold every series in every step.
  int64_t series_drawn_alone() const {
    return windows_.series_per_window() > 1 ? 1 : r_.panel->series_count();
  }

  size_t trainable() const { return static_cast<size_t>(network_.table().trainable_total()); }

  data::WindowSampler::Options sampler_options() const {
    data::WindowSampler::Options options;
    options.batch_size = r_.config.batch_size;
    options.windows_batch_size = std::max<int64_t>(0, r_.config.windows_batch_size);
    options.drop_last = r_.config.drop_last_loader;
    options.merge_repeated = copies_are_equal(r_);
    options.seed = r_.config.random_seed;
    return options;
  }

  GradientClip clip(std::span<const float> gradients) const {
    GradientClip clip;
    if (const double norm = r_.config.gradient_clip_norm; norm > 0)
      clip.factor = clip_factor(gradient_norm(network_.table(), gradients), norm);
    if (const double value = r_.config.gradient_clip_value; value > 0) clip.limit = value;
    return clip;
  }

  /// Fills `weight` (mask ⊙ weights of rows, steps and windows, 0 for spare rows), `inverse_sum`;
  /// gives Σ w.
  double feed_weights(std::span<const float> multiplicity, Plan& plan) {
    const std::span<float> weight = plan.input(io_names::kWeight);
    const std::span<const float> mask = batch_.outsample_weight();
    const std::vector<double>& horizon_weight = network_.loss().horizon_weight();
    const auto h = static_cast<size_t>(options_.layout.horizon);
    const size_t rows = static_cast<size_t>(batch_.count()), used = rows * h;
    for (size_t row = 0; row < rows; ++row)
      for (size_t t = row * h; t < (row + 1) * h; ++t) weight[t] = mask[t] * multiplicity[row];
    if (!horizon_weight.empty()) {
      for (size_t row = 0; row < rows; ++row)
        for (size_t t = 0; t < h; ++t) weight[row * h + t] *= static_cast<float>(horizon_weight[t]);
    }
    std::fill(weight.begin() + static_cast<ptrdiff_t>(used), weight.end(), 0.0F);
    const double sum = simd::sum(weight.data(), static_cast<int64_t>(used));
    if (plan.has_input(io_names::kInverseSum))
      plan.input(io_names::kInverseSum)[0] = sum > 0 ? static_cast<float>(1.0 / sum) : 0.0F;
    return sum;
  }

  /// Adds the gradient of draw `number`, one of those of `step`, to the step's.
  void run_batch(int64_t number, int64_t step) {
    sampler_.draw(number, draw_);
    if (draw_.windows.empty()) return;  // none of the draw's series is long enough
    batch_.load(*r_.panel, draw_.windows, r_.val_size, true, team());
    Plan& plan = plans_.select(batch_.count() / options_.layout.series);
    batch_.feed(plan);
    const double weight = feed_weights(draw_.multiplicity, plan);

    RunArgs args;
    args.parameters = parameters_.span();
    args.gradients = gradients_.span();
    args.seed = r_.config.random_seed;
    args.step = static_cast<uint32_t>(number);
    args.cancel = r_.cancel;
    args.team = team();
    plans_.run(args);

    const double loss = static_cast<double>(plan.output(io_names::kLoss)[0]);
    if (!std::isfinite(loss)) {
      diverge("the training loss became " + std::string(std::isnan(loss) ? "nan" : "infinite"),
              step);
    }
    mean_.add(gradients_.span().first(trainable()), loss, weight, team());
    network_.commit_state(plan, parameters_.span());
  }

  void train_step(int64_t step) {
    const int64_t batches = r_.config.accumulate_steps;
    mean_.clear();
    for (int64_t b = 0; b < batches; ++b) run_batch(step * batches + b, step);
    if (mean_.empty()) return;
    const std::span<float> gradients = mean_.gradients(team());
    // Between snapshots the update itself is watched: what it spoils is restored.
    const char* const bad_gradient = "a gradient became nan or infinite";
    if (step > 0 && step % kSnapshotEvery == 0) {
      if (!all_finite(gradients, team())) diverge(bad_gradient, step);
      last_good_.keep(parameters_, step);
    }
    if (!optimizer_->step(parameters_.span().first(trainable()), gradients, schedule_.rate(step),
                          team(), clip(gradients)))
      diverge(bad_gradient, step);
    result_.train_loss = mean_.loss();
  }

  void validate(int64_t step) {
    const double loss = validator_->evaluate(parameters_.span(), r_.cancel);
    result_.valid_loss = loss;
    result_.valid_history.push_back({step, loss});
    early_.check(loss, step, parameters_);
    schedule_.validated(loss);
    if (std::isfinite(loss)) last_good_.keep(parameters_, step);
  }

  void finish() {
    result_.best_step = result_.steps;
    if (early_.restore(parameters_)) {
      result_.best_step = early_.best_step();
      result_.valid_loss = early_.best();
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
                   r_.config, *r_.panel);
  }

  const TrainRequest& r_;
  const Network& network_;
  FloatBuffer& parameters_;
  BatchOptions options_;
  parallel::ScopedFlushDenormals flush_;
  std::optional<parallel::Team> team_;  // replaced when the number of threads changes
  data::TrainingWindows windows_;
  int64_t steps_;
  data::WindowSampler sampler_;
  data::WindowDraw draw_;
  PlanLadder plans_;
  WindowBatch batch_;
  Schedule schedule_;
  std::unique_ptr<Optimizer> optimizer_;
  EarlyStopping early_;
  std::optional<Validator> validator_;
  FloatBuffer gradients_;
  GradientMean mean_;
  LastGood last_good_;
  TrainResult result_;
};
}  // namespace

data::WindowLayout window_layout(const Network& network, Use use, const TrainConfig& config,
                                 int64_t val_size) {
  data::WindowLayout layout;
  const WindowSize window = network.window(use);
  layout.input_size = window.input_size;
  layout.horizon = window.horizon;
  layout.step_size = config.step_size;
  layout.start_padding = config.start_padding_enabled;
  layout.min_insample_fraction = config.min_insample_fraction;
  layout.min_outsample_fraction = config.min_outsample_fraction;
  layout.val_size = val_size;
  layout.series = network.geometry().series;
  return layout;
}

void check_series(const Geometry& geometry, int64_t count, const char* place,
                  const std::string& model) {
  if (count == geometry.series) return;
  throw Error(Code::shape,
              std::string("[") + place + "] " + model + ": received a panel of " +
                  std::to_string(count) + " series, expected " + std::to_string(geometry.series) +
                  " (nSeries): a multivariate model forecasts all its series together",
              R"({"option":"nSeries"})");
}

void check_request(const TrainRequest& request) {
  const Geometry& g = request.network->geometry();
  const TrainConfig& config = request.config;
  const std::string model(request.network->spec().name);
  if (request.val_size != 0 && request.val_size < g.horizon) {
    throw Error(Code::horizon,
                "[fit] received valSize = " + std::to_string(request.val_size) + " with horizon " +
                    std::to_string(g.horizon) +
                    "; valSize must be either 0 or greater than or equal to the horizon");
  }
  if (config.early_stop_patience_steps > 0 && request.val_size == 0) {
    throw Error(Code::config, "[fit] " + model + ": received earlyStopPatienceSteps = " +
                                  std::to_string(config.early_stop_patience_steps) +
                                  " and valSize = 0. Set valSize>0 if early stopping is enabled.");
  }
  if (config.lr_schedule == LrSchedule::plateau && request.val_size == 0) {
    throw Error(Code::config,
                "[fit] " + model +
                    ": received lrSchedule = \"plateau\" and valSize = 0, expected a "
                    "valSize: this schedule listens to validation",
                R"({"option":"valSize"})");
  }
  make_optimizer(config.optimizer, optimizer_options(config), 0);
  check_support(*request.network, *request.panel);
  if (request.network->spec().capabilities.multivariate)
    check_series(g, request.panel->series_count(), "fit", model);
  check_columns(request.exogenous, *request.panel, model, "fit");
  if (!request.sample_weight.empty()) check_weights(request.sample_weight, *request.panel);
  if (config.max_steps == 0 && config.max_epochs == 0)
    return;  // nothing is trained, nothing can be too short
  const data::TrainingWindows windows(
      *request.panel, window_layout(*request.network, Use::train, config, request.val_size));
}

TrainResult train(const TrainRequest& request, FloatBuffer& parameters) {
  check_request(request);
  if (request.config.max_steps == 0 && request.config.max_epochs == 0) {
    TrainResult result;
    result.train_loss = result.valid_loss = kNaN;
    return result;
  }
  return Fit(request, parameters).run();
}

}  // namespace nd::train
