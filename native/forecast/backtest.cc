// Forecasts of what is known: cross-validation and insample forecasts.
#include <algorithm>

#include "forecast/origins.h"

namespace nd::forecast {

namespace {

/// Which rows of a panel the windows of a cross-validation forecast, and which fit serves each.
class Windows {
 public:
  Windows(const data::Panel& panel, const CrossValidationRequest& request, int64_t horizon)
      : panel_(panel),
        request_(request),
        tested_(horizon + request.step_size * (request.windows - 1)) {}

  /// Rows of every series after the cutoff of window k.
  int64_t rows_after(int64_t k) const { return tested_ - k * request_.step_size; }
  /// The window whose fit serves window k.
  int64_t fit_of(int64_t k) const { return request_.refit > 0 ? k - k % request_.refit : 0; }
  /// Whether the series is in window k: its fit, or without one the window itself, had a row of it.
  bool takes_part(int64_t series, int64_t k) const {
    return panel_.length(series) > rows_after(request_.use_fitted ? k : fit_of(k));
  }
  int64_t row(int64_t series, int64_t k) const { return panel_.length(series) - rows_after(k); }
  /// The first window of the series; none: `windows`.
  int64_t first(int64_t series) const {
    int64_t k = 0;
    while (k < request_.windows && !takes_part(series, k)) ++k;
    return k;
  }

 private:
  const data::Panel& panel_;
  const CrossValidationRequest& request_;
  int64_t tested_;
};

/// Statistics of each series over its rows before its first window; those of a series without one
/// are never used.
std::vector<data::SeriesStatistics> known_statistics(const ForecasterConfig& config,
                                                     const data::Panel& panel,
                                                     const Windows& windows, int64_t count) {
  std::vector<data::SeriesStatistics> statistics(static_cast<size_t>(panel.series_count()));
  if (config.series_scaler == data::SeriesScaler::none) return statistics;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const int64_t first = windows.first(s);
    if (first == count) continue;
    statistics[static_cast<size_t>(s)] = data::series_statistics(
        config.series_scaler, panel.target(s).first(static_cast<size_t>(windows.row(s, first))),
        panel.ids()[static_cast<size_t>(s)], config.compat);
  }
  return statistics;
}

/// Keeps products of two such numbers within int64.
void check_range(const char* name, int64_t value, int64_t least) {
  constexpr int64_t kMost = 1'000'000'000;
  if (value >= least && value <= kMost) return;
  throw Error(Code::config, std::string("[crossValidation] received ") + name + " = " +
                                std::to_string(value) + ", expected an integer in [" +
                                std::to_string(least) + ", " + std::to_string(kMost) + "]");
}

/// Cross-validation of one forecaster over one panel: fits where they are due, forecasts of the
/// windows that each of them serves.
class CrossValidation {
 public:
  CrossValidation(const ForecasterConfig& config, std::shared_ptr<const data::Panel> panel,
                  const CrossValidationRequest& request, std::shared_ptr<const State> fitted)
      : config_(config),
        panel_(std::move(panel)),
        request_(request),
        horizon_(request.horizon > 0 ? request.horizon : config.horizon),
        windows_(*panel_, request, horizon_),
        state_(std::move(fitted)) {
    for (int64_t s = 0; s < panel_->series_count(); ++s) {
      first_block_.push_back(origins_.size());
      for (int64_t k = windows_.first(s); k < request.windows; ++k)
        origins_.push_back({static_cast<int32_t>(s), windows_.row(s, k)});
    }
    if (!origins_.empty()) return;
    throw Error(Code::empty,
                "[crossValidation] received series of at most " +
                    std::to_string(panel_->longest()) + " rows, expected more than " +
                    std::to_string(windows_.rows_after(0)) +
                    " (horizon + stepSize · (windows - 1)), so that a row is left to learn from");
  }

  ForecastTable run(std::vector<std::string> columns) {
    table_ = empty_table(*panel_, origins_, horizon_, std::move(columns));
    add_actual(*panel_, origins_, table_);
    table_.values.assign(table_.columns.size(), std::vector<double>(table_.times.size()));
    if (request_.use_fitted) {
      statistics_ = config_.compat ? panel_statistics(config_, *panel_)
                                   : known_statistics(config_, *panel_, windows_, request_.windows);
      forecast(0, request_.windows);
    } else {
      const int64_t step = request_.refit > 0 ? request_.refit : request_.windows;
      for (int64_t k = 0; k < request_.windows; k += step) {
        fit(k);
        forecast(k, std::min(k + step, request_.windows));
      }
    }
    return std::move(table_);
  }

 private:
  void fit(int64_t k) {
    const int64_t hidden = windows_.rows_after(k);
    const auto known = std::make_shared<const data::Panel>(panel_->without_last(hidden));
    std::vector<data::SeriesStatistics> own =
        panel_statistics(config_, config_.compat ? *panel_ : *known);
    // Of the whole panel: what forecasts are scaled by. Of the known rows: what the fit is.
    statistics_.assign(static_cast<size_t>(panel_->series_count()), {});
    std::vector<data::SeriesStatistics> kept;
    size_t next = 0;
    for (size_t s = 0; s < statistics_.size(); ++s) {
      const bool present = panel_->length(static_cast<int64_t>(s)) > hidden;
      if (present) statistics_[s] = own[config_.compat ? s : next++];
      if (present) kept.push_back(statistics_[s]);
    }
    FitRequest request;
    request.val_size = request_.val_size;
    request.threads = request_.threads;
    request.cancel = request_.cancel;
    if (request_.on_progress) {
      request.on_progress = [this, k](const std::string& alias, const train::Progress& progress) {
        request_.on_progress(alias, k, progress);
      };
    }
    const bool goes_on = state_ != nullptr && !request_.from_scratch;
    FitOutcome outcome = fit_models(config_, goes_on ? state_->models : initial_models(config_),
                                    known, std::move(kept), request);
    if (outcome.error != nullptr) std::rethrow_exception(outcome.error);
    state_ = std::move(outcome.state);
  }

  /// Forecasts windows `begin` … `end` - 1 with the state of now.
  void forecast(int64_t begin, int64_t end) {
    std::vector<Origin> origins;
    std::vector<size_t> blocks;
    for (int64_t s = 0; s < panel_->series_count(); ++s) {
      const int64_t first = windows_.first(s);
      for (int64_t k = std::max(begin, first); k < end; ++k) {
        blocks.push_back(first_block_[static_cast<size_t>(s)] + static_cast<size_t>(k - first));
        origins.push_back(origins_[blocks.back()]);
      }
    }
    if (origins.empty()) return;
    OriginsRequest request;
    request.place = "crossValidation";
    request.horizon = horizon_;
    request.threads = request_.threads;
    request.cancel = request_.cancel;
    const auto values = forecast_origins(config_, *state_, *panel_, statistics_, origins, request);
    const auto rows = static_cast<std::ptrdiff_t>(horizon_);
    for (size_t c = 0; c < values.size(); ++c) {
      for (size_t i = 0; i < blocks.size(); ++i) {
        std::copy_n(values[c].begin() + static_cast<std::ptrdiff_t>(i) * rows, rows,
                    table_.values[c].begin() + static_cast<std::ptrdiff_t>(blocks[i]) * rows);
      }
    }
  }

  const ForecasterConfig& config_;
  std::shared_ptr<const data::Panel> panel_;
  const CrossValidationRequest& request_;
  int64_t horizon_;
  Windows windows_;
  std::shared_ptr<const State> state_;
  std::vector<Origin> origins_;                     // all of the table
  std::vector<size_t> first_block_;                 // per series, of its first window
  std::vector<data::SeriesStatistics> statistics_;  // per series of the panel
  ForecastTable table_;
};
}  // namespace

ForecastTable Forecaster::cross_validate(std::shared_ptr<const data::Panel> panel,
                                         const CrossValidationRequest& request) const {
  constexpr const char* place = "crossValidation";
  const ForecasterConfig& config = *impl_->config;
  check_range("windows", request.windows, 1);
  check_range("stepSize", request.step_size, 1);
  check_range("horizon", request.horizon, 0);
  check_range("refit", request.refit, 0);
  std::shared_ptr<const State> fitted;
  if (panel == nullptr || request.use_fitted) {
    fitted = impl_->require(place);
    panel = panel_of(*fitted, std::move(panel), place);
  }
  check_fit_panel(config, panel.get(), place);
  if (!request.use_fitted) fitted = nullptr;
  return CrossValidation(config, std::move(panel), request, std::move(fitted)).run(columns());
}

ForecastTable Forecaster::predict_insample(std::shared_ptr<const data::Panel> panel,
                                           const InsampleRequest& request) const {
  constexpr const char* place = "predictInsample";
  const ForecasterConfig& config = *impl_->config;
  const auto state = impl_->require(place);
  const bool own = panel == nullptr;
  panel = panel_of(*state, std::move(panel), place);

  std::vector<Origin> origins;
  for (int64_t s = 0; s < panel->series_count(); ++s) {
    const int64_t last = panel->length(s) - config.horizon;
    if (last < 1) continue;
    for (int64_t row = 1 + (last - 1) % request.step_size; row <= last; row += request.step_size)
      origins.push_back({static_cast<int32_t>(s), row});
  }
  if (origins.empty()) {
    throw Error(Code::empty, "[predictInsample] received series of at most " +
                                 std::to_string(panel->longest()) + " rows, expected more than " +
                                 std::to_string(config.horizon) +
                                 ", the horizon; a file holds only the last windows of its series");
  }
  OriginsRequest asked;
  asked.place = place;
  asked.horizon = config.horizon;
  asked.threads = request.threads;
  asked.cancel = request.cancel;
  ForecastTable table = empty_table(*panel, origins, config.horizon, columns());
  add_actual(*panel, origins, table);
  const auto statistics = statistics_for(*panel, own, *state, config, true);
  table.values = forecast_origins(config, *state, *panel, statistics, origins, asked);
  return table;
}

}  // namespace nd::forecast
