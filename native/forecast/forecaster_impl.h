// The inside of a Forecaster, shared by its .cc files: an immutable configuration and a pointer to
// an immutable state that fits replace as a whole, so that asking never waits for learning.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/panel.h"
#include "data/scalers.h"
#include "forecast/config.h"
#include "forecast/forecaster.h"

namespace nd::forecast {

/// By what the values of a panel are scaled, per series: the target, and each numeric column that
/// has a scale of its own (none without a series scaler, none with boxcox, which only fits positive
/// values).
struct Scales {
  std::vector<data::SeriesStatistics> target;  ///< shift 0, scale 1 without a series scaler
  std::map<std::string, std::vector<data::SeriesStatistics>> features{};
  /// Of numeric static columns, over all series; none without a static scaler.
  std::map<std::string, data::SeriesStatistics> statics{};
};

/// What a fit learned about one model.
struct ModelState {
  std::shared_ptr<const FloatBuffer> parameters;
  data::RevinAffine revin;         ///< not 0/1 only after an import
  nlohmann::ordered_json history;  ///< steps, losses; the summary that fit() returns
  bool trained = false;  ///< false: an earlier model of the same fit diverged before this one began
  bool declared = false;  ///< of an import: its weights are still to come
  /// What the optimiser remembers of the last fit; nullptr: nothing.
  std::shared_ptr<const train::OptimizerState> optimizer = nullptr;
  /// Of a checkpoint: where the fit was. The optimiser's part is in `optimizer`.
  std::shared_ptr<const train::TrainingState> training = nullptr;
};

/// Which fit a checkpoint is of, beside its configuration.
struct FitOf {
  std::string data;  ///< panel_digest()
  int64_t val_size = 0;
  std::string intervals{};  ///< options of the calibration as JSON; "" = none
  std::string frozen{};     ///< names of the weights that stay, as JSON; "" = none
  std::string initial{};    ///< weights_digest() of initialWeights; "" = none
  std::string teacher{};    ///< teaching_digest(); "" = none
};

struct Calibration;

/// Everything that predict() needs; never changed once published.
struct State {
  std::shared_ptr<const ForecasterConfig> config;  ///< with what the fit learned of categories
  Vocabularies vocabularies;
  std::vector<ModelState> models;
  std::shared_ptr<const std::vector<std::string>> ids;  ///< names of the series, in order
  data::Frequency frequency;
  bool calendar = false;
  Scales scales;
  std::shared_ptr<const data::Panel>
      panel;  ///< original scale; nullptr after loading a file without data
  /// Errors that intervals are made of; nullptr: the fit was not asked for them.
  std::shared_ptr<const Calibration> calibration;
  std::string note;                  ///< of the file that was loaded; "" after a fit
  std::optional<FitOf> fit_of = {};  ///< of a checkpoint
};

/// What a saved file holds beside weights and history.
struct SavedParts {
  bool data = true;        ///< the last windows of the series
  bool optimizer = false;  ///< what the optimisers remember
  bool training = false;   ///< of a checkpoint: where each fit is
};
void write_state(const std::string& path, const State& state, SavedParts parts);
/// Throws E0006 for a file that is missing or damaged.
State read_state(const std::string& path);

/// What fit() says of one model.
nlohmann::ordered_json summary_json(const ModelConfig& model, const train::TrainResult& result);

struct Forecaster::Impl {
  std::shared_ptr<const ForecasterConfig> config;  ///< as the user gave it
  std::mutex fit_mutex;                            ///< one fit, import of weights at a time
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

/// What the trainer is asked for one model of a fit.
train::TrainRequest train_request(const ForecasterConfig& config, const ModelConfig& model,
                                  const data::Panel& scaled, const FitRequest& request);
/// Networks as they are declared, before any step.
std::vector<ModelState> initial_models(const ForecasterConfig& config);
/// Where a fit begins: configuration, vocabularies and models, from `earlier` (nullptr = from
/// scratch, as `config` says and the categories of `panel`).
std::shared_ptr<State> start_state(std::shared_ptr<const ForecasterConfig> config,
                                   const State* earlier, const data::Panel& panel);
/// Trains all models from `start` on a panel that is scaled by `scales`. Throws what
/// train::check_request() throws; errors while training are in the outcome.
FitOutcome fit_models(std::shared_ptr<State> start, std::shared_ptr<const data::Panel> panel,
                      Scales scales, const FitRequest& request);
/// Throws E0003 for no rows, E0011 for another frequency than the configured one, E0004 for columns
/// that are missing.
void check_fit_panel(const ForecasterConfig& config, const data::Panel* panel, const char* place);

/// The panel to forecast: `panel`, or the fitted one when it is nullptr. Throws E0003 when the
/// state holds none or there is no row, E0011 when its frequency is not that of the fit.
std::shared_ptr<const data::Panel> panel_of(const State& state,
                                            std::shared_ptr<const data::Panel> panel,
                                            const char* place);
/// By what `panel` is scaled: as in the fit for the fitted panel (`own`), computed anew with
/// `refit`, else looked up by name; throws E0011 for a series that the fit did not see. Static
/// columns are scaled as in the fit; those of another panel anew only as in the reference.
Scales scales_for(const data::Panel& panel, bool own, const State& state, bool refit);

/// Scales of the numeric static columns of a panel, over its series. Throws E0011 for a value that
/// boxcox cannot transform.
std::map<std::string, data::SeriesStatistics> static_scales(const ForecasterConfig& config,
                                                            const data::Panel& panel);
/// Scales of the first `rows(s)` rows of each series s; of all rows.
Scales panel_scales(const ForecasterConfig& config, const data::Panel& panel,
                    const std::function<int64_t(int64_t)>& rows);
Scales panel_scales(const ForecasterConfig& config, const data::Panel& panel);
/// The scales of the series whose places in the panel are `series`.
Scales scales_of(const Scales& all, std::span<const int64_t> series);
/// The panel as networks see it, scaled and with places for categories; none when that is the panel
/// itself. Throws E0011 for a category that the fit did not see where the configuration says so.
std::optional<data::Panel> network_panel(const ForecasterConfig& config, const Scales& scales,
                                         const Vocabularies& vocabularies, const data::Panel& panel,
                                         const char* place);

}  // namespace nd::forecast
