// Futures drawn step by step (ancestral sampling): a recurrent network gives the distribution of
// the next step, a draw of it is read back as the value of that step, and so on (Salinas, Flunkert,
// Gasthaus and Januschowski, "DeepAR", International Journal of Forecasting 36(3), 2020). What the
// network has learned about steps that follow each other is in the paths, without an assumption.
#pragma once

#include <vector>

#include "forecast/origins.h"

namespace nd::forecast {

/// Throws E0010 unless the model is recurrent and gives a distribution.
void check_ancestral(const ModelConfig& model);

/// Per model [series, paths, horizon], in original scale, from the ends of `panel`; `own`: it is
/// the fitted one. A draw depends on seed, model, series, path and step alone. Throws E0004 as
/// predict() does, E0009 for a value that is not finite.
std::vector<std::vector<double>> ancestral_paths(const State& state, const data::Panel& panel,
                                                 bool own, const SimulateRequest& request,
                                                 const OriginsRequest& asked);

}  // namespace nd::forecast
