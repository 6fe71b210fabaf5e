// The calibration of conformal intervals: a cross-validation with a single fit, of which the errors
// are kept.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "forecast/backtest.h"
#include "forecast/conformal.h"
#include "forecast/intervals.h"

namespace nd::forecast {

namespace {

constexpr const char* kMethods[] = {"error", "distribution", "adaptive"};  // as IntervalMethod

QuantileRequest calibrated_levels(const IntervalOptions& options) {
  return {.levels = options.levels, .quantiles = {}, .conformal = true};
}

void check_whole(const char* place, const char* name, int64_t value, int64_t least) {
  constexpr int64_t kMost = 1'000'000;
  if (value >= least && value <= kMost) return;
  throw Error(Code::config, std::string("[") + place + "] received intervals." + name + " = " +
                                std::to_string(value) + ", expected an integer in [" +
                                std::to_string(least) + ", " + std::to_string(kMost) + "]");
}

/// The bounds of quantile and distribution models are known before anything is fitted.
void check_windows(const ForecasterConfig& config, const IntervalOptions& options,
                   const char* place) {
  if (options.pooled || options.method == IntervalMethod::adaptive) return;
  for (const ModelConfig& model : config.models) {
    if (is_single(model.network->loss())) continue;
    for (const double q : calibrated_columns(model, options).quantiles) {
      const double beyond = std::min(q, 1 - q) * (options.method == IntervalMethod::error ? 2 : 1);
      const int64_t needed = q == 0.5 ? 1 : scores_needed(1 - beyond);
      if (options.windows >= needed) continue;
      throw Error(Code::config,
                  std::string("[") + place + "] " + model.alias +
                      ": received intervals.windows = " + std::to_string(options.windows) +
                      ", expected at least " + std::to_string(needed) + " for its quantile " +
                      number_text(q, false) + ", or intervals.pooled");
    }
  }
}

}  // namespace

double mean_step(std::span<const double> values) {
  double sum = 0;
  int64_t count = 0;
  for (size_t t = 1; t < values.size(); ++t) {
    const double step = std::abs(values[t] - values[t - 1]);
    if (std::isfinite(step)) sum += step, ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

ForecastColumns calibrated_columns(const ModelConfig& model, const IntervalOptions& options) {
  return network_columns(model.network->loss(), calibrated_levels(options), "fit", model.alias);
}

IntervalOptions checked(IntervalOptions options, bool compat, const char* place) {
  if (!options.method)
    options.method = compat ? IntervalMethod::distribution : IntervalMethod::error;
  if (options.windows == 0) options.windows = compat ? 2 : 20;
  check_whole(place, "windows", options.windows, compat ? 2 : 1);
  check_whole(place, "stepSize", options.step_size, 1);
  if (options.pooled && options.method == IntervalMethod::adaptive) {
    throw Error(Code::config,
                std::string("[") + place +
                    "] received intervals.pooled = true, expected false with the method adaptive, "
                    "which follows each series");
  }
  return options;
}

std::shared_ptr<const Calibration> calibrate(std::shared_ptr<const ForecasterConfig> config,
                                             std::shared_ptr<const data::Panel> panel,
                                             const IntervalOptions& options,
                                             const CalibrationRequest& request) {
  const IntervalOptions filled = checked(options, config->compat, request.place);
  check_windows(*config, filled, request.place);
  const int64_t hidden = request.horizon + filled.step_size * (filled.windows - 1);
  if (panel->longest() <= hidden) {
    throw Error(Code::empty,
                std::string("[") + request.place + "] received series of at most " +
                    std::to_string(panel->longest()) + " rows, expected more than " +
                    std::to_string(hidden) +
                    " (horizon + intervals.stepSize · (intervals.windows - 1)), so that a row is "
                    "left to learn from");
  }
  CrossValidationRequest validation;
  validation.windows = filled.windows;
  validation.step_size = filled.step_size;
  validation.horizon = request.horizon;
  validation.val_size = request.val_size;
  validation.threads = request.threads;
  validation.cancel = request.cancel;
  validation.quantiles = calibrated_levels(filled);
  validation.teaching = request.teaching;
  if (request.check) validation.on_progress = [&](const auto&...) { request.check(); };

  std::vector<std::string> names;
  std::vector<size_t> widths;
  for (const ModelConfig& model : config->models) {
    const ForecastColumns columns = calibrated_columns(model, filled);
    widths.push_back(columns.size());
    for (const std::string& suffix : columns.suffixes) names.push_back(model.alias + suffix);
  }
  const ForecastTable table =
      run_cross_validation(config, panel, validation, nullptr, request.transfer, std::move(names));

  auto found = std::make_shared<Calibration>();
  found->options = filled;
  found->horizon = request.horizon;
  found->ids = panel->ids();
  for (int64_t s = 0; s < panel->series_count(); ++s) {
    const int64_t length = panel->length(s), learned = length > hidden ? length - hidden : length;
    found->units.push_back(mean_step(panel->target(s).first(static_cast<size_t>(learned))));
  }
  // A series takes part in every window or in none.
  for (size_t block = 0; block < table.series.size(); block += static_cast<size_t>(filled.windows))
    found->series.push_back(table.series[block]);
  size_t first = 0;
  for (const size_t width : widths) {
    std::vector<double>& errors = found->errors.emplace_back();
    errors.reserve(table.actual.size() * width);
    for (size_t row = 0; row < table.actual.size(); ++row)
      for (size_t c = first; c < first + width; ++c)
        errors.push_back(table.actual[row] - table.values[c][row]);
    first += width;
  }
  return found;
}

nlohmann::ordered_json intervals_json(const IntervalOptions& options) {
  return {{"method", kMethods[static_cast<size_t>(*options.method)]},
          {"windows", options.windows},
          {"stepSize", options.step_size},
          {"levels", options.levels},
          {"pooled", options.pooled}};
}

IntervalOptions intervals_from_json(const nlohmann::json& json) {
  IntervalOptions options;
  if (json.contains("method")) {
    const auto name = json.at("method").get<std::string>();
    const auto found = std::ranges::find(kMethods, name);
    if (found == std::end(kMethods)) {
      throw Error(Code::config, "[fit] received intervals.method = \"" + name +
                                    "\", expected \"error\", \"distribution\" or \"adaptive\"");
    }
    options.method = static_cast<IntervalMethod>(found - std::begin(kMethods));
  }
  options.windows = json.value("windows", options.windows);
  options.step_size = json.value("stepSize", options.step_size);
  options.levels = json.value("levels", options.levels);
  options.pooled = json.value("pooled", options.pooled);
  return options;
}

}  // namespace nd::forecast
