#include "train/weight_update.h"

#include <utility>

#include "base/error.h"
#include "train/frozen.h"

namespace nd::train {

namespace {
/// How gradients are shortened.
GradientClip gradient_clip(const TrainConfig& config, const ParameterTable& table,
                           std::span<const float> gradients) {
  GradientClip clip;
  if (const double norm = config.gradient_clip_norm; norm > 0)
    clip.factor = clip_factor(gradient_norm(table, gradients), norm);
  if (const double value = config.gradient_clip_value; value > 0) clip.limit = value;
  return clip;
}
}  // namespace

ParameterTable state_table(const TrainConfig& config, const ParameterTable& table) {
  return config.weight_norm ? weight_norm_table(table) : table;
}

WeightUpdate::WeightUpdate(const TrainConfig& config, const ParameterTable& table,
                           const std::vector<std::string>& frozen)
    : config_(config), table_(table) {
  if (config.weight_norm) norm_.emplace(table, frozen);
  const ParameterTable& learned = norm_ ? norm_->table() : table;
  optimizer_ = make_optimizer(config, static_cast<size_t>(learned.trainable_total()));
  if (frozen.empty()) return;
  std::vector<std::string> still = frozen;
  for (const std::string& name : frozen)
    if (norm_) still.push_back(length_name(name));
  optimizer_->restrict_to(learning_ranges(learned, still));
}

bool WeightUpdate::step(std::span<float> parameters, std::span<const float> gradients,
                        double learning_rate, parallel::Team* team) {
  if (!norm_) {
    return optimizer_->step(parameters, gradients, learning_rate, team,
                            gradient_clip(config_, table_, gradients));
  }
  if (!std::exchange(begun_, true)) norm_->begin(parameters, team);
  const std::span<const float> learned = norm_->gradients(gradients, team);
  const bool finite = optimizer_->step(norm_->learned().span(), learned, learning_rate, team,
                                       gradient_clip(config_, norm_->table(), learned));
  norm_->write(parameters, team);
  return finite;
}

OptimizerState WeightUpdate::state() const {
  OptimizerState state = optimizer_->state();
  if (norm_) state.buffers.push_back(norm_->learned());
  return state;
}

void WeightUpdate::restore(OptimizerState state) {
  if (norm_) {
    check_internal(!state.buffers.empty() && state.buffers.back().size() == norm_->learned().size(),
                   "a state of weight normalisation");
    norm_->learned() = std::move(state.buffers.back());
    state.buffers.pop_back();
    begun_ = false;
  }
  optimizer_->restore(std::move(state));
}

OptimizerState WeightUpdate::release() {
  OptimizerState state = optimizer_->release();
  if (norm_) state.buffers.push_back(std::move(norm_->learned()));
  return state;
}

}  // namespace nd::train
