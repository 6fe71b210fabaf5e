#include "train/gradient_monitor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/frozen.h"
#include "train/optimizer.h"

namespace nd::train {

namespace {
/// `kept` where its rows have a column for each of the weights that learn, else one without rows.
GradientHistory& begun(const ParameterTable& table, const std::vector<std::string>& frozen,
                       std::optional<GradientHistory>& kept) {
  std::vector<int64_t> weights;
  for (size_t i = 0; i < table.entries().size(); ++i) {
    const ParameterEntry& entry = table.entries()[i];
    if (entry.trainable && !is_frozen(frozen, entry.name))
      weights.push_back(static_cast<int64_t>(i));
  }
  if (!kept || kept->weights != weights) kept.emplace().weights = std::move(weights);
  return *kept;
}
}  // namespace

GradientMonitor::GradientMonitor(const ParameterTable& table,
                                 const std::vector<std::string>& frozen,
                                 std::optional<GradientHistory>& history)
    : table_(table), history_(begun(table, frozen, history)) {}

void GradientMonitor::measure(std::span<const float> gradients, int64_t step) {
  norms_.clear();
  for (const int64_t weight : history_.weights) {
    const ParameterEntry& entry = table_.entries()[static_cast<size_t>(weight)];
    norms_.push_back(std::sqrt(squared_norm(entry, gradients)));
    warn(weight, norms_.back(), step);
  }
  measured_ = true;
}

void GradientMonitor::warn(int64_t weight, double norm, int64_t step) {
  const bool vanishing = norm < kVanishingNorm, exploding = !(norm <= kExplodingNorm);
  if (!vanishing && !exploding) return;
  auto& all = history_.warnings;
  auto known = std::find_if(all.begin(), all.end(), [&](const GradientWarning& w) {
    return w.weight == weight && w.exploding == exploding;
  });
  if (known == all.end()) known = all.insert(all.end(), {weight, exploding, step, step, 0, norm});
  known->last_step = step;
  ++known->steps;
  known->norm = exploding ? std::max(known->norm, norm) : std::min(known->norm, norm);
}

void GradientMonitor::record(int64_t step) {
  if (!measured_) return;
  history_.steps.push_back(step);
  history_.norms.insert(history_.norms.end(), norms_.begin(), norms_.end());
}

}  // namespace nd::train
