// Forecasts of a recurrent network as one plan: a pass over the context, then one step at a time,
// each of which reads the forecast before it and the state that it left. To a caller it is a plan
// like any other, so that nothing above it knows recurrence.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/plan.h"
#include "models/spec.h"

namespace nd {

class RecurrentPlan final : public Plan {
 public:
  /// `context` gives the first forecast [B, 1, Q] and the state, `step` is the plan of `step_graph`
  /// for as many windows. `geometry` holds H and Q. With
  /// `gives_means` all Q outputs are their mean: what the reference predicts.
  RecurrentPlan(std::unique_ptr<Plan> context, std::unique_ptr<Plan> step, const Graph& step_graph,
                const Geometry& geometry, bool gives_means = false);

  /// Future exogenous inputs are [B, T + H - 1, columns], the steps of the forecasts but the first
  /// after those of the context; all else as the context reads it. Historic exogenous inputs are
  /// zero after it.
  std::span<float> input(std::string_view name) override;
  bool has_input(std::string_view name) const override;
  void run(const RunArgs& args) override;
  /// `forecast` [B, H, Q]. What is fed back is the mean over the Q outputs, as in the reference.
  std::span<const float> output(std::string_view name) const override;
  int64_t windows() const override { return context_->windows(); }
  int64_t memory_bytes() const override;

 private:
  void copy_state(const Plan& from);
  /// A future exogenous input, for the context and all steps after it.
  struct Known {
    const char* input;
    int64_t columns;
    std::vector<float> values;
  };

  void feed_context();
  void feed_step(int64_t tau);
  float mean_forecast(int64_t window, int64_t tau) const;

  std::unique_ptr<Plan> context_, step_;
  Geometry geometry_;
  bool gives_means_;
  std::vector<std::string> states_;
  std::vector<float> forecast_;
  std::vector<Known> known_;
  bool step_is_stale_ = true;  // its weights are not packed yet
};

}  // namespace nd
