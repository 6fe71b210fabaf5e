// Measures the gradient of each weight at every step of a fit that asks for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/parameters.h"
#include "train/gradient_history.h"

namespace nd::train {

class GradientMonitor {
 public:
  /// Watches the trainable parameters whose names are not among `frozen`. `table` and `history`
  /// must outlive it; `history` may hold that of the beginning of the fit.
  GradientMonitor(const ParameterTable& table, const std::vector<std::string>& frozen,
                  std::optional<GradientHistory>& history);

  /// The gradients of step `step` (from 1), as the network gave them: before clipping.
  void measure(std::span<const float> gradients, int64_t step);
  /// Adds what was measured last to the history, as of step `step`; nothing before the first.
  void record(int64_t step);

  const ParameterTable& table() const { return table_; }
  const GradientHistory& history() const { return history_; }
  /// Of the latest step, in the order of history().weights; none before the first.
  std::span<const double> norms() const { return norms_; }

 private:
  void warn(int64_t weight, double norm, int64_t step);

  const ParameterTable& table_;
  GradientHistory& history_;
  std::vector<double> norms_;
  bool measured_ = false;
};

}  // namespace nd::train
