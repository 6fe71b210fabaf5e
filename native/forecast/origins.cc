#include "forecast/origins.h"

#include <algorithm>
#include <cmath>

#include "forecast/model_windows.h"
#include "parallel/team.h"
#include "train/evaluation.h"
#include "train/trainer.h"

namespace nd::forecast {

namespace {
/// The last `rows` values before each window, as series of their own: histories that can grow. Of
/// the columns the future ones, known for the `horizon` steps that follow.
data::Panel histories(const data::Panel& scaled, const data::Exogenous& exogenous,
                      std::span<const Origin> windows, int64_t rows, int64_t horizon,
                      const char* place) {
  std::vector<int64_t> offsets = {0}, last;
  std::vector<double> values;
  std::vector<data::Feature> features, statics;
  for (const auto* names : {&exogenous.futr.numeric, &exogenous.futr.categorical})
    for (const std::string& name : *names) features.push_back({name, {}});
  for (const data::Feature& column : scaled.statics()) statics.push_back({column.name, {}});
  for (const Origin& o : windows) {
    const auto target = scaled.target(o.series);
    const auto first = std::max<int64_t>(0, o.row - rows);
    if (first >= o.row) {
      throw Error(Code::horizon,
                  std::string("[") + place + "] the series \"" +
                      scaled.ids()[static_cast<size_t>(o.series)] +
                      "\" has no row before the forecast, expected at least one: a horizon beyond "
                      "the trained one is forecast from forecasts");
    }
    values.insert(values.end(), target.begin() + first, target.begin() + o.row);
    offsets.push_back(static_cast<int64_t>(values.size()));
    last.push_back(scaled.last_time(o.series));
    for (data::Feature& column : features) {
      const data::Feature& from = *data::find_feature(scaled.features(), column.name);
      const auto known = scaled.rows_of(from, o.series), after = scaled.future_of(from, o.series);
      column.values.insert(column.values.end(), known.begin() + first, known.begin() + o.row);
      for (int64_t row = o.row; row < o.row + horizon; ++row) {
        const auto at = static_cast<size_t>(row);
        column.future.push_back(at < known.size() ? known[at] : after[at - known.size()]);
      }
    }
    for (size_t c = 0; c < statics.size(); ++c)
      statics[c].values.push_back(scaled.statics()[c].values[static_cast<size_t>(o.series)]);
  }
  data::Panel panel =
      data::make_panel(std::vector<std::string>(windows.size()), std::move(offsets),
                       std::move(values), std::move(last), scaled.frequency(), scaled.calendar());
  panel.mutable_features() = std::move(features);
  panel.mutable_statics() = std::move(statics);
  return panel;
}

/// The histories with the point forecasts, column `point` of [series, H, columns], of their next
/// steps at their ends.
data::Panel grown(const data::Panel& histories, std::span<const double> forecasts, int64_t horizon,
                  int64_t columns, int64_t point, int64_t rows) {
  std::vector<int64_t> offsets = {0}, last;
  std::vector<double> values;
  std::vector<data::Feature> features;
  for (const data::Feature& column : histories.features()) features.push_back({column.name, {}});
  for (int64_t s = 0; s < histories.series_count(); ++s) {
    const auto old = histories.target(s);
    const auto kept = std::min<int64_t>(static_cast<int64_t>(old.size()), rows);
    values.insert(values.end(), old.end() - kept, old.end());
    for (int64_t k = 0; k < horizon; ++k) {
      values.push_back(forecasts[static_cast<size_t>((s * horizon + k) * columns + point)]);
    }
    offsets.push_back(static_cast<int64_t>(values.size()));
    last.push_back(histories.last_time(s));
    for (size_t c = 0; c < features.size(); ++c) {
      const data::Feature& from = histories.features()[c];
      const auto known = histories.rows_of(from, s), after = histories.future_of(from, s);
      features[c].values.insert(features[c].values.end(), known.end() - kept, known.end());
      features[c].values.insert(features[c].values.end(), after.begin(), after.begin() + horizon);
      features[c].future.insert(features[c].future.end(), after.begin() + horizon, after.end());
    }
  }
  data::Panel panel =
      data::make_panel(histories.ids(), std::move(offsets), std::move(values), std::move(last),
                       histories.frequency(), histories.calendar());
  panel.mutable_features() = std::move(features);
  panel.mutable_statics() = histories.statics();
  return panel;
}

/// `columns` with one that a direct model reads back as history, its mean or median, which is added
/// where it was not asked for.
ForecastColumns with_point(const ModelConfig& model, ForecastColumns columns,
                           const OriginsRequest& request, int64_t trained) {
  const ForecastColumns& own = model.network->loss().columns();
  if (columns.mean || columns.quantiles[columns.point()] == 0.5) return columns;
  if (own.quantiles[own.point()] == 0.5) {
    columns.quantiles.push_back(0.5);
    columns.suffixes.emplace_back();
    return columns;
  }
  throw Error(Code::horizon,
              std::string("[") + request.place + "] " + model.alias +
                  ": received horizon = " + std::to_string(request.horizon) +
                  ", expected at most " + std::to_string(trained) +
                  ": beyond the trained horizon a model reads its own median, and the loss has no "
                  "quantile 0.5");
}

/// Puts raw forecasts into the columns of one model.
class Columns {
 public:
  Columns(const ModelConfig& model, data::SeriesScaler scaler, const data::Panel& panel,
          std::span<const data::SeriesStatistics> statistics, const WindowList& windows,
          const OriginsRequest& request, std::span<std::vector<double>> columns)
      : model_(model),
        scaler_(scaler),
        panel_(panel),
        statistics_(statistics),
        windows_(windows),
        request_(request),
        columns_(columns) {}

  /// `forecasts` [n, steps, width] of the windows from `first` on, but the first `skipped` steps of
  /// each, are those from step `offset` on; columns beyond those of the table are left out.
  void take(size_t first, int64_t offset, int64_t steps, size_t width,
            std::span<const double> forecasts, int64_t skipped = 0) {
    const size_t outputs = columns_.size(),
                 count = forecasts.size() / (width * static_cast<size_t>(steps));
    const int64_t wanted = std::min(steps - skipped, request_.horizon - offset);
    for (size_t w = 0; w < count; ++w) {
      const size_t origin = windows_.origin[first + w];
      if (origin == kNowhere) continue;
      const auto series = static_cast<size_t>(windows_.at[first + w].series);
      const data::SeriesStatistics& scale = statistics_[series];
      for (int64_t k = 0; k < wanted; ++k) {
        const double* const step =
            &forecasts[(w * static_cast<size_t>(steps) + static_cast<size_t>(skipped + k)) * width];
        const auto row =
            origin * static_cast<size_t>(request_.horizon) + static_cast<size_t>(offset + k);
        for (size_t q = 0; q < outputs; ++q) {
          columns_[q][row] = finite(data::unscale_value(scaler_, scale, step[q]), series);
        }
      }
    }
  }

 private:
  double finite(double value, size_t series) const {
    if (std::isfinite(value)) return value;
    throw Error(Code::diverged,
                std::string("[") + request_.place + "] " + model_.alias + " gave a forecast of " +
                    std::to_string(value) + " for the series \"" + panel_.ids()[series] +
                    "\"; expected finite values. Are its values far outside those of the fit? "
                    "Try scalerType: 'robust' or localScaler: 'standard'");
  }

  const ModelConfig& model_;
  data::SeriesScaler scaler_;
  const data::Panel& panel_;
  std::span<const data::SeriesStatistics> statistics_;
  const WindowList& windows_;
  const OriginsRequest& request_;
  std::span<std::vector<double>> columns_;
};

/// Forecasts beyond the trained horizon: again and again, from histories that end in forecasts.
void forecast_recursively(const ModelConfig& model, ModelForecaster& forecaster,
                          const ForecastColumns& read, const data::Panel& scaled,
                          const WindowList& windows, const OriginsRequest& request,
                          Columns& columns) {
  const int64_t H = model.network->geometry().horizon, Q = static_cast<int64_t>(read.size());
  const auto point = static_cast<int64_t>(read.point());
  const int64_t rows = forecaster.input_size() + H;
  const data::Exogenous exogenous = model.exogenous.names();
  if (!exogenous.hist.empty()) {
    throw Error(
        Code::horizon,
        std::string("[") + request.place + "] " + model.alias + ": received horizon = " +
            std::to_string(request.horizon) + ", expected at most " + std::to_string(H) +
            ": beyond the trained horizon a model reads its own forecasts, and its historic "
            "columns (histExog) have none");
  }
  data::Panel history =
      histories(scaled, exogenous, windows.at, rows, request.horizon, request.place);
  std::vector<double> all(windows.at.size() * static_cast<size_t>(H * Q));
  for (int64_t offset = 0; offset < request.horizon; offset += H) {
    std::vector<Origin> ends = ends_of(history);
    // The last window begins earlier where it would read future columns that nobody asked for; so
    // it does in the reference, which then takes its first forecasts for those of later steps.
    const int64_t missing = std::max<int64_t>(0, offset + H - request.horizon);
    const int64_t earlier = model.train.compat || !exogenous.futr.empty() ? missing : 0;
    const int64_t skipped = model.train.compat ? 0 : earlier;
    for (Origin& end : ends) end.row -= earlier;
    forecaster.run(history, ends, [&](size_t first, std::span<const double> values) {
      columns.take(first, offset, H, read.size(), values, skipped);
      std::copy(values.begin(), values.end(),
                all.begin() + static_cast<std::ptrdiff_t>(first * static_cast<size_t>(H * Q)));
    });
    if (offset + H < request.horizon) history = grown(history, all, H, Q, point, rows);
  }
}

/// One call, seen from one of its models.
struct Forecasts {
  const State& state;
  const data::Panel& panel;
  const data::Panel& scaled;
  const Scales& scales;
  std::span<const Origin> origins;
  const OriginsRequest& request;
  parallel::Team& team;
};

void forecast_model(const Forecasts& call, const ModelConfig& model, const ModelState& state,
                    const ForecastColumns& asked, std::span<std::vector<double>> out) {
  const OriginsRequest& request = call.request;
  const WindowList windows =
      windows_for(model, *call.state.ids, call.panel, call.origins, request.place);
  Columns columns(model, call.state.config->series_scaler, call.panel, call.scales.target, windows,
                  request, out);
  const int64_t trained = model.network->geometry().horizon;
  const bool longer = request.horizon > trained;
  if (longer && !model.network->recurrent()) {
    const ForecastColumns read = with_point(model, asked, request, trained);
    ModelForecaster forecaster(model, state, read, windows.at.size(), call.team, request.cancel);
    forecast_recursively(model, forecaster, read, call.scaled, windows, request, columns);
    return;
  }
  const ModelConfig able = longer ? with_horizon(model, request.horizon) : model;
  ModelForecaster forecaster(able, state, asked, windows.at.size(), call.team, request.cancel);
  forecaster.run(call.scaled, windows.at, [&](size_t first, std::span<const double> values) {
    columns.take(first, 0, able.network->geometry().horizon, asked.size(), values);
  });
}
}  // namespace

train::BatchOptions batch_options(const ModelConfig& model, const ModelState& state) {
  train::BatchOptions options;
  options.layout = train::window_layout(*model.network, Use::predict, model.train, 0);
  options.scaler = model.window_scaler;
  options.revin = state.revin;
  options.exclude_insample_y = model.train.exclude_insample_y;
  options.compat = model.train.compat;
  options.exogenous = model.exogenous.names();
  options.recurrent = model.network->recurrent();
  return options;
}

ModelConfig with_horizon(const ModelConfig& model, int64_t horizon) {
  ModelConfig longer = model;
  Geometry geometry = model.network->geometry();
  geometry.horizon = horizon;
  longer.network = std::make_shared<const Network>(model.network->spec(), model.network->options(),
                                                   geometry, model.network->loss());
  check_internal(longer.network->table().total() == model.network->table().total(),
                 "a recurrent network has the same weights for any horizon");
  return longer;
}

std::vector<std::vector<double>> forecast_origins(const State& state, const data::Panel& panel,
                                                  const Scales& scales,
                                                  std::span<const Origin> origins,
                                                  const OriginsRequest& request) {
  const ForecasterConfig& config = *state.config;
  for (const ModelConfig& model : config.models)
    train::check_columns(model.exogenous.names(), panel, model.alias, request.place);
  std::vector<std::vector<double>> values;
  const std::optional<data::Panel> copy =
      network_panel(config, scales, state.vocabularies, panel, request.place);
  const data::Panel& scaled = copy ? *copy : panel;
  const parallel::ScopedFlushDenormals flush;
  parallel::Team team(std::max(1, request.threads));
  const Forecasts call{state, panel, scaled, scales, origins, request, team};
  for (size_t i = 0; i < config.models.size(); ++i) {
    const ModelConfig& model = config.models[i];
    const QuantileRequest& quantiles =
        request.by_model.empty() ? request.quantiles : request.by_model[i];
    const ForecastColumns asked =
        network_columns(model.network->loss(), quantiles, request.place, model.alias);
    const size_t outputs = asked.size();
    const size_t first = values.size();
    values.resize(first + outputs);
    for (size_t q = 0; q < outputs; ++q)
      values[first + q].resize(origins.size() * static_cast<size_t>(request.horizon));
    forecast_model(call, model, state.models[i], asked, std::span(values).subspan(first, outputs));
  }
  return values;
}

std::vector<std::string> column_names(const ForecasterConfig& config, const QuantileRequest& asked,
                                      const char* place) {
  std::vector<std::string> names;
  for (const ModelConfig& model : config.models) {
    const ForecastColumns columns =
        requested_columns(model.network->loss(), asked, place, model.alias);
    for (const std::string& suffix : columns.suffixes) names.push_back(model.alias + suffix);
  }
  return names;
}

ForecastTable empty_table(const data::Panel& panel, std::span<const Origin> origins,
                          int64_t horizon, std::vector<std::string> columns) {
  ForecastTable table;
  table.ids = panel.ids();
  table.horizon = horizon;
  table.calendar = panel.calendar();
  table.columns = std::move(columns);
  table.series.reserve(origins.size());
  table.times.reserve(origins.size() * static_cast<size_t>(horizon));
  for (const Origin& o : origins) {
    table.series.push_back(o.series);
    const int64_t first = panel.first_time(o.series);
    for (int64_t k = 0; k < horizon; ++k)
      table.times.push_back(panel.frequency().advance(first, o.row + k));
  }
  return table;
}

void add_actual(const data::Panel& panel, std::span<const Origin> origins, ForecastTable& table) {
  for (const Origin& o : origins) {
    table.cutoffs.push_back(panel.frequency().advance(panel.first_time(o.series), o.row - 1));
    const auto target = panel.target(o.series).subspan(static_cast<size_t>(o.row),
                                                       static_cast<size_t>(table.horizon));
    table.actual.insert(table.actual.end(), target.begin(), target.end());
  }
}

std::vector<Origin> ends_of(const data::Panel& panel) {
  std::vector<Origin> ends;
  ends.reserve(static_cast<size_t>(panel.series_count()));
  for (int64_t s = 0; s < panel.series_count(); ++s)
    ends.push_back({static_cast<int32_t>(s), panel.length(s)});
  return ends;
}

}  // namespace nd::forecast
