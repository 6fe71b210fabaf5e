// Losses as graphs: the same description trains on the CPU in float32 and is a float64 metric in
// the interpreter. Formulas: WM(e, w) = Σ e·w / Σ w, entries with w = 0 are dropped even if NaN; Σ
// w arrives as an input, so that a loss is a plain sum over windows wherever its definition is one.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "graph/evaluate.h"
#include "losses/columns.h"
#include "losses/distillation.h"
#include "losses/distributions/distribution.h"
#include "losses/implicit.h"
#include "ops/graph.h"

namespace nd {

/// What a loss reads. Shapes: y and weight [B, H, 1], y_hat [B, H, Q], insample [B, L]; the leading
/// dimension may be a multiple of the windows (the series of multivariate ones).
struct LossInputs {
  Var y;
  Var y_hat;
  Var insample_y;
  Var insample_mask;
  Var weight;       ///< mask ⊙ horizon weight ⊙ multiplicity of the window; 0 drops the entry
  Var inverse_sum;  ///< scalar 1 / Σ weight, 0 when nothing is observed
  // Of a distribution loss alone, whose y is (target - loc) / scale:
  Var target;      ///< [B, H, 1], in the scale of the panel
  Var loc, scale;  ///< [B, 1, 1], of the window's scaler
  // Of implicit quantiles alone, while they train:
  Var level;    ///< [B, H, 1], the quantile to forecast
  Var cosines;  ///< [B, H, E], by which the network is told
  // Of a distilling loss alone, while it trains:
  Var teacher{};         ///< [B, H, K], a teacher's numbers in the scale of the window
  Var teacher_target{};  ///< [B, H, K], of a distribution loss: in the scale of the panel
};

struct LossSpec {
  std::string_view name;  ///< "MQLoss"
  std::string_view summary;
  std::string_view formula;
  std::vector<ParamSpec> params;
  /// Names of the outputs as column suffixes: {""} for point losses, {"-median", "-lo-90", …} for
  /// quantiles, also those of a distribution.
  std::vector<std::string> (*output_names)(const Options&);
  /// The quantile of each name, 0.5 for point losses.
  std::vector<double> (*quantiles)(const Options&);
  /// Emits the scalar loss. `compat` restores the reference's defects (docs/compatibility.md).
  Var (*build)(Graph&, const Options&, const LossInputs&, bool compat);
  /// False: a metric, which can validate but not train.
  bool trainable = true;
  /// What the outputs are the parameters of; nullptr: they are the forecast.
  std::shared_ptr<const Distribution> (*distribution)(const Options&, bool compat) = nullptr;
  /// Of a loss that learns all quantiles: `build` judges those of its columns.
  const ImplicitQuantiles* implicit = nullptr;
};

/// Every loss, in one explicit list.
std::span<const LossSpec* const> loss_list();
/// Case-insensitive; throws E0010 naming the closest known loss.
const LossSpec& find_loss(std::string_view name);

/// A loss with its validated options.
class Loss {
 public:
  /// From "MAE", {"type": "MQLoss", "options": {"levels": [80, 90]}} or {"type": "MQLoss",
  /// "levels": [80, 90]}. Throws E0010 naming the closest known loss or option.
  explicit Loss(const nlohmann::json& json, bool compat = false);
  const LossSpec& spec() const { return *spec_; }
  bool compat() const { return compat_; }
  /// Numbers per step of the horizon that the network gives.
  int64_t outputs() const;
  /// Of them the model's own; the loss may make more of them.
  int64_t model_outputs() const { return spec_->implicit != nullptr ? 1 : outputs(); }
  /// The quantiles that outputs without a distribution are.
  const std::vector<double>& trained_quantiles() const { return trained_; }
  /// nullptr: the outputs are the forecast.
  const std::shared_ptr<const Distribution>& distribution() const { return distribution_; }
  /// The columns of a forecast.
  const ForecastColumns& columns() const { return columns_; }
  const std::vector<std::string>& output_names() const { return columns_.suffixes; }
  const std::vector<double>& quantiles() const { return columns_.quantiles; }
  /// Whether a multivariate network's outputs are read series by series though they are written
  /// output by output, as the reference does.
  bool mixes_series() const;
  /// Weight of each horizon step, empty = all 1.
  const std::vector<double>& horizon_weight() const { return horizon_weight_; }
  Var build(Graph& graph, const LossInputs& in) const {
    return spec_->build(graph, options_, in, compat_);
  }
  /// The loss that trains, of the model's own outputs; with a teacher's share, where it has one.
  Var build_training(Graph& graph, const LossInputs& in) const;
  /// The loss of a student; nothing but what trains is another.
  Loss distilled(Distillation distillation) const;
  /// A teacher's share; none: nobody teaches.
  const std::optional<Distillation>& distillation() const { return distillation_; }
  /// What the network gives, from the model's own outputs.
  Var forecast(Graph& graph, Var own) const {
    return spec_->implicit != nullptr ? spec_->implicit->forecast(graph, options_, own) : own;
  }
  /// How training draws implicit quantiles.
  QuantileDraws draws() const { return spec_->implicit->draws(options_); }
  /// {"type": …, "options": {…}} with every option.
  nlohmann::ordered_json json() const;

 private:
  const LossSpec* spec_;
  Options options_;
  bool compat_;
  std::shared_ptr<const Distribution> distribution_;
  ForecastColumns columns_;
  std::vector<double> horizon_weight_, trained_;
  std::optional<Distillation> distillation_;
};

/// A loss alone as a graph: inputs named as the members of LossInputs, output "loss".
Graph loss_graph(const Loss& loss, int64_t horizon, int64_t input_size);

/// Windows to be judged, in float64. y, weight: [B·H]; y_hat: [B·H·Q]; insample_y, insample_mask:
/// [B·L]. `weight` excludes the horizon weight. loc, scale: [B], of the window's scaler, read by a
/// distribution loss; empty = 0 and 1.
struct LossWindows {
  int64_t windows, horizon, input_size;
  std::span<const double> y, y_hat, weight, insample_y, insample_mask;
  std::span<const double> loc = {}, scale = {};
};

/// Every input of loss_graph(), the horizon weight applied. Throws E0010 when the loss weighs
/// another number of steps than the horizon.
reference::Arguments loss_arguments(const Loss& loss, const LossWindows& windows);

/// Float64 value of a loss (the metric form): evaluates the loss graph in the interpreter.
double evaluate_loss(const Loss& loss, const LossWindows& windows);

}  // namespace nd
