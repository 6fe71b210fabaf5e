// The whole of a NeuralForecast object: several models over one panel, fitted, asked, saved,
// loaded. It is what the binding holds; every public method is safe to call from any thread: fits
// and imports are serialised and publish a new state at their end; asking uses the state of the
// moment it began.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "data/panel.h"
#include "forecast/interval_options.h"
#include "forecast/trials.h"
#include "losses/columns.h"
#include "train/trainer.h"

namespace nd::serve {
class AdaptiveIntervals;
class Predictor;
}  // namespace nd::serve

namespace nd::forecast {

/// A forecast table: blocks of `horizon` rows, each a forecast of one series from one moment, one
/// column per model output. Blocks are in order of series, then of time.
struct ForecastTable {
  std::vector<std::string> ids;
  int64_t horizon = 0;
  std::vector<int32_t> series;              ///< per block: index into `ids`
  std::vector<int64_t> times;               ///< [blocks · horizon], kind of the panel
  std::vector<std::string> columns;         ///< "NHITS", "NHITS-lo-80", …
  std::vector<std::vector<double>> values;  ///< per column [blocks · horizon], original scale
  bool calendar = false;
  int64_t paths = 0;  ///< of simulate(): blocks per series, one after the other; 0: there is one
  // Of forecasts of what is known:
  std::vector<int64_t> cutoffs;  ///< per block: time of the last row that was read
  std::vector<double> actual;    ///< [blocks · horizon]
};

/// Where a fit keeps what it needs to go on after an interruption.
struct CheckpointRequest {
  std::string path;            ///< "" = nowhere
  int64_t every_steps = 1000;  ///< of each model
  std::string note;            ///< as that of save()
};

class Forecaster;
struct Teaching;
struct Transfer;

/// Weights that a fit begins from: those of a saved file, or of an object.
struct InitialWeights {
  std::string path;                        ///< "" = none
  std::shared_ptr<const Forecaster> from;  ///< instead of `path`; nullptr = none
  std::vector<std::string> weights;        ///< patterns of those that are taken; none = all
  bool given() const { return !path.empty() || from != nullptr; }
};

struct FitRequest {
  int64_t val_size = 0;
  bool from_scratch = false;            ///< from initial weights, not from those of an earlier fit
  InitialWeights initial_weights = {};  ///< instead of those that are drawn; implies from_scratch
  /// Patterns over the names of weights that stay as they are: "blocks.0.*", "NHITS/blocks.0.*".
  std::vector<std::string> freeze = {};
  bool monitor_gradients = false;  ///< norms of gradients and warnings in summaries and progress
  /// A model whose forecasts are learned too (Forecaster::teaching()); nullptr = none.
  std::shared_ptr<const Teaching> teaching = {};
  /// Calibrates intervals: a fit of its own before the last windows, then the one of all rows.
  std::optional<IntervalOptions> intervals = {};
  /// Whether optimisers go on from what they remember of an earlier fit; unset = without compat.
  std::optional<bool> keep_optimizer = {};
  CheckpointRequest checkpoint = {};
  std::string resume = {};       ///< a checkpoint of this fit, "" = none
  bool resume_if_there = false;  ///< resume from checkpoint.path when there is such a file
  double time_budget_ms = 0;     ///< of all models together; 0 = none
  int threads = 1;
  const CancelToken* cancel = nullptr;
  /// model alias, progress; called on computing threads, by one at a time.
  std::function<void(const std::string&, const train::Progress&)> on_progress = {};
};

struct PredictRequest {
  int64_t horizon = 0;  ///< steps; 0 = that of the models
  int threads = 1;
  const CancelToken* cancel = nullptr;
  /// Future columns of the steps after each series; needed where a model reads such columns.
  const data::RawFuture* future = nullptr;
  bool refit_series_scaler =
      true;  ///< false: other panels are scaled by the statistics of the fit (same ids)
  QuantileRequest quantiles = {};  ///< other quantiles than those of each loss
};

enum class PathMethod {
  gaussian_copula,  ///< steps hang together as those of an autoregression
  schaake_shuffle,  ///< steps hang together as in pieces of the history
  ancestral         ///< each step is drawn by a recurrent network that has read the draws before it
};

struct SimulateRequest {
  PredictRequest forecast = {};  ///< without quantiles
  int64_t paths = 100;
  uint64_t seed = 1;
  PathMethod method = PathMethod::gaussian_copula;
};

/// What the parts of a cross-validation hold out of the training of others.
enum class Folds { none, series, time };

/// The fit of a cross-validation that trains.
struct FitPlace {
  int64_t window;  ///< the first that it serves
  int64_t fold;    ///< -1: there are none
};

/// The last `windows` cutoffs of every series, `step_size` rows apart; with folds over time those
/// in every block.
struct CrossValidationRequest {
  int64_t windows = 1, step_size = 1;
  int64_t test_size = 0;  ///< 0, or the rows that the windows forecast: says how many there are
  int64_t horizon = 0;    ///< steps; 0 = that of the models
  int64_t refit = 0;      ///< 0: one fit before the first cutoff; n: a fit every n windows
  bool from_scratch =
      true;  ///< false: fits after the first go on from the weights of the one before
  bool use_fitted = false;  ///< no fit at all: the weights of now
  int64_t val_size = 0;
  int64_t purge = 0;    ///< rows before a cutoff (or block) that its fit does not see
  int64_t embargo = 0;  ///< rows after a block that its fit does not see (folds over time)
  Folds folds_over = Folds::none;
  int64_t folds = 0;
  std::string checkpoint;  ///< folder of what is finished; "" = none
  /// Everything of the call that its result depends on, but for the initial weights.
  std::string description;
  int threads = 1;
  const CancelToken* cancel = nullptr;
  QuantileRequest quantiles = {};                 ///< other quantiles than those of each loss
  std::optional<IntervalOptions> intervals = {};  ///< of every fit
  /// Weights that every fit from scratch begins from, and patterns of those that it leaves as they
  /// are: as of FitRequest.
  InitialWeights initial_weights = {};
  std::vector<std::string> freeze = {};
  std::shared_ptr<const Teaching> teaching = {};  ///< of every fit
  /// model alias, fit, progress; called on computing threads, by one at a time.
  std::function<void(const std::string&, const FitPlace&, const train::Progress&)> on_progress = {};
};

struct InsampleRequest {
  int64_t step_size = 1;           ///< rows between two forecasts
  QuantileRequest quantiles = {};  ///< other quantiles than those of each loss
  int threads = 1;
  const CancelToken* cancel = nullptr;
};

struct SaveRequest {
  bool data = true;        ///< the last windows of the series
  bool optimizer = false;  ///< what the optimisers remember, for further fits
  /// UTF-8 text of the caller that load() gives back through summary(), for what the engine does
  /// not know of its data; without one the file keeps that of the file it was loaded from.
  std::optional<std::string> note = {};
};

class Forecaster {
 public:
  /// `config` (camelCase): {frequency?, horizon, inputSize?, localScaler?, sampleWeight?, missing?,
  /// compat?, models: [{type, alias?, options: {…, loss, validLoss}}]}. Every option is validated
  /// here; throws E0010 naming place, option and closest known name.
  explicit Forecaster(const nlohmann::json& config);
  ~Forecaster();
  Forecaster(Forecaster&&) noexcept;
  Forecaster& operator=(Forecaster&&) noexcept;

  /// Fits all models, as many at a time as there are threads; the outcome, errors too, is that of
  /// one after the other. On error or cancellation the earlier state stays (E0009: the last good
  /// weights are kept). A refit continues from the current weights and optimisers, unless asked to
  /// begin from scratch. With `teaching` every model learns its forecasts too (see Students).
  /// A time budget is shared equally by the models that run one after the other. Initial weights
  /// and frozen ones also hold for the fit that calibrates intervals; throws E0010 for weights that
  /// do not fit and patterns that match nothing. With a checkpoint, a fit that was interrupted at
  /// any moment gives, resumed, the same bits. Throws E0006 and E0010 for a checkpoint that cannot
  /// be resumed. `maxSteps: 0` prepares a state without training. Returns per model a JSON summary
  /// (steps, losses, history, seconds are not included: no wall-clock).
  nlohmann::ordered_json fit(std::shared_ptr<const data::Panel> panel, const FitRequest& request);
  bool fitted() const;
  /// Forecast of the fitted panel (panel = nullptr) or of any other. Throws E0001, E0003, E0004
  /// for exogenous columns or future rows that are missing, E0005, E0011.
  ForecastTable predict(std::shared_ptr<const data::Panel> panel,
                        const PredictRequest& request) const;
  /// Joint sample paths of the steps to come: per series `paths` blocks, per model one column. The
  /// same seed gives the same paths, whatever the number of threads. Throws what predict() throws,
  /// E0003 for a shuffle of less history than steps, E0010 for a model with a single forecast whose
  /// errors are not known.
  ForecastTable simulate(std::shared_ptr<const data::Panel> panel,
                         const SimulateRequest& request) const;
  /// The rows that `future` of predict() needs: a table without columns of models.
  ForecastTable future_frame(std::shared_ptr<const data::Panel> panel, int64_t horizon) const;
  /// Forecasts of the last rows of `panel` (nullptr = the fitted one) from windows before them,
  /// beside what happened. Trains copies: the object stays as it is. A series takes part in the
  /// windows before which its fit had at least one of its rows; scalers see nothing after a fit's
  /// cutoff (compat: the whole series, as in the reference). Throws E0001, E0003, E0005, E0010,
  /// E0011 and what a fit throws.
  ForecastTable cross_validate(std::shared_ptr<const data::Panel> panel,
                               const CrossValidationRequest& request) const;
  /// Forecasts of the fitted panel (nullptr) or another one from all of its rows but the last
  /// `horizon`, `step_size` apart and ending with the last possible one. Throws E0001, E0003,
  /// E0011.
  ForecastTable predict_insample(std::shared_ptr<const data::Panel> panel,
                                 const InsampleRequest& request) const;
  /// Trials of a model that is trained on `panel` from initial weights: train/rate_finder.h,
  /// one_batch.h and size_finder.h. The object stays as it is. They give what JavaScript is told,
  /// and throw what a fit throws before its first step.
  nlohmann::ordered_json find_learning_rate(std::shared_ptr<const data::Panel> panel,
                                            const TrialRequest& request,
                                            const train::RateRange& range) const;
  nlohmann::ordered_json check_one_batch(std::shared_ptr<const data::Panel> panel,
                                         const TrialRequest& request,
                                         const train::OneBatchOptions& options) const;
  nlohmann::ordered_json find_batch_size(std::shared_ptr<const data::Panel> panel,
                                         const TrialRequest& request,
                                         const train::SizeRange& range) const;
  /// An object with the same options and, where this one is fitted, the same weights and data,
  /// which they share until one of them is fitted again.
  Forecaster clone() const;
  /// One of its models as the teacher of fits of others, as of now; `alias` "" = the only model.
  /// What it teaches counts `weight`, in (0, 1], in their losses. Throws E0001 for a model that is
  /// not fitted.
  std::shared_ptr<const Teaching> teaching(const std::string& alias, double weight) const;
  /// Columns that predict() will give, in order.
  std::vector<std::string> columns() const;
  std::vector<std::string> aliases() const;
  int64_t horizon() const;
  /// Replaces the weights of one fitted model by those of a safetensors file with the reference's
  /// tensor names.
  void load_weights(const std::string& alias, const std::string& path);
  /// Names of the series of the fitted panel, in order; none before a fit.
  std::shared_ptr<const std::vector<std::string>> series() const;
  /// {fitted, frequency, columns, aliases, note}: what is asked for at every call, small whatever
  /// the panel and the history.
  nlohmann::ordered_json summary() const;
  /// {frequency, horizon, fitted, seriesCount, models: [{alias, type, options, parameters,
  /// history…}], …}; the names themselves are series().
  nlohmann::ordered_json info() const;

  /// One safetensors file (DESIGN §7).
  void save(const std::string& path, const SaveRequest& request = {}) const;
  static Forecaster load(const std::string& path);
  /// An object as another program's checkpoint describes it: a safetensors file with the metadata
  /// "config" and "data" and the tensors data/… of save(), without digests. Its networks have the
  /// weights that were declared, until load_weights() brings theirs.
  static Forecaster from_description(const std::string& path);

  /// {shared: per model [[another name of a tensor in the reference, its name here]], times: of
  /// every row that save() writes}: what exportCheckpoint needs beside a saved file.
  nlohmann::ordered_json export_parts() const;

  /// A predictor of one model that shares its weights (a later fit does not change it). `alias` ""
  /// = the only model.
  std::unique_ptr<serve::Predictor> predictor(const std::string& alias) const;
  /// Intervals for streams of one model's forecasts, whose radii begin at the errors of a fit with
  /// intervals, else at nothing. `levels` in percent, ascending.
  std::unique_ptr<serve::AdaptiveIntervals> adaptive_intervals(const std::string& alias,
                                                               std::vector<double> levels,
                                                               double rate) const;

 private:
  struct Impl;
  explicit Forecaster(std::unique_ptr<Impl> impl);
  static Forecaster read(const std::string& path, bool described);
  /// Throws E0001 for a source that is not fitted, E0006 for a file that cannot be read.
  static std::shared_ptr<const Transfer> transfer_of(const InitialWeights& given,
                                                     std::vector<std::string> freeze,
                                                     const char* place);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nd::forecast
