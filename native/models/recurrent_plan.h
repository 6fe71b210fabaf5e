// Forecasts of a recurrent network as one plan: a pass over the context, then one step at a time,
// each of which reads the forecast before it and the state that it left. To a caller it is a plan
// like any other, so that nothing above it knows recurrence.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/plan.h"
#include "losses/distributions/distribution.h"
#include "models/spec.h"

namespace nd {

/// Futures that are drawn step by step.
struct Draws {
  int64_t paths = 1;  ///< of each window
  /// What the network reads as the value of step `tau`, [B · paths], from its outputs for that step
  /// [B · paths, Q], the paths of a window one after the other; called for every step.
  std::function<void(int64_t tau, std::span<const float> outputs, std::span<float> next)> draw{};
};

/// What a recurrent network reads as its own last forecast.
struct Feedback {
  /// The mean of this distribution, whose parameters the outputs are; nullptr: the mean over the
  /// outputs.
  std::shared_ptr<const Distribution> distribution = nullptr;
  /// That mean takes the place of every output, as in the reference.
  bool replaces_outputs = false;
  /// From (y - loc) / scale to what the network reads; nullptr: the same.
  double (*to_network)(double z) = nullptr;
  /// Instead of all that, where it has a function `draw`.
  Draws draws = {};
};

class RecurrentPlan final : public Plan {
 public:
  /// `context` gives the first forecast [B, 1, Q] and the state, `step` is the plan of `step_graph`
  /// for as many windows, times the paths of `feedback`. `geometry` holds H and Q.
  RecurrentPlan(std::unique_ptr<Plan> context, std::unique_ptr<Plan> step, const Graph& step_graph,
                const Geometry& geometry, const Feedback& feedback);

  /// Future exogenous inputs are [B, T + H - 1, columns], the steps of the forecasts but the first
  /// after those of the context; with a distribution there are loc and scale [B, 1, 1]; all else as
  /// the context reads it. Historic exogenous inputs are zero after it.
  std::span<float> input(std::string_view name) override;
  bool has_input(std::string_view name) const override;
  void run(const RunArgs& args) override;
  /// `forecast` [B, H, Q]; of drawn futures [B · paths, H, Q].
  std::span<const float> output(std::string_view name) const override;
  int64_t windows() const override { return context_->windows(); }
  int64_t memory_bytes() const override;

 private:
  int64_t rows() const { return step_->windows(); }
  void copy_state(const Plan& from);
  /// A future exogenous input, for the context and all steps after it.
  struct Known {
    const char* input;
    int64_t columns;
    std::vector<float> values;
  };

  void feed_context();
  void keep(const Plan& plan, int64_t tau);
  void feed_step(int64_t tau);
  float mean_forecast(int64_t window, int64_t tau) const;
  double mean_of_distribution(int64_t window, std::span<const float> outputs) const;

  std::unique_ptr<Plan> context_, step_;
  Geometry geometry_;
  Feedback feedback_;
  std::vector<std::string> states_;
  std::vector<float> forecast_;
  std::vector<float> outputs_, next_;  // of a step that is drawn from
  std::vector<float> loc_, scale_;     // of a distribution
  std::vector<Known> known_;
  bool step_is_stale_ = true;  // its weights are not packed yet
};

}  // namespace nd
