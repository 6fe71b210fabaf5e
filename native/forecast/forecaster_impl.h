// The inside of a Forecaster, shared by its .cc files: an immutable configuration and a pointer to
// an immutable state that fits replace as a whole, so that asking never waits for learning.
#pragma once

#include <exception>
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
  std::shared_ptr<const std::vector<std::string>> ids;  ///< names of the series, in order
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

/// What training left behind.
struct FitOutcome {
  std::shared_ptr<State> state;
  std::vector<nlohmann::ordered_json> summaries;  ///< one per model
  std::exception_ptr error;  ///< of the first model that failed; nullptr when all are trained
  bool usable = true;        ///< false: `state` holds nothing better than before
};

/// Trains all models from `start` on a panel whose series are scaled by `statistics`. Throws what
/// train::check_request() throws; errors while training are in the outcome.
FitOutcome fit_models(const ForecasterConfig& config, std::vector<ModelState> start,
                      std::shared_ptr<const data::Panel> panel,
                      std::vector<data::SeriesStatistics> statistics, const FitRequest& request);
/// Networks as they are declared, before any step.
std::vector<ModelState> initial_models(const ForecasterConfig& config);
/// Throws E0003 for no rows and E0011 for another frequency than the configured one.
void check_fit_panel(const ForecasterConfig& config, const data::Panel* panel, const char* place);

/// The panel to forecast: `panel`, or the fitted one when it is nullptr. Throws E0003 when the
/// state holds none or there is no row, E0011 when its frequency is not that of the fit.
std::shared_ptr<const data::Panel> panel_of(const State& state,
                                            std::shared_ptr<const data::Panel> panel,
                                            const char* place);
/// Statistics by which `panel` is scaled: those of the fit for the fitted panel (`own`), computed
/// anew with `refit`, else looked up by name; throws E0011 for a series that the fit did not see.
std::vector<data::SeriesStatistics> statistics_for(const data::Panel& panel, bool own,
                                                   const State& state,
                                                   const ForecasterConfig& config, bool refit);

/// Statistics of each whole series.
std::vector<data::SeriesStatistics> panel_statistics(const ForecasterConfig& config,
                                                     const data::Panel& panel);
/// Scales every value of `panel` in place.
void scale_panel(data::SeriesScaler scaler, std::span<const data::SeriesStatistics> statistics,
                 data::Panel& panel);

}  // namespace nd::forecast
