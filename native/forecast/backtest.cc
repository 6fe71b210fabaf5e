// Forecasts of what is known: cross-validation and insample forecasts.
#include <algorithm>
#include <mutex>

#include "forecast/backtest.h"
#include "forecast/intervals.h"
#include "forecast/part_store.h"
#include "forecast/side_by_side.h"
#include "forecast/splits.h"
#include "forecast/transfer.h"

namespace nd::forecast {

namespace {

/// Keeps products of two such numbers within int64.
void check_range(const char* name, int64_t value, int64_t least) {
  constexpr int64_t kMost = 1'000'000'000;
  if (value >= least && value <= kMost) return;
  throw Error(Code::config, std::string("[crossValidation] received ") + name + " = " +
                                std::to_string(value) + ", expected an integer in [" +
                                std::to_string(least) + ", " + std::to_string(kMost) + "]");
}

/// The whole series of which pieces are.
std::vector<data::Piece> whole(const data::Panel& panel, std::vector<data::Piece> pieces) {
  for (data::Piece& piece : pieces) piece = {piece.series, 0, panel.length(piece.series)};
  return pieces;
}

/// Ends a fit whose result will not be used.
struct Superseded {};

/// Cross-validation of one forecaster over one panel: its parts, side by side where none goes on
/// from another. What each of them computes does not depend on that.
class CrossValidation {
 public:
  CrossValidation(std::shared_ptr<const ForecasterConfig> config,
                  std::shared_ptr<const data::Panel> panel, const CrossValidationRequest& request,
                  std::shared_ptr<const State> fitted, std::shared_ptr<const Transfer> transfer)
      : user_config_(std::move(config)),
        config_(*user_config_),
        panel_(std::move(panel)),
        request_(request),
        horizon_(request.horizon > 0 ? request.horizon : config_.horizon),
        transfer_(std::move(transfer)),
        splits_(make_splits(*panel_, request, horizon_)),
        store_(request.checkpoint, config_, *panel_, description()),
        state_(std::move(fitted)) {}

  ForecastTable run(std::vector<std::string> columns) {
    table_ = empty_table(*panel_, splits_.origins, horizon_, std::move(columns));
    add_actual(*panel_, splits_.origins, table_);
    table_.values.assign(table_.columns.size(), std::vector<double>(table_.times.size()));
    std::vector<size_t> open;
    for (size_t part = 0; part < splits_.parts.size(); ++part)
      if (!load(part)) open.push_back(part);
    if (request_.use_fitted || !request_.from_scratch) {
      for (const size_t part : open) {
        if (!request_.use_fitted) state_ = fit(splits_.parts[part], request_.threads, nullptr);
        forecast(part, *state_, request_.threads);
      }
      return std::move(table_);
    }
    const auto run_part = [&](const Turn& turn) {
      const size_t part = open[turn.index];
      const auto state = fit(splits_.parts[part], turn.threads.load(), &turn);
      if (turn.superseded()) throw Superseded();
      forecast(part, *state, turn.threads.load());
    };
    const Outcome outcome = run_side_by_side(open.size(), request_.threads, run_part);
    if (outcome.error != nullptr) std::rethrow_exception(outcome.error);
    return std::move(table_);
  }

 private:
  /// What the parts depend on besides configuration and data.
  std::string description() const {
    const bool kept = !request_.checkpoint.empty() && transfer_ != nullptr;
    return request_.description + (kept ? transfer_digest(*transfer_) : "");
  }

  /// Scales of pieces of the panel, or, as in the reference, of the whole series of each.
  Scales scales_of_pieces(const std::vector<data::Piece>& pieces) const {
    if (config_.series_scaler == data::SeriesScaler::none &&
        config_.static_scaler == data::SeriesScaler::none)
      return {std::vector<data::SeriesStatistics>(pieces.size()), {}};
    Scales scales =
        panel_scales(config_, panel_->select(config_.compat ? whole(*panel_, pieces) : pieces));
    if (config_.compat) scales.statics = static_scales(config_, *panel_);
    return scales;
  }

  /// The same for every series of the panel; those of series without a piece are not used.
  Scales scales_by_series(const std::vector<data::Piece>& pieces) const {
    const Scales known = scales_of_pieces(pieces);
    const auto placed = [&](const std::vector<data::SeriesStatistics>& from) {
      std::vector<data::SeriesStatistics> all(static_cast<size_t>(panel_->series_count()));
      for (size_t i = 0; i < from.size(); ++i) all[static_cast<size_t>(pieces[i].series)] = from[i];
      return all;
    };
    Scales scales{placed(known.target), {}, known.statics};
    for (const auto& [name, statistics] : known.features)
      scales.features[name] = placed(statistics);
    return scales;
  }

  std::shared_ptr<const State> fit(const Split& split, int threads, const Turn* turn) {
    const auto known = std::make_shared<const data::Panel>(panel_->select(split.learned));
    FitRequest request;
    request.val_size = request_.val_size;
    request.threads = threads;
    request.cancel = request_.cancel;
    request.teaching = request_.teaching;
    request.on_progress = [&](const std::string& alias, const train::Progress& progress) {
      if (turn != nullptr && turn->superseded()) throw Superseded();
      if (!request_.on_progress) return;
      const std::lock_guard lock(progress_mutex_);
      request_.on_progress(alias, split.place, progress);
    };
    const bool goes_on = state_ != nullptr && !request_.from_scratch;
    auto start = start_state(user_config_, goes_on ? state_.get() : nullptr, *known);
    if (transfer_ != nullptr) {
      if (!goes_on) begin_from(*transfer_, *start);
      request.freeze = transfer_->freeze;
    }
    if (request_.intervals) {
      CalibrationRequest calibration{"crossValidation", horizon_, request.val_size, threads,
                                     request.cancel};
      calibration.check = [turn] {
        if (turn != nullptr && turn->superseded()) throw Superseded();
      };
      calibration.transfer = transfer_;
      start->calibration = calibrate(user_config_, known, *request_.intervals, calibration);
    }
    FitOutcome outcome =
        fit_models(std::move(start), known, scales_of_pieces(split.learned), request);
    if (outcome.error != nullptr) std::rethrow_exception(outcome.error);
    return std::move(outcome.state);
  }

  /// Forecasts what the part serves, and keeps it.
  void forecast(size_t part, const State& state, int threads) {
    const Split& split = splits_.parts[part];
    std::vector<Origin> origins;
    for (const size_t block : split.blocks) origins.push_back(splits_.origins[block]);
    OriginsRequest request;
    request.place = "crossValidation";
    request.horizon = horizon_;
    request.threads = threads;
    request.cancel = request_.cancel;
    request.quantiles = request_.quantiles;
    Scales scales = scales_by_series(split.scaled_by);
    if (!config_.compat) scales.statics = state.scales.statics;
    auto values = forecast_origins(state, *panel_, scales, origins, request);
    if (state.calibration != nullptr) {
      values = with_intervals({request.place, *state.config, *state.calibration, *panel_, scales,
                               origins, horizon_, request.quantiles},
                              std::move(values));
    }
    store_.save(part, values);
    place(part, values);
  }

  /// Whether an earlier run has finished the part: then its values are in the table.
  bool load(size_t part) {
    std::vector<std::vector<double>> values(table_.columns.size());
    const size_t rows = splits_.parts[part].blocks.size() * static_cast<size_t>(horizon_);
    if (!store_.load(part, rows, values)) return false;
    place(part, values);
    return true;
  }

  /// Parts write different rows of the table, at the same time.
  void place(size_t part, const std::vector<std::vector<double>>& values) {
    const std::vector<size_t>& blocks = splits_.parts[part].blocks;
    const auto rows = static_cast<std::ptrdiff_t>(horizon_);
    for (size_t c = 0; c < values.size(); ++c) {
      for (size_t i = 0; i < blocks.size(); ++i) {
        std::copy_n(values[c].begin() + static_cast<std::ptrdiff_t>(i) * rows, rows,
                    table_.values[c].begin() + static_cast<std::ptrdiff_t>(blocks[i]) * rows);
      }
    }
  }

  std::shared_ptr<const ForecasterConfig> user_config_;
  const ForecasterConfig& config_;
  std::shared_ptr<const data::Panel> panel_;
  const CrossValidationRequest& request_;
  int64_t horizon_;
  std::shared_ptr<const Transfer> transfer_;
  Splits splits_;
  PartStore store_;
  std::shared_ptr<const State> state_;
  std::mutex progress_mutex_;
  ForecastTable table_;
};

/// A panel of pieces knows a series by the name of each of its pieces.
void check_intervals(const CrossValidationRequest& request, const ForecasterConfig& config) {
  if (!request.intervals) return;
  const IntervalOptions options = checked(*request.intervals, config.compat, "crossValidation");
  if (request.folds_over == Folds::none || options.pooled) return;
  throw Error(Code::config,
              "[crossValidation] received intervals with folds, expected intervals: { pooled: true "
              "}: a series that is held out has no errors of its own");
}

/// Folds show a network series, or times, that it has not learned; one that knows each series by
/// its place cannot leave any out.
void check_folds(const ForecasterConfig& config, const CrossValidationRequest& request) {
  if (request.folds_over == Folds::none) return;
  for (const ModelConfig& model : config.models) {
    if (!model.network->spec().capabilities.multivariate) continue;
    throw Error(Code::config,
                "[crossValidation] received folds = " + std::to_string(request.folds) +
                    ", expected none with the multivariate model " + model.alias +
                    ", which learns all series at all times together");
  }
}
}  // namespace

ForecastTable run_cross_validation(std::shared_ptr<const ForecasterConfig> config,
                                   std::shared_ptr<const data::Panel> panel,
                                   const CrossValidationRequest& request,
                                   std::shared_ptr<const State> fitted,
                                   std::shared_ptr<const Transfer> transfer,
                                   std::vector<std::string> columns) {
  return CrossValidation(std::move(config), std::move(panel), request, std::move(fitted),
                         std::move(transfer))
      .run(std::move(columns));
}

ForecastTable Forecaster::cross_validate(std::shared_ptr<const data::Panel> panel,
                                         const CrossValidationRequest& given) const {
  CrossValidationRequest request = given;
  constexpr const char* place = "crossValidation";
  const ForecasterConfig& config = *impl_->config;
  check_range("windows", request.windows, 1);
  check_range("stepSize", request.step_size, 1);
  check_range("horizon", request.horizon, 0);
  check_range("refit", request.refit, 0);
  check_range("testSize", request.test_size, 0);
  check_range("purge", request.purge, 0);
  check_range("embargo", request.embargo, 0);
  if (request.folds_over != Folds::none) check_range("folds", request.folds, 2);
  check_folds(config, request);
  check_intervals(request, config);
  std::shared_ptr<const State> fitted;
  if (panel == nullptr || request.use_fitted) {
    fitted = impl_->require(place);
    panel = panel_of(*fitted, std::move(panel), place);
  }
  check_fit_panel(config, panel.get(), place);
  std::shared_ptr<const Transfer> transfer;
  if (!request.use_fitted) {
    fitted = nullptr;
    matching_weights(config, request.freeze, "freeze", place);
    transfer = transfer_of(request.initial_weights, request.freeze, place);
  }
  request.quantiles.conformal =
      request.intervals.has_value() || (fitted != nullptr && fitted->calibration != nullptr);
  return run_cross_validation(impl_->config, std::move(panel), request, std::move(fitted),
                              std::move(transfer),
                              column_names(*impl_->config, request.quantiles, place));
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
  asked.quantiles = request.quantiles;
  asked.quantiles.conformal = state->calibration != nullptr;
  ForecastTable table =
      empty_table(*panel, origins, config.horizon, column_names(config, asked.quantiles, place));
  add_actual(*panel, origins, table);
  const Scales scales = scales_for(*panel, own, *state, true);
  table.values = forecast_origins(*state, *panel, scales, origins, asked);
  if (state->calibration != nullptr) {
    table.values = with_intervals({place, *state->config, *state->calibration, *panel, scales,
                                   origins, config.horizon, asked.quantiles},
                                  std::move(table.values));
  }
  return table;
}

}  // namespace nd::forecast
