#include "train/gradient_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace nd::train {

namespace {
using nlohmann::ordered_json;

const std::string& name_of(const ParameterTable& table, int64_t weight) {
  return table.entries()[static_cast<size_t>(weight)].name;
}
}  // namespace

ordered_json norms_json(const GradientMonitor& monitor) {
  ordered_json norms = ordered_json::object();
  for (size_t w = 0; w < monitor.norms().size(); ++w)
    norms[name_of(monitor.table(), monitor.history().weights[w])] =
        finite_or_null(monitor.norms()[w]);
  return norms;
}

ordered_json warnings_json(const GradientHistory& history, const ParameterTable& table) {
  ordered_json out = ordered_json::array();
  for (const GradientWarning& w : history.warnings) {
    out.push_back({{"weight", name_of(table, w.weight)},
                   {"kind", w.exploding ? "exploding" : "vanishing"},
                   {"firstStep", w.first_step},
                   {"lastStep", w.last_step},
                   {"steps", w.steps},
                   {"norm", finite_or_null(w.norm)}});
  }
  return out;
}

ordered_json gradients_json(const GradientHistory& history, const ParameterTable& table) {
  ordered_json norms = ordered_json::object(), frozen = ordered_json::array();
  const size_t width = history.weights.size();
  for (size_t w = 0; w < width; ++w) {
    ordered_json column = ordered_json::array();
    for (size_t row = 0; row < history.steps.size(); ++row)
      column.push_back(finite_or_null(history.norms[row * width + w]));
    norms[name_of(table, history.weights[w])] = std::move(column);
  }
  for (size_t i = 0; i < table.entries().size(); ++i) {
    const bool learns = std::ranges::binary_search(history.weights, static_cast<int64_t>(i));
    if (table.entries()[i].trainable && !learns) frozen.push_back(table.entries()[i].name);
  }
  return {{"steps", history.steps},
          {"norms", std::move(norms)},
          {"frozen", std::move(frozen)},
          {"warnings", warnings_json(history, table)}};
}

}  // namespace nd::train
