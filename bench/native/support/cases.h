// The work that the `train` suite measures: one step of a network on one batch, as a fit runs it,
// or one evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "graph/plan.h"
#include "models/network.h"
#include "parallel/team.h"
#include "train/optimizer.h"

namespace nd::bench {

struct Case {
  const char* name;   ///< "NHITS-512 b1024": how tables, requests and peers call it
  const char* model;  ///< of the registry
  int64_t input_size, horizon, windows;
  const char* options = "{}";            ///< JSON, as a user writes them
  Phase phase = Phase::train;            ///< train: forward, backward, Adam; infer: forward only
  int64_t series = 1;                    ///< of a multivariate model
  bool checkpointing = false;            ///< forward values are computed again for the gradient
  Precision precision = Precision::f32;  ///< of training's matrix products
};

/// All cases whose model the registry has.
std::span<const Case> cases();

/// A compiled case with weights, gradients, optimiser and distinct windows of made-up data.
class Step {
 public:
  Step(const Case& c, int threads);
  /// Forward, backward, Adam; weights change, as in a fit.
  void run();
  /// The two halves of it: forward and backward; Adam (nothing without training).
  void run_plan();
  void update();

  /// Of all matrix products and sequence ops of one run, forward and backward: 2·M·N·K each.
  double flop() const { return flop_; }
  int64_t parameters() const { return parameters_count_; }
  /// Bytes that the optimiser must move in one run; 0 without training.
  double optimizer_bytes() const;
  /// Bytes per second that bound these, measured on this step's team, buffers as large as its own;
  /// 1 without training.
  double optimizer_bandwidth();
  parallel::Team& team() { return team_; }
  Plan& plan() { return *plan_; }

 private:
  void feed(const Network& network, int64_t windows);
  bool trains_;
  double flop_ = 0;
  int64_t parameters_count_ = 0;
  size_t trainable_ = 0;
  parallel::Team team_;
  std::unique_ptr<Plan> plan_;
  FloatBuffer weights_, gradients_;
  std::unique_ptr<train::Optimizer> optimizer_;
  uint32_t step_ = 0;
};

}  // namespace nd::bench
