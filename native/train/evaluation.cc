#include "train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

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
    const bool observed = row >= 0 && row < length;
    values[i] = observed ? target[static_cast<size_t>(row)] : 0;
    mask[i] = observed ? 1 : 0;
  }
}
}  // namespace

WindowForecaster::WindowForecaster(const Network& network, const BatchOptions& options,
                                   int64_t windows, parallel::Team* team, Use use)
    : network_(network),
      plans_(windows, [&network, use](int64_t n) { return network.compile_infer(n, use); }),
      batch_(options, windows),
      team_(team),
      forecasts_(static_cast<size_t>(batch_.capacity() * network.geometry().horizon *
                                     network.geometry().outputs)) {}

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
  batch_.unscale(plan.output(io_names::kForecast), g.outputs, forecasts_);
  return std::span(forecasts_).first(windows.size() * static_cast<size_t>(g.horizon * g.outputs));
}

int64_t inference_batch(int64_t inference_windows_batch_size, int64_t windows) {
  const int64_t asked = inference_windows_batch_size > 0 ? inference_windows_batch_size : windows;
  return std::max<int64_t>(1, std::min({asked, windows, kMaxBatch}));
}

Validator::Validator(const Network& network, const Loss& loss, const data::Panel& panel,
                     const BatchOptions& options, int64_t inference_windows_batch_size,
                     parallel::Team* team)
    : network_(network),
      loss_(loss),
      panel_(panel),
      options_(options),
      windows_(data::validation_windows(panel, options.layout)) {
  if (windows_.empty()) {
    throw Error(
        Code::empty,
        "[fit] the last " + std::to_string(options.layout.val_size) +
            " rows (valSize) of the series hold no validation window; expected a series with at "
            "least valSize + 1 rows");
  }
  const int64_t windows = static_cast<int64_t>(windows_.size()) / options.layout.series;
  const int64_t batch = inference_batch(inference_windows_batch_size, windows);
  forecaster_ = std::make_unique<WindowForecaster>(network, options, batch, team, Use::validate);
}

double Validator::evaluate(std::span<const float> parameters, const CancelToken* cancel) {
  const int64_t L = options_.layout.input_size, H = options_.layout.horizon,
                Q = network_.geometry().outputs;
  const auto l = static_cast<size_t>(L), h = static_cast<size_t>(H);
  const int64_t kept =
      loss_.outputs();  // a point loss judges the point forecast of a quantile network
  const int64_t first = kept == Q ? 0 : network_.loss().point_output();
  std::vector<double> y, weight, insample, insample_mask, forecast;
  double sum = 0;
  forecaster_->parameters_changed();
  for (size_t begin = 0; begin < windows_.size();
       begin += static_cast<size_t>(forecaster_->capacity())) {
    const size_t n =
        std::min(windows_.size() - begin, static_cast<size_t>(forecaster_->capacity()));
    const auto windows = std::span(windows_).subspan(begin, n);
    const std::span<const double> all = forecaster_->run(panel_, windows, parameters, cancel);
    y.resize(n * h), weight.resize(n * h), insample.resize(n * l), insample_mask.resize(n * l);
    for (size_t i = 0; i < n; ++i) {
      gather_raw(panel_, windows[i], L, std::span(y).subspan(i * h, h),
                 std::span(weight).subspan(i * h, h));
      gather_raw(panel_, windows[i], 0, std::span(insample).subspan(i * l, l),
                 std::span(insample_mask).subspan(i * l, l));
    }
    forecast.resize(n * h * static_cast<size_t>(kept));
    for (size_t row = 0; row < n * h; ++row) {
      for (int64_t q = 0; q < kept; ++q) {
        forecast[row * static_cast<size_t>(kept) + static_cast<size_t>(q)] =
            all[row * static_cast<size_t>(Q) + static_cast<size_t>(first + q)];
      }
    }
    sum +=
        static_cast<double>(n) * evaluate_loss(loss_, {static_cast<int64_t>(n), H, L, y, forecast,
                                                       weight, insample, insample_mask});
  }
  const double loss = sum / static_cast<double>(windows_.size());
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

}  // namespace nd::train
