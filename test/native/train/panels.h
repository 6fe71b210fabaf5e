// Small panels and networks for the tests of training, forecasting and serving.
#pragma once

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/panel.h"
#include "models/network.h"

namespace nd::testing {

/// Noisy-free seasonal series "s0", "s1", … of the given lengths over integer time, period 12,
/// levels 10, 20, ….
inline data::Panel sine_panel(const std::vector<int64_t>& lengths, double factor = 1) {
  data::RawPanel raw;
  for (size_t s = 0; s < lengths.size(); ++s) {
    raw.ids.push_back("s" + std::to_string(s));
    for (int64_t t = 0; t < lengths[s]; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      const double phase = 2 * 3.14159265358979 * static_cast<double>(t) / 12.0;
      raw.target.push_back(factor * (10.0 * static_cast<double>(s + 1) +
                                     3.0 * std::sin(phase + static_cast<double>(s))));
    }
  }
  return data::Panel(std::move(raw), {});
}

inline std::shared_ptr<const data::Panel> shared_sine_panel(const std::vector<int64_t>& lengths,
                                                            double factor = 1) {
  return std::make_shared<const data::Panel>(sine_panel(lengths, factor));
}

/// A network with the given options, loss by name or description.
inline Network network(const std::string& type, const nlohmann::json& options, int64_t input_size,
                       int64_t horizon, const nlohmann::json& loss = "MAE") {
  const ModelSpec& spec = find_model(type);
  const Loss l(loss);
  return Network(spec, Options(options, model_and_training_params(spec), spec.name),
                 Geometry{.input_size = input_size, .horizon = horizon, .outputs = l.outputs()}, l);
}

inline nlohmann::json small_nhits() { return {{"mlpUnits", {{16, 16}, {16, 16}, {16, 16}}}}; }

}  // namespace nd::testing
