#include "forecast/intervals.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "forecast/conformal.h"

namespace nd::forecast {

namespace {
constexpr size_t kNone = static_cast<size_t>(-1);

size_t place_of(const std::vector<double>& quantiles, double q) {
  for (size_t i = 0; i < quantiles.size(); ++i)
    if (std::abs(quantiles[i] - q) < 1e-9) return i;
  return kNone;
}

/// One bound of one model: which errors say how far it has to move, and which way.
struct Bound {
  double quantile;
  size_t column;                   ///< of the model's forecasts: what is moved
  size_t error, opposite = kNone;  ///< columns of the errors: of the bound, and of its other side
  double direction;                ///< 1: upwards
};

/// Bounds of one model.
class ModelIntervals {
 public:
  ModelIntervals(const IntervalCall& call, size_t model)
      : call_(call),
        config_(call.config.models[model]),
        errors_(call.calibration.errors[model]),
        calibrated_(calibrated_columns(config_, call.calibration.options)),
        single_(is_single(config_.network->loss())),
        read_(network_columns(config_.network->loss(), call.asked, call.place, config_.alias)),
        shown_(requested_columns(config_.network->loss(), call.asked, call.place, config_.alias)) {}

  size_t columns_read() const { return read_.size(); }

  /// `forecasts`: columns of the network; gives those that were asked for. `known[i]`: the series
  /// of origin i among those of the calibration.
  std::vector<std::vector<double>> add(std::span<const std::vector<double>> forecasts,
                                       std::span<const size_t> known) {
    if (errors_.empty()) return {forecasts.begin(), forecasts.end()};
    std::vector<std::vector<double>> out;
    std::vector<size_t> ordered;  // columns of quantiles
    for (size_t c = 0; c < shown_.size(); ++c) {
      out.push_back(forecasts[single_ ? 0 : c]);
      const size_t q = c - (shown_.mean ? 1 : 0);
      if (shown_.mean && c == 0) continue;
      if (q >= shown_.quantiles.size()) continue;  // a parameter of a distribution
      ordered.push_back(c);
      if ((single_ && c == 0) || shown_.quantiles[q] == 0.5) continue;
      move(bound_of(q), q, forecasts, known, out.back());
    }
    if (!call_.config.compat || !single_) uncross(ordered, out);
    return out;
  }

 private:
  const IntervalOptions& options() const { return call_.calibration.options; }
  IntervalMethod method() const { return *options().method; }

  Bound bound_of(size_t q) const {
    const double quantile = shown_.quantiles[q];
    const double direction = quantile > 0.5 ? 1 : -1;
    if (single_) return {quantile, 0, 0, 0, direction};
    const size_t mean = calibrated_.mean ? 1 : 0;
    const size_t own = place_of(calibrated_.quantiles, quantile),
                 other = place_of(calibrated_.quantiles, 1 - quantile);
    if (own == kNone) {
      std::string list;
      for (const double known : calibrated_.quantiles)
        list += (list.empty() ? "" : ", ") + number_text(known, false);
      throw Error(Code::config,
                  std::string("[") + call_.place + "] " + config_.alias +
                      ": received the quantile " + number_text(quantile, false) +
                      ", expected those that fit({ intervals: { levels } }) calibrated: " + list);
    }
    return {quantile, q + (shown_.mean ? 1 : 0), own + mean, other == kNone ? kNone : other + mean,
            direction};
  }

  /// How far the bound would have had to move: from the errors at its own column and at that of its
  /// other side.
  double score(const Bound& bound, double error, double opposite) const {
    const double own = bound.direction * error;
    const bool alone = method() != IntervalMethod::error || bound.opposite == kNone;
    return alone ? own : std::max(own, -bound.direction * opposite);
  }
  bool is_alone(const Bound& bound) const {
    return method() != IntervalMethod::error || bound.opposite == kNone;
  }
  /// The share of scores within the bound.
  double level_of(const Bound& bound) const {
    const double beyond = std::min(bound.quantile, 1 - bound.quantile);
    return is_alone(bound) ? 1 - beyond : 1 - 2 * beyond;
  }

  /// Scores of one calibrated series at one step, in order of time, in units of `unit`.
  void append_scores(const Bound& bound, size_t series, size_t step, double unit,
                     std::vector<double>& scores) const {
    const auto windows = static_cast<size_t>(options().windows),
               horizon = static_cast<size_t>(call_.calibration.horizon), width = calibrated_.size();
    for (size_t w = 0; w < windows; ++w) {
      const double* const at = &errors_[((series * windows + w) * horizon + step) * width];
      const double opposite = bound.opposite == kNone ? 0 : at[bound.opposite];
      const double one = score(bound, at[bound.error], opposite) / unit;
      if (std::isfinite(one)) scores.push_back(one);
    }
  }

  double radius(const Bound& bound, size_t q, std::vector<double>& scores) const {
    if (call_.config.compat && single_) return reference_radius(bound, q, scores);
    if (const auto found = conformal_radius(scores, level_of(bound))) return *found;
    const double level = 100 * std::abs(2 * bound.quantile - 1);
    throw Error(Code::config,
                std::string("[") + call_.place + "] " + config_.alias + ": received the level " +
                    number_text(std::nearbyint(level * 1e6) / 1e6, false) + " with " +
                    std::to_string(scores.size()) +
                    " errors per series and step, expected at least " +
                    std::to_string(scores_needed(level_of(bound))) +
                    ": ask for a lower level, or fit with more intervals.windows or with "
                    "intervals.pooled");
  }

  /// As the reference, which counts no error that is still to come: quantiles of ŷ ± |error|, or of
  /// |error| itself, those of the lower bounds at the place of the upper ones.
  double reference_radius(const Bound& bound, size_t q, std::vector<double>& scores) const {
    if (scores.empty()) return 0;
    for (double& s : scores) s = std::abs(s);
    if (method() == IntervalMethod::error) {
      const std::vector<double>& cuts = shown_.quantiles;  // the first is the forecast
      return linear_quantile(scores, bound.direction > 0 ? cuts[q] : cuts[cuts.size() - q]);
    }
    const size_t n = scores.size();
    for (size_t i = 0; i < n; ++i) scores.push_back(-scores[i]);
    return bound.direction * linear_quantile(scores, bound.quantile);
  }

  void move(const Bound& bound, size_t q, std::span<const std::vector<double>> forecasts,
            std::span<const size_t> known, std::vector<double>& column) {
    if (method() == IntervalMethod::adaptive) {
      follow(bound, forecasts, known, column);
    } else if (options().pooled) {
      move_pooled(bound, q, known, column);
    } else {
      move_each(bound, q, known, column);
    }
  }

  void move_each(const Bound& bound, size_t q, std::span<const size_t> known,
                 std::vector<double>& column) {
    const auto horizon = static_cast<size_t>(call_.horizon);
    std::vector<double> scores, radii(horizon);
    for (size_t i = 0; i < known.size(); ++i) {
      for (size_t k = 0; k < horizon; ++k) {
        if (i == 0 || known[i] != known[i - 1]) {
          scores.clear();
          append_scores(bound, known[i], k, 1, scores);
          radii[k] = radius(bound, q, scores);
        }
        double& value = column[i * horizon + k];
        value = moved(value, call_.origins[i], bound.direction * radii[k]);
      }
    }
  }
  /// The reference adds errors in the scale of the data to forecasts in that of the series scaler.
  double moved(double value, const Origin& origin, double distance) const {
    const data::SeriesScaler scaler = call_.config.series_scaler;
    if (!call_.config.compat || !single_ || scaler == data::SeriesScaler::none)
      return value + distance;
    const data::SeriesStatistics& scale = call_.scales.target[static_cast<size_t>(origin.series)];
    return data::unscale_value(scaler, scale, data::scale_value(scaler, scale, value) + distance);
  }

  void move_pooled(const Bound& bound, size_t q, std::span<const size_t> known,
                   std::vector<double>& column) {
    const auto horizon = static_cast<size_t>(call_.horizon);
    std::vector<double> radii;
    for (size_t k = 0; k < horizon; ++k) {
      std::vector<double> scores;
      for (size_t s = 0; s < call_.calibration.series.size(); ++s) {
        const auto series = static_cast<size_t>(call_.calibration.series[s]);
        append_scores(bound, s, k, call_.calibration.units[series], scores);
      }
      radii.push_back(radius(bound, q, scores));
    }
    for (size_t i = 0; i < call_.origins.size(); ++i) {
      const double unit = unit_of(call_, call_.origins[i], known[i]);
      for (size_t k = 0; k < horizon; ++k)
        column[i * horizon + k] += bound.direction * unit * radii[k];
    }
  }

  /// Radii that learn from every forecast of the call as soon as the row that it was about is
  /// known.
  void follow(const Bound& bound, std::span<const std::vector<double>> forecasts,
              std::span<const size_t> known, std::vector<double>& column) {
    const auto horizon = static_cast<size_t>(call_.horizon);
    const std::vector<double>& base = forecasts[bound.column];
    std::vector<double> scores;
    for (size_t first = 0; first < known.size();) {
      size_t end = first + 1;
      while (end < known.size() && known[end] == known[first]) ++end;
      const auto target = call_.panel.target(call_.origins[first].series);
      for (size_t k = 0; k < horizon; ++k) {
        scores.clear();
        append_scores(bound, known[first], k, 1, scores);
        RadiusTracker tracker(level_of(bound), kTrackingRate, scores);
        size_t next = first;  // the first forecast whose row has not been seen
        for (size_t i = first; i < end; ++i) {
          for (; row_of(next, k) < call_.origins[i].row; ++next) {
            const double error =
                target[static_cast<size_t>(row_of(next, k))] - base[next * horizon + k];
            if (std::isfinite(error)) tracker.update(bound.direction * error);
          }
          column[i * horizon + k] += bound.direction * tracker.radius();
        }
      }
      first = end;
    }
  }
  int64_t row_of(size_t origin, size_t step) const {
    return call_.origins[origin].row + static_cast<int64_t>(step);
  }

  /// Bounds that were moved one by one may have changed places.
  void uncross(std::vector<size_t> columns, std::vector<std::vector<double>>& out) const {
    const size_t mean = shown_.mean ? 1 : 0;
    std::ranges::stable_sort(columns, {}, [&](size_t c) { return shown_.quantiles[c - mean]; });
    std::vector<double> row(columns.size());
    for (size_t i = 0; i < out.front().size(); ++i) {
      for (size_t c = 0; c < columns.size(); ++c) row[c] = out[columns[c]][i];
      if (std::ranges::is_sorted(row)) continue;
      std::ranges::sort(row);
      for (size_t c = 0; c < columns.size(); ++c) out[columns[c]][i] = row[c];
    }
  }

  const IntervalCall& call_;
  const ModelConfig& config_;
  const std::vector<double>& errors_;
  ForecastColumns calibrated_;
  bool single_;
  ForecastColumns read_, shown_;
};

/// Whether any column is a bound that has to be moved.
bool has_bounds(const IntervalCall& call) {
  if (!call.asked.empty()) return true;
  return std::ranges::any_of(call.config.models, [](const ModelConfig& model) {
    return !is_single(model.network->loss());
  });
}
}  // namespace

std::vector<size_t> known_series(const IntervalCall& call) {
  const Calibration& calibration = call.calibration;
  std::unordered_map<std::string, size_t> places;
  if (calibration.options.pooled) {
    for (size_t s = 0; s < calibration.ids.size(); ++s) places.emplace(calibration.ids[s], s);
  } else {
    for (size_t s = 0; s < calibration.series.size(); ++s)
      places.emplace(calibration.ids[static_cast<size_t>(calibration.series[s])], s);
  }
  std::vector<size_t> known(call.origins.size(), kUnknownSeries);
  for (size_t i = 0; i < known.size(); ++i) {
    const std::string& id = call.panel.ids()[static_cast<size_t>(call.origins[i].series)];
    const auto found = places.find(id);
    if (found != places.end()) {
      known[i] = found->second;
    } else if (!calibration.options.pooled) {
      throw Error(Code::data, std::string("[") + call.place + "] received the series \"" + id +
                                  "\", which has no errors of its own: the fit did not see it, or "
                                  "with too few rows for its windows; expected series of the fit, "
                                  "or a fit with intervals: { pooled: true }");
    }
  }
  return known;
}

double unit_of(const IntervalCall& call, const Origin& origin, size_t known) {
  if (known != kUnknownSeries) return call.calibration.units[known];
  return mean_step(call.panel.target(origin.series).first(static_cast<size_t>(origin.row)));
}

void check_interval_horizon(const IntervalCall& call) {
  if (call.horizon > call.calibration.horizon) {
    throw Error(Code::horizon, std::string("[") + call.place + "] received horizon = " +
                                   std::to_string(call.horizon) + ", expected at most " +
                                   std::to_string(call.calibration.horizon) +
                                   " with intervals, whose errors are known for as many steps");
  }
}

std::vector<std::vector<double>> with_intervals(const IntervalCall& call,
                                                std::vector<std::vector<double>> values) {
  if (!has_bounds(call)) return values;
  check_interval_horizon(call);
  const std::vector<size_t> known = known_series(call);
  std::vector<std::vector<double>> out;
  size_t first = 0;
  for (size_t m = 0; m < call.config.models.size(); ++m) {
    ModelIntervals intervals(call, m);
    const auto own = std::span(values).subspan(first, intervals.columns_read());
    for (std::vector<double>& column : intervals.add(own, known)) out.push_back(std::move(column));
    first += own.size();
  }
  return out;
}

}  // namespace nd::forecast
