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
#include "train/trainer.h"

namespace nd::serve {
class Predictor;
}

namespace nd::forecast {

/// A forecast table: rows of series s are [s·horizon, (s+1)·horizon), one column per model output.
struct ForecastTable {
  std::vector<std::string> ids;
  int64_t horizon = 0;
  std::vector<int64_t> times;               ///< [series · horizon], kind of the panel
  std::vector<std::string> columns;         ///< "NHITS", "NHITS-lo-80", …
  std::vector<std::vector<double>> values;  ///< per column [series · horizon], original scale
  bool calendar = false;
};

struct FitRequest {
  int64_t val_size = 0;
  int threads = 1;
  const CancelToken* cancel = nullptr;
  /// model alias, progress; called on computing threads, by one at a time.
  std::function<void(const std::string&, const train::Progress&)> on_progress = {};
};

struct PredictRequest {
  int threads = 1;
  const CancelToken* cancel = nullptr;
  bool refit_series_scaler =
      true;  ///< false: other panels are scaled by the statistics of the fit (same ids)
};

class Forecaster {
 public:
  /// `config` (camelCase): {frequency?, horizon, inputSize?, localScaler?, compat?, models: [{type,
  /// alias?, options: {…, loss, validLoss}}]}. Every option is validated here; throws E0010 naming
  /// place, option and closest known name.
  explicit Forecaster(const nlohmann::json& config);
  ~Forecaster();
  Forecaster(Forecaster&&) noexcept;
  Forecaster& operator=(Forecaster&&) noexcept;

  /// Fits all models, as many at a time as there are threads; the outcome, errors too, is that of
  /// one after the other. On error or cancellation the earlier state stays (E0009: the last good
  /// weights are kept). A refit continues from the current weights with a new optimiser.
  /// `maxSteps: 0` prepares a state without training. Returns per model a JSON summary (steps,
  /// losses, history, seconds are not included: no wall-clock).
  nlohmann::ordered_json fit(std::shared_ptr<const data::Panel> panel, const FitRequest& request);
  bool fitted() const;
  /// Forecast of the fitted panel (panel = nullptr) or of any other. Throws E0001, E0003, E0011.
  ForecastTable predict(std::shared_ptr<const data::Panel> panel,
                        const PredictRequest& request) const;
  /// Columns that predict() will give, in order.
  std::vector<std::string> columns() const;
  std::vector<std::string> aliases() const;
  int64_t horizon() const;
  /// Replaces the weights of one fitted model by those of a safetensors file with the reference's
  /// tensor names.
  void load_weights(const std::string& alias, const std::string& path);
  /// {frequency, horizon, fitted, note, models: [{alias, type, options, parameters, history…}], …}
  nlohmann::ordered_json info() const;

  /// One safetensors file (DESIGN §7). `include_data` = false leaves out the last windows of the
  /// series. `note`: UTF-8 text of the caller that load() gives back through info(), for what the
  /// engine does not know of its data; without one the file keeps that of the file it was loaded
  /// from.
  void save(const std::string& path, bool include_data = true,
            const std::optional<std::string>& note = {}) const;
  static Forecaster load(const std::string& path);

  /// A predictor of one model that shares its weights (a later fit does not change it). `alias` ""
  /// = the only model.
  std::unique_ptr<serve::Predictor> predictor(const std::string& alias) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nd::forecast
