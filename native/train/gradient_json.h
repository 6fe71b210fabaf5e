// What a gradient monitor has to say, as JSON. Norms that are not finite are null.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "train/gradient_monitor.h"

namespace nd::train {

/// {weight: norm} of the latest step.
nlohmann::ordered_json norms_json(const GradientMonitor& monitor);

/// [{weight, kind: "vanishing" | "exploding", firstStep, lastStep, steps, norm}].
nlohmann::ordered_json warnings_json(const GradientHistory& history, const ParameterTable& table);

/// {steps, norms: {weight: [norm of each step]}, frozen: weights that have no gradient, warnings}.
nlohmann::ordered_json gradients_json(const GradientHistory& history, const ParameterTable& table);

}  // namespace nd::train
