// A network: one model spec with its options, geometry and loss, from which the graphs of each
// phase, the parameter table and the plans are derived.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/parameters.h"
#include "graph/plan.h"
#include "losses/loss.h"
#include "models/recurrent_plan.h"
#include "models/spec.h"

namespace nd {

/// Names of the graph's inputs and outputs, shared by trainer, predictor and tests. A window is one
/// row of a univariate network and N consecutive rows, one per series, of a multivariate one: R = B
/// or N·B. So nothing but the model itself sees the difference.
namespace io_names {
inline constexpr char kInsampleY[] = "insample_y";        // [R, L]
inline constexpr char kInsampleMask[] = "insample_mask";  // [R, L]
// Of exogenous columns the numbers, and the places of categories (0 = one that training did not
// see).
inline constexpr char kFutrExog[] = "futr_exog";              // [R, L+H, F]
inline constexpr char kFutrCategories[] = "futr_categories";  // [R, L+H, columns]
inline constexpr char kHistExog[] = "hist_exog";              // [R, L, X]
inline constexpr char kHistCategories[] = "hist_categories";  // [R, L, columns]
inline constexpr char kStatExog[] = "stat_exog";              // [B, S] | [N, S]
inline constexpr char kStatCategories[] = "stat_categories";  // [B, columns] | [N, columns]
inline constexpr char kOutsampleY[] = "outsample_y";          // [R, H, 1]
// Of a distribution loss, whose outsample_y is (target - loc) / scale:
inline constexpr char kTarget[] = "target";  // [R, H, 1], in the scale of the panel
inline constexpr char kLoc[] = "loc";        // [R, 1, 1], of the window's scaler
inline constexpr char kScale[] = "scale";    // [R, 1, 1]
// Of a loss of implicit quantiles, while it trains:
inline constexpr char kQuantileLevel[] = "quantile_level";      // [R, H, 1]
inline constexpr char kQuantileCosines[] = "quantile_cosines";  // [R, H, E]
// Of a distilling loss, K numbers of a teacher:
inline constexpr char kTeacher[] = "teacher";               // [R, H, K], in the window's scale
inline constexpr char kTeacherTarget[] = "teacher_target";  // [R, H, K], of a distribution loss
inline constexpr char kWeight[] = "weight";                 // [R, H, 1]
inline constexpr char kInverseSum[] = "inverse_sum";        // []
inline constexpr char kForecast[] = "forecast";             // [R, H, Q], raw network output
inline constexpr char kLoss[] = "loss";                     // []
}  // namespace io_names

/// What windows are read for. Only a recurrent network tells them apart.
enum class Use : uint8_t { train, validate, predict };

/// Steps of a window: those that the network is given, and those after them that it forecasts.
struct WindowSize {
  int64_t input_size, horizon;
};

class Network {
 public:
  /// `options` may hold training options beside the model's. Throws E0010 when options, geometry
  /// and loss do not fit together, E0004 for exogenous inputs that the model does not use.
  /// `geometry.outputs` is set from the loss, `geometry.series` from the option `n_series`.
  Network(const ModelSpec& spec, Options options, Geometry geometry, Loss loss);

  const ModelSpec& spec() const { return *spec_; }
  const Options& options() const { return options_; }
  const Geometry& geometry() const { return geometry_; }
  const Loss& loss() const { return loss_; }
  /// Forecasts one step at a time, feeding its own forecasts back.
  bool recurrent() const { return spec_->recurrent != nullptr && spec_->recurrent(options_); }
  /// Direct: input size and horizon. Recurrent, as in the reference: one step more than the input
  /// size, because inputs are the targets shifted by one, and in training h_train steps to forecast
  /// (the whole horizon where the loss weighs it).
  WindowSize window(Use use) const;
  const ParameterTable& table() const { return table_; }
  const std::vector<ParameterDecl>& declarations() const { return declarations_; }
  /// Parameters that a training run hands back changed, as the output next.<name>: running
  /// statistics.
  const std::vector<ParameterEntry>& state() const { return state_; }
  /// Takes over the state that a run of `plan` (of a training graph) handed back; the optimiser
  /// does not touch it. What is `frozen` stays.
  void commit_state(const Plan& plan, std::span<float> parameters,
                    const std::vector<std::string>& frozen = {}) const;

  /// Names under which a file of the reference repeats a tensor of ours, as (other, ours): an
  /// importer ignores them after checking that they are equal.
  std::vector<std::pair<std::string, std::string>> aliases() const;

  /// Output `forecast` [R, H, Q] for windows of `input_size` steps (0: those of Use::predict). Of a
  /// recurrent network: the next step only, [B, 1, Q], and its state (next_name).
  Graph infer_graph(int64_t input_size = 0) const;
  /// One step of a recurrent network: inputs [B, 1, …] and the state, outputs as infer_graph().
  Graph step_graph() const;
  /// Outputs `forecast`, `loss` and `grad.<parameter>`; also `grad.insample_y` with
  /// `input_gradient`. With Phase::infer the gradient of the network as it predicts: without
  /// dropout. Parameters that are `frozen` have no gradient.
  Graph train_graph(bool input_gradient = false, Phase phase = Phase::train,
                    const std::vector<std::string>& frozen = {}) const;

  /// Output `forecast` [R, H, Q], also of a recurrent network. `use`: validate or predict.
  std::unique_ptr<Plan> compile_infer(int64_t windows, Use use = Use::predict) const;
  /// Futures of `windows` windows, drawn step by step; of a recurrent network.
  std::unique_ptr<Plan> compile_draws(int64_t windows, Draws draws) const;
  /// With `checkpointing`, forward values are computed again for the derivative instead of kept:
  /// the same gradients from less memory and more time. Without `random` no dropout drops anything.
  std::unique_ptr<Plan> compile_train(int64_t windows, Split split = Split::automatic,
                                      bool checkpointing = false,
                                      Precision precision = Precision::f32,
                                      const std::vector<std::string>& frozen = {},
                                      bool random = true) const;

 private:
  Feedback feedback(Use use) const;
  std::unique_ptr<Plan> compile_recurrent(int64_t windows, Use use, const Feedback& feedback) const;
  Graph build(Phase phase, bool with_loss, int64_t input_size) const;
  const ModelSpec* spec_;
  Options options_;
  Geometry geometry_;
  Loss loss_;
  ParameterTable table_;
  std::vector<ParameterDecl> declarations_;
  std::vector<ParameterEntry> state_;
};

}  // namespace nd
