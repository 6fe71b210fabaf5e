// Joint sample paths: marginals from quantiles of the models, or from the errors of those with a
// single forecast, and a dependence between steps from the history; or drawn step by step.
#include <algorithm>
#include <cmath>

#include "forecast/ancestral.h"
#include "forecast/intervals.h"
#include "forecast/paths.h"

namespace nd::forecast {

namespace {
[[noreturn]] void throw_no_errors(const IntervalCall& call, const Origin& origin, size_t step) {
  throw Error(Code::data, std::string("[") + call.place + "] received the series \"" +
                              call.panel.ids()[static_cast<size_t>(origin.series)] +
                              "\", of which the calibration knows no error at step " +
                              std::to_string(step + 1) +
                              ": the targets of all windows are missing there; expected a fit "
                              "with more intervals.windows, or with intervals: { pooled: true }");
}
}  // namespace

ErrorMarginals error_marginals(const IntervalCall& call, size_t model) {
  constexpr size_t kMostPositions = 199;
  check_interval_horizon(call);
  const Calibration& calibration = call.calibration;
  const IntervalOptions& options = calibration.options;
  const std::vector<size_t> known = known_series(call);
  const std::vector<double>& errors = calibration.errors[model];
  const auto horizon = static_cast<size_t>(call.horizon),
             windows = static_cast<size_t>(options.windows),
             trained = static_cast<size_t>(calibration.horizon);
  const bool symmetric =
      call.config.compat || calibration.absolute || options.method == IntervalMethod::error;
  const size_t all = windows * (symmetric ? 2 : 1) *
                     (options.pooled ? std::max<size_t>(calibration.series.size(), 1) : 1);

  ErrorMarginals marginals;
  const size_t count = std::min(all, kMostPositions);
  for (size_t j = 1; j <= count; ++j)
    marginals.probabilities.push_back(static_cast<double>(j) / static_cast<double>(count + 1));

  const auto append = [&](size_t series, size_t step, double unit, std::vector<double>& scores) {
    for (size_t w = 0; w < windows; ++w) {
      const double error = errors[(series * windows + w) * trained + step] / unit;
      if (!std::isfinite(error)) continue;
      scores.push_back(error);
      if (symmetric) scores.push_back(-error);
    }
  };
  // Order statistic i of n is where a share i / (n + 1) lies below.
  const auto quantiles = [&](std::vector<double> scores) {
    std::vector<double> found(count, 0.0);
    if (scores.empty()) return found;  // pooled, and no step of any series is known
    std::ranges::sort(scores);
    const auto last = static_cast<double>(scores.size() - 1);
    for (size_t j = 0; j < count; ++j) {
      const double place = std::clamp(
          marginals.probabilities[j] * static_cast<double>(scores.size() + 1) - 1, 0.0, last);
      const auto below = static_cast<size_t>(place);
      const double above = scores[std::min(below + 1, scores.size() - 1)];
      found[j] = scores[below] + (place - static_cast<double>(below)) * (above - scores[below]);
    }
    return found;
  };

  std::vector<std::vector<double>> shared;
  if (options.pooled) {
    for (size_t k = 0; k < horizon; ++k) {
      std::vector<double> scores;
      for (size_t s = 0; s < calibration.series.size(); ++s)
        append(s, k, calibration.units[static_cast<size_t>(calibration.series[s])], scores);
      shared.push_back(quantiles(std::move(scores)));
    }
  }
  marginals.offsets.reserve(call.origins.size() * horizon * count);
  for (size_t i = 0; i < call.origins.size(); ++i) {
    const double unit = options.pooled ? unit_of(call, call.origins[i], known[i]) : 1;
    for (size_t k = 0; k < horizon; ++k) {
      std::vector<double> own;
      if (!options.pooled) {
        append(known[i], k, 1, own);
        if (own.empty()) throw_no_errors(call, call.origins[i], k);
        own = quantiles(std::move(own));
      }
      for (const double offset : options.pooled ? shared[k] : own)
        marginals.offsets.push_back(unit * offset);
    }
  }
  return marginals;
}

namespace {

/// Probabilities at which distributions are asked: every hundredth, and tails.
std::vector<double> grid() {
  std::vector<double> probabilities = {0.001, 0.005};
  for (int i = 1; i < 100; ++i) probabilities.push_back(i / 100.0);
  probabilities.insert(probabilities.end(), {0.995, 0.999});
  return probabilities;
}

/// What a model is asked for, so that its columns are its marginals.
QuantileRequest marginal_request(const Loss& loss) {
  if (loss.distribution() != nullptr) return {.levels = {}, .quantiles = grid()};
  if (is_single(loss)) return {.levels = {}, .quantiles = {}, .conformal = true};
  std::vector<double> learned = loss.trained_quantiles();
  std::ranges::sort(learned);
  const auto [first, last] = std::ranges::unique(learned);
  learned.erase(first, last);
  return {.levels = {}, .quantiles = std::move(learned)};
}

/// One model of a call: quantiles of every step, and paths of them.
struct ModelPaths {
  QuantilePositions positions;
  std::vector<double> values;  ///< [series, horizon, positions]
  Support support;
};

ModelPaths marginals_of(const IntervalCall* errors, const ForecasterConfig& config, size_t model,
                        std::span<const std::vector<double>> columns) {
  const Loss& loss = config.models[model].network->loss();
  const size_t rows = columns.front().size();
  std::vector<double> probabilities, values;
  if (is_single(loss)) {
    ErrorMarginals found = error_marginals(*errors, model);
    probabilities = std::move(found.probabilities), values = std::move(found.offsets);
    const size_t width = probabilities.size();
    for (size_t i = 0; i < values.size(); ++i) values[i] += columns[0][i / width];
  } else {
    probabilities = marginal_request(loss).quantiles;
    const size_t mean = loss.distribution() != nullptr ? 1 : 0;
    for (size_t row = 0; row < rows; ++row)
      for (size_t q = 0; q < probabilities.size(); ++q) values.push_back(columns[mean + q][row]);
  }
  return {QuantilePositions(probabilities, config.compat), std::move(values),
          Support(loss.distribution().get())};
}

void check_simulation(const ForecasterConfig& config, const Calibration* calibration,
                      const data::Panel& panel, const SimulateRequest& request, int64_t horizon) {
  constexpr int64_t kMostPaths = 1'000'000;
  if (request.paths < 1 || request.paths > kMostPaths) {
    throw Error(Code::config, "[simulate] received paths = " + std::to_string(request.paths) +
                                  ", expected an integer in [1, " + std::to_string(kMostPaths) +
                                  "]");
  }
  if (request.method == PathMethod::ancestral) {
    for (const ModelConfig& model : config.models) check_ancestral(model);
    return;
  }
  for (const ModelConfig& model : config.models) {
    const Loss& loss = model.network->loss();
    if (!is_single(loss) || calibration != nullptr) continue;
    throw Error(Code::config, "[simulate] " + model.alias + ": " + std::string(loss.spec().name) +
                                  " forecasts one number per step, expected a distribution: train "
                                  "with mqLoss() or distributionLoss(), or fit with the option "
                                  "intervals");
  }
  if (request.method != PathMethod::schaake_shuffle) return;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const int64_t whole = longest_observed(panel.target(s));
    if (whole >= horizon) continue;
    throw Error(Code::empty,
                "[simulate] received " + std::to_string(whole) +
                    (panel.has_missing() ? " observed rows in a row" : " rows") +
                    " of the series \"" + panel.ids()[static_cast<size_t>(s)] +
                    "\", expected at least " + std::to_string(horizon) +
                    ", of which a path can be a piece; the method gaussianCopula needs none");
  }
}

}  // namespace

ForecastTable Forecaster::simulate(std::shared_ptr<const data::Panel> panel,
                                   const SimulateRequest& request) const {
  constexpr const char* place = "simulate";
  const auto state = impl_->require(place);
  const ForecasterConfig& config = *state->config;
  const bool own = panel == nullptr;
  panel = panel_of(*state, std::move(panel), place);
  OriginsRequest asked = origins_request(*state, request.forecast, place);
  const int64_t horizon = asked.horizon, paths = request.paths;
  check_simulation(config, state->calibration.get(), *panel, request, horizon);
  const std::vector<Origin> ends = ends_of(*panel);
  std::vector<Origin> blocks;
  for (const Origin& end : ends) blocks.insert(blocks.end(), static_cast<size_t>(paths), end);
  ForecastTable table = empty_table(*panel, blocks, horizon, aliases());
  table.paths = paths;
  if (request.method == PathMethod::ancestral) {
    table.values = ancestral_paths(*state, *panel, own, request, asked);
    return table;
  }
  const Scales scales = scales_for(*panel, own, *state, request.forecast.refit_series_scaler);
  std::optional<IntervalCall> errors;
  const bool uses_errors = std::ranges::any_of(
      config.models, [](const ModelConfig& m) { return is_single(m.network->loss()); });
  if (uses_errors) {
    errors.emplace(IntervalCall{place, config, *state->calibration, *panel, scales, ends, horizon,
                                asked.quantiles});
  }
  for (const ModelConfig& model : config.models)
    asked.by_model.push_back(marginal_request(model.network->loss()));
  const auto columns = forecast_ends(*state, *panel, scales, request.forecast, asked);

  const auto series = static_cast<size_t>(panel->series_count()),
             size = static_cast<size_t>(paths * horizon);
  size_t first = 0;
  for (size_t m = 0; m < config.models.size(); ++m) {
    const size_t width = network_columns(config.models[m].network->loss(), asked.by_model[m], place,
                                         config.models[m].alias)
                             .size();
    const ModelPaths model = marginals_of(errors ? &*errors : nullptr, config, m,
                                          std::span(columns).subspan(first, width));
    first += width;
    std::vector<double>& out = table.values.emplace_back(series * size);
    const size_t step = static_cast<size_t>(horizon) * model.positions.size();
    for (size_t s = 0; s < series; ++s) {
      if (asked.cancel != nullptr) asked.cancel->check();
      const Marginals marginals{model.positions, std::span(model.values).subspan(s * step, step),
                                horizon};
      const PhiloxKey key{request.seed, Stream::sampling, static_cast<uint32_t>(m),
                          static_cast<uint32_t>(s)};
      const auto history = panel->target(static_cast<int64_t>(s));
      const std::vector<double> drawn =
          request.method == PathMethod::gaussian_copula
              ? copula_paths(marginals, step_correlation(history), paths, key)
              : shuffled_paths(marginals, history, paths, key);
      std::ranges::transform(drawn, out.begin() + static_cast<std::ptrdiff_t>(s * size),
                             [&](double value) { return model.support.clip(value); });
    }
  }
  return table;
}

}  // namespace nd::forecast
