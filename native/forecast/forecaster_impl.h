// The inside of a Forecaster, shared by its .cc files: an immutable configuration and a pointer to
// an immutable state that fits replace as a whole, so that asking never waits for learning.
#pragma once

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/panel.h"
#include "data/scalers.h"
#include "forecast/config.h"
#include "forecast/forecaster.h"

namespace nd::forecast {

/// What a fit learned about one model.
struct ModelState {
  std::shared_ptr<const FloatBuffer> parameters;
  data::RevinAffine revin;         ///< not 0/1 only after an import
  nlohmann::ordered_json history;  ///< steps, losses; the summary that fit() returns
  bool trained = false;  ///< false: an earlier model of the same fit diverged before this one began
};

/// Everything that predict() needs; never changed once published.
struct State {
  std::vector<ModelState> models;
  std::vector<std::string> ids;
  data::Frequency frequency;
  bool calendar = false;
  std::vector<data::SeriesStatistics>
      statistics;  ///< per series; shift 0, scale 1 without a series scaler
  std::shared_ptr<const data::Panel>
      panel;         ///< original scale; nullptr after loading a file without data
  std::string note;  ///< of the file that was loaded; "" after a fit
};

struct Forecaster::Impl {
  std::shared_ptr<const ForecasterConfig> config;
  std::mutex fit_mutex;  ///< one fit, import of weights at a time
  mutable std::mutex state_mutex;
  std::shared_ptr<const State> state;

  std::shared_ptr<const State> current() const {
    const std::lock_guard lock(state_mutex);
    return state;
  }
  void publish(std::shared_ptr<const State> next) {
    const std::lock_guard lock(state_mutex);
    state = std::move(next);
  }
  /// The current state; throws E0001 when there is none, or `model` (an index; -1 = any model) is
  /// not trained.
  std::shared_ptr<const State> require(const char* place, int64_t model = -1) const;
};

/// Statistics of each whole series under `scaler`.
std::vector<data::SeriesStatistics> panel_statistics(data::SeriesScaler scaler,
                                                     const data::Panel& panel);
/// Scales every value in place: (y - shift) / scale.
void scale_panel(data::Panel& panel, std::span<const data::SeriesStatistics> statistics);

}  // namespace nd::forecast
