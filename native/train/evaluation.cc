#include "train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kMaxBatch =
    1024;  // windows; the reference's own default where it does not say "all"

/// Values in the panel's own scale (not the window's), as a metric needs them.
void gather_raw(const data::Panel& panel, const data::WindowRef& window, int64_t first,
                std::span<double> values, std::span<double> mask) {
  const std::span<const double> target = panel.target(window.series);
  const auto length = static_cast<int64_t>(target.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t row = window.start + first + static_cast<int64_t>(i);
    const bool observed = row >= 0 && row < length && !std::isnan(target[static_cast<size_t>(row)]);
    values[i] = observed ? target[static_cast<size_t>(row)] : 0;
    mask[i] = observed ? 1 : 0;
  }
}

/// A recurrent network reads the mean of its distribution back, and so the window's scaler.
BatchOptions with_loss(BatchOptions options, const Loss& loss) {
  options.distribution = loss.distribution() != nullptr;
  return options;
}

/// The columns that a validation loss reads. A point loss judges the point forecast of a quantile
/// network and the mean of a distribution.
ForecastColumns judged_columns(const Loss& trained, const Loss& judge) {
  const ForecastColumns& own = trained.columns();
  if (judge.distribution() != nullptr) return own;
  if (trained.distribution() == nullptr) {
    if (judge.columns().size() == own.size()) return own;
    return {.suffixes = {own.suffixes[own.point()]},
            .mean = false,
            .quantiles = {own.quantiles[own.point()]},
            .parameters = false};
  }
  if (judge.columns().suffixes.front().empty())
    return {.suffixes = {""}, .mean = true, .quantiles = {}, .parameters = false};
  return judge.columns();
}
}  // namespace

WindowForecaster::WindowForecaster(const Network& network, const BatchOptions& options,
                                   ForecastColumns columns, int64_t windows, parallel::Team* team,
                                   Use use)
    : network_(network),
      plans_(windows, [&network, use](int64_t n) { return network.compile_infer(n, use); }),
      batch_(with_loss(options, network.loss()), windows),
      readout_(network.loss(), std::move(columns), options.scaler),
      team_(team),
      forecasts_(static_cast<size_t>(batch_.capacity() * network.geometry().horizon) *
                 readout_.size()) {}

std::span<const double> WindowForecaster::run(const data::Panel& panel,
                                              std::span<const data::WindowRef> windows,
                                              std::span<const float> parameters,
                                              const CancelToken* cancel) {
  const Geometry& g = network_.geometry();
  batch_.load(panel, windows, 0, false, team_);
  Plan& plan = plans_.select(batch_.count() / network_.geometry().series);
  batch_.feed(plan);
  RunArgs args;
  args.parameters = parameters;
  args.parameters_changed = changed_;
  args.cancel = cancel;
  args.team = team_;
  plans_.run(args);
  changed_ = false;
  const size_t outputs = static_cast<size_t>(g.horizon * g.outputs),
               columns = static_cast<size_t>(g.horizon) * readout_.size();
  raw_ = plan.output(io_names::kForecast).first(windows.size() * outputs);
  const auto read = [&](int64_t begin, int64_t end) {
    for (auto row = static_cast<size_t>(begin); row < static_cast<size_t>(end); ++row)
      readout_.read(batch_.statistics()[row], raw_.subspan(row * outputs, outputs),
                    std::span(forecasts_).subspan(row * columns, columns));
  };
  const auto rows = static_cast<int64_t>(windows.size());
  // A quantile of a distribution may take microseconds, a scaled number nanoseconds.
  if (network_.loss().distribution() != nullptr)
    for_ranges(team_, rows, 1, 1, read);
  else
    read(0, rows);
  return std::span(forecasts_).first(windows.size() * columns);
}

int64_t inference_batch(int64_t inference_windows_batch_size, int64_t windows) {
  const int64_t asked = inference_windows_batch_size > 0 ? inference_windows_batch_size : windows;
  return std::max<int64_t>(1, std::min({asked, windows, kMaxBatch}));
}

Validator::Validator(const Network& network, const Loss& loss, const data::Panel& panel,
                     const BatchOptions& options, int64_t inference_windows_batch_size,
                     parallel::Team* team)
    : loss_(loss),
      panel_(panel),
      options_(options),
      likelihood_(loss.distribution() != nullptr),
      windows_(data::validation_windows(panel, options.layout)) {
  drop_unobserved();
  if (windows_.empty()) {
    throw Error(
        Code::empty,
        "[fit] the last " + std::to_string(options.layout.val_size) +
            " rows (valSize) of the series hold no validation window; expected a series with at "
            "least valSize + 1 rows");
  }
  const int64_t windows = static_cast<int64_t>(windows_.size()) / options.layout.series;
  const int64_t batch = inference_batch(inference_windows_batch_size, windows);
  forecaster_ = std::make_unique<WindowForecaster>(
      network, options, judged_columns(network.loss(), loss), batch, team, Use::validate);
}

// A window without anything to judge would count as one without an error.
void Validator::drop_unobserved() {
  if (!panel_.has_missing()) return;
  const auto together = static_cast<size_t>(options_.layout.series);
  const int64_t L = options_.layout.input_size;
  std::vector<data::WindowRef> kept;
  std::vector<double> values(static_cast<size_t>(options_.layout.horizon)), mask(values.size());
  for (size_t first = 0; first < windows_.size(); first += together) {
    double observed = 0;
    for (size_t i = first; i < first + together; ++i) {
      gather_raw(panel_, windows_[i], L, values, mask);
      for (const double m : mask) observed += m;
    }
    if (observed > 0)
      kept.insert(kept.end(), windows_.begin() + static_cast<ptrdiff_t>(first),
                  windows_.begin() + static_cast<ptrdiff_t>(first + together));
  }
  windows_ = std::move(kept);
}

void Validator::weigh(const data::WindowRef& window, std::span<double> mask) const {
  if (options_.sample_weight.empty()) return;
  const data::Feature& column = *data::find_feature(panel_.features(), options_.sample_weight);
  std::vector<double> weights(mask.size());
  data::gather_weights(panel_.rows_of(column, window.series), window, options_.layout,
                       panel_.length(window.series), options_.compat, weights);
  for (size_t t = 0; t < mask.size(); ++t) mask[t] *= weights[t];
}

double Validator::evaluate(std::span<const float> parameters, const CancelToken* cancel) {
  const int64_t L = options_.layout.input_size, H = options_.layout.horizon;
  const auto l = static_cast<size_t>(L), h = static_cast<size_t>(H);
  std::vector<double> y, weight, insample, insample_mask, outputs, loc, scale;
  double sum = 0;
  forecaster_->parameters_changed();
  for (size_t begin = 0; begin < windows_.size();
       begin += static_cast<size_t>(forecaster_->capacity())) {
    const size_t n =
        std::min(windows_.size() - begin, static_cast<size_t>(forecaster_->capacity()));
    const auto windows = std::span(windows_).subspan(begin, n);
    std::span<const double> judged = forecaster_->run(panel_, windows, parameters, cancel);
    y.resize(n * h), weight.resize(n * h), insample.resize(n * l), insample_mask.resize(n * l);
    for (size_t i = 0; i < n; ++i) {
      gather_raw(panel_, windows[i], L, std::span(y).subspan(i * h, h),
                 std::span(weight).subspan(i * h, h));
      weigh(windows[i], std::span(weight).subspan(i * h, h));
      gather_raw(panel_, windows[i], 0, std::span(insample).subspan(i * l, l),
                 std::span(insample_mask).subspan(i * l, l));
    }
    if (likelihood_) {
      outputs.assign(forecaster_->raw().begin(), forecaster_->raw().end());
      loc.clear(), scale.clear();
      for (const data::WindowStatistics& s : forecaster_->statistics())
        loc.push_back(s.shift), scale.push_back(s.scale);
      judged = outputs;
    }
    const LossWindows in{static_cast<int64_t>(n), H,   L,    y, judged, weight, insample,
                         insample_mask,           loc, scale};
    sum += static_cast<double>(n) * evaluate_loss(loss_, in);
  }
  const double loss = sum / static_cast<double>(windows_.size());
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

}  // namespace nd::train
