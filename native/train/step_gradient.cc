#include "train/step_gradient.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "nn/batch.h"
#include "ops/op.h"
#include "simd/reduce.h"

namespace nd::train {

namespace {
/// A window drawn twice may be computed once only where both copies would give the same value and
/// count alone. ND_MERGE_WINDOWS=0 switches it off: a benchmark that shows what it gains.
bool copies_are_equal(const TrainRequest& r) {
  if (const char* merge = std::getenv("ND_MERGE_WINDOWS"); merge != nullptr && merge[0] == '0')
    return false;
  // MASE of the reference divides every error by the scales of all windows: a copy counts squared.
  if (r.config.compat && r.network->loss().spec().name == "MASE") return false;
  if (r.network->loss().spec().implicit != nullptr) return false;  // each has its own quantiles
  const Graph graph = r.network->train_graph();
  if (spans_batch(graph)) return false;
  return std::none_of(graph.nodes().begin(), graph.nodes().end(),
                      [](const Node& node) { return is_random(node); });
}
}  // namespace

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

StepGradient::StepGradient(const TrainRequest& request, bool random)
    : r_(request),
      network_(*request.network),
      options_(batch_options(request, Use::train)),
      windows_(*request.panel, options_.layout),
      sampler_(windows_, request.panel->series_count(), sampler_options()),
      plans_(sampler_.capacity(),
             [this, random](int64_t windows) {
               return network_.compile_train(windows, Split::automatic,
                                             r_.config.gradient_checkpointing, r_.config.precision,
                                             r_.frozen, random);
             }),
      batch_(options_, sampler_.capacity()),
      gradients_(static_cast<size_t>(network_.table().total())),
      mean_(request.config.accumulate_steps, trainable()) {
  if (network_.loss().spec().implicit != nullptr) quantiles_.emplace(network_.loss().draws());
  check_internal(network_.loss().distillation().has_value() == (r_.teacher != nullptr),
                 "a distilling loss has a teacher");
  if (r_.teacher != nullptr) teacher_.emplace(*r_.teacher, network_.loss(), options_);
}

data::WindowSampler::Options StepGradient::sampler_options() const {
  data::WindowSampler::Options options;
  options.batch_size = r_.config.batch_size;
  options.windows_batch_size = std::max<int64_t>(0, r_.config.windows_batch_size);
  options.drop_last = r_.config.drop_last_loader;
  options.merge_repeated = copies_are_equal(r_);
  options.seed = r_.config.random_seed;
  return options;
}

/// Fills `weight` (mask ⊙ weights of rows, steps and windows, 0 for spare rows), `inverse_sum`;
/// gives Σ w.
double StepGradient::feed_weights() {
  const std::span<float> weight = plan_->input(io_names::kWeight);
  const std::span<const float> mask = batch_.outsample_weight(), multiplicity = draw_.multiplicity;
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
  if (plan_->has_input(io_names::kInverseSum))
    plan_->input(io_names::kInverseSum)[0] = sum > 0 ? static_cast<float>(1.0 / sum) : 0.0F;
  return sum;
}

/// Adds the gradient of the windows that were drawn as draw `number`; gives their loss.
double StepGradient::run_batch(int64_t number, FloatBuffer& parameters, parallel::Team* team) {
  batch_.load(*r_.panel, draw_.windows, r_.val_size, true, team);
  plan_ = &plans_.select(batch_.count() / options_.layout.series);
  batch_.feed(*plan_);
  const double weight = feed_weights();
  if (quantiles_) quantiles_->feed(*plan_, r_.config.random_seed, static_cast<uint32_t>(number));
  if (teacher_) teacher_->feed(*plan_, draw_.windows, batch_.statistics(), team, r_.cancel);

  RunArgs args;
  args.parameters = parameters.span();
  args.gradients = gradients_.span();
  args.seed = r_.config.random_seed;
  args.step = static_cast<uint32_t>(number);
  args.cancel = r_.cancel;
  args.team = team;
  plans_.run(args);

  const double loss = static_cast<double>(plan_->output(io_names::kLoss)[0]);
  if (!std::isfinite(loss)) return loss;
  mean_.add(gradients_.span().first(trainable()), loss, weight, team);
  network_.commit_state(*plan_, parameters.span(), r_.frozen);
  return loss;
}

std::optional<double> StepGradient::run(int64_t step, FloatBuffer& parameters,
                                        parallel::Team* team) {
  const int64_t batches = r_.config.accumulate_steps;
  mean_.clear();
  for (int64_t b = 0; b < batches; ++b) {
    const int64_t number = step * batches + b;
    sampler_.draw(number, draw_);
    if (draw_.windows.empty()) continue;  // none of the draw's series is long enough
    const double loss = run_batch(number, parameters, team);
    if (!std::isfinite(loss)) return loss;
  }
  if (mean_.empty()) return std::nullopt;
  return mean_.loss();
}

}  // namespace nd::train
