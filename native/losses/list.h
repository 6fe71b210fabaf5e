// Every loss, by hand (see models/list.h for why), and what they share.
#pragma once

#include "losses/loss.h"

namespace nd {

extern const LossSpec kMae, kMse, kRmse, kMape, kSmape, kMase, kHuberLoss, kTukeyLoss, kFreDf;
extern const LossSpec kQuantileLoss, kHuberQLoss, kMqLoss, kHuberMqLoss, kScrps;
extern const LossSpec kIqLoss, kHuberIqLoss;
extern const LossSpec kDistributionLoss, kGmm, kPmm, kNbmm;

/// The option that all losses have.
ParamSpec horizon_weight_param();

/// Options of whatever forecasts several quantiles, and the columns that they ask for.
ParamSpec levels_param();
ParamSpec quantiles_param();
ForecastColumns level_columns(const Options& options);

/// The pinball loss of those quantiles, averaged.
Var mq_loss(Graph& graph, const Options& options, const LossInputs& in, bool compat);

/// Output names and quantiles of a point loss.
std::vector<std::string> one_name(const Options&);
std::vector<double> one_quantile(const Options&);

/// y and y_hat with the entries of weight 0 replaced by 0, so that neither NaN nor a gradient comes
/// from them.
struct Observed {
  Var y;      ///< [B, H, 1]
  Var y_hat;  ///< [B, H, Q]
};
Observed observed(Graph& graph, const LossInputs& in);

/// WM(e) = Σ e·w / Σ w over windows, steps and outputs.
Var weighted_mean(Var losses, const LossInputs& in);

/// 1/x where x > 0, else 0, also in the gradient.
Var inverse_or_zero(Graph& graph, Var x);

/// Huber's function of |e| >= 0: ½e² up to `delta`, then δ·(|e| - ½δ).
Var huber(Var magnitude, double delta);
/// Its option.
ParamSpec huber_delta_param();

/// pinball(d, q) = max(q·d, (q-1)·d) with d = y - ŷ; `quantiles` broadcasts against d.
Var pinball(Var difference, Var quantiles);

}  // namespace nd
