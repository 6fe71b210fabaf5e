#include "serve/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "base/error.h"
#include "data/windows.h"
#include "parallel/team.h"

namespace nd::serve {

namespace {
constexpr std::array<int64_t, 5> kLadder = {1, 8, 32, 128, 1024};  // windows of a plan

/// Index of the smallest plan that takes `windows`, or of the largest one.
size_t rung_for(int64_t windows) {
  for (size_t i = 0; i < kLadder.size(); ++i) {
    if (windows <= kLadder[i]) return i;
  }
  return kLadder.size() - 1;
}
}  // namespace

struct Predictor::Impl {
  /// A compiled plan with its inputs and output resolved.
  struct Rung {
    std::unique_ptr<Plan> plan;
    std::span<float> insample_y,
        insample_mask;  ///< of the plan, or of `unread` where the network ignores them
    std::vector<float> unread;
    std::vector<data::WindowStatistics> window_statistics;
    std::vector<data::SeriesStatistics> series_statistics;
    bool packed = false;
  };

  explicit Impl(PredictorState s) : state(std::move(s)) {
    layout.input_size = state.network->geometry().input_size;
    layout.horizon = state.network->geometry().horizon;
    layout.series = state.network->geometry().series;
  }

  Rung& rung(size_t index) {
    Rung& r = rungs[index];
    if (r.plan != nullptr) return r;
    const int64_t windows = kLadder[index];
    const auto rows = static_cast<size_t>(windows * layout.series),
               size = rows * static_cast<size_t>(layout.input_size);
    auto plan = state.network->compile_infer(windows);
    r.unread.resize(2 * size);
    const auto input = [&](const char* name, size_t at) {
      return plan->has_input(name) ? plan->input(name)
                                   : std::span(r.unread).subspan(at * size, size);
    };
    r.insample_y = input(io_names::kInsampleY, 0);
    r.insample_mask = input(io_names::kInsampleMask, 1);
    r.window_statistics.resize(rows);
    r.series_statistics.resize(rows);
    r.plan = std::move(plan);
    return r;
  }

  /// Scales one window into row `row` of the plan's inputs.
  void load(Rung& r, int64_t row, std::span<const double> window) {
    const auto at = static_cast<size_t>(row), L = static_cast<size_t>(layout.input_size);
    std::span<const double> values = window;
    if (state.series_scaler != data::SeriesScaler::none) {
      const data::SeriesStatistics s = data::series_statistics(state.series_scaler, window);
      const size_t kept = std::min(window.size(), L);
      scaled.resize(kept);
      for (size_t i = 0; i < kept; ++i)
        scaled[i] = (window[window.size() - kept + i] - s.shift) / s.scale;
      r.series_statistics[at] = s;
      values = scaled;
    }
    const auto length = static_cast<int64_t>(values.size());
    r.window_statistics[at] = data::gather_window(
        values, {0, length - layout.input_size}, layout, state.window_scaler, state.revin,
        state.exclude_insample_y, length, state.compat, r.insample_y.subspan(at * L, L),
        r.insample_mask.subspan(at * L, L), {}, {});
  }

  void run(std::span<const double> windows, int64_t count, int64_t length, std::span<double> out) {
    Rung& r = rung(rung_for(count / layout.series));
    for (int64_t row = 0; row < count; ++row) {
      load(r, row, windows.subspan(static_cast<size_t>(row * length), static_cast<size_t>(length)));
    }
    const auto used = static_cast<size_t>(count * layout.input_size);
    std::fill(r.insample_y.begin() + static_cast<ptrdiff_t>(used), r.insample_y.end(), 0.0F);
    std::fill(r.insample_mask.begin() + static_cast<ptrdiff_t>(used), r.insample_mask.end(), 0.0F);
    RunArgs args;
    args.parameters = state.parameters->span();
    args.parameters_changed = !r.packed;
    r.plan->run(args);
    r.packed = true;
    const std::span<const float> raw = r.plan->output(io_names::kForecast);
    const size_t per_window = out.size() / static_cast<size_t>(count);
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t row = i / per_window;
      const data::SeriesStatistics& s = r.series_statistics[row];
      const double value = data::unscale_value(state.window_scaler, r.window_statistics[row],
                                               static_cast<double>(raw[i]));
      out[i] = value * s.scale + s.shift;
      if (!std::isfinite(out[i])) {
        throw Error(Code::diverged, "[predictor] gave a forecast of " + std::to_string(out[i]) +
                                        " for window " + std::to_string(row) +
                                        ", expected finite values; its values may lie far outside "
                                        "those of the fit");
      }
    }
  }

  PredictorState state;
  data::WindowLayout layout;
  std::mutex mutex;
  std::array<Rung, kLadder.size()> rungs;
  std::vector<double> scaled;
};

Predictor::Predictor(PredictorState state) : impl_(std::make_unique<Impl>(std::move(state))) {}
Predictor::~Predictor() = default;

int64_t Predictor::input_size() const { return impl_->layout.input_size; }
int64_t Predictor::horizon() const { return impl_->layout.horizon; }
int64_t Predictor::outputs() const { return impl_->state.network->geometry().outputs; }
const std::vector<std::string>& Predictor::columns() const { return impl_->state.columns; }

void Predictor::predict(std::span<const double> windows, int64_t count, int64_t length,
                        std::span<double> out) {
  if (count < 0 || length < 0 ||
      windows.size() != static_cast<size_t>(count) * static_cast<size_t>(length)) {
    throw Error(Code::shape, "[predictor] received " + std::to_string(windows.size()) +
                                 " values, expected " + std::to_string(count) + " windows of " +
                                 std::to_string(length));
  }
  const int64_t per_window = horizon() * outputs();
  if (out.size() != static_cast<size_t>(count * per_window)) {
    throw Error(Code::shape, "[predictor] received room for " + std::to_string(out.size()) +
                                 " forecasts, expected " + std::to_string(count) + " x " +
                                 std::to_string(per_window));
  }
  const int64_t series = impl_->layout.series;
  if (count % series != 0) {
    throw Error(Code::shape, "[predictor] received " + std::to_string(count) +
                                 " windows, expected a multiple of " + std::to_string(series) +
                                 " (nSeries): one for each series, in the order of the fit");
  }
  if (count == 0) return;
  if (length == 0)
    throw Error(Code::empty,
                "[predictor] received empty windows, expected at least one value each");
  for (size_t i = 0; i < windows.size(); ++i) {
    if (std::isfinite(windows[i])) continue;
    const auto step = static_cast<int64_t>(i);
    throw Error(Code::data, "[predictor] received " + std::to_string(windows[i]) + " at step " +
                                std::to_string(step % length) + " of window " +
                                std::to_string(step / length) + ", expected finite values");
  }
  const std::lock_guard lock(impl_->mutex);
  const parallel::ScopedFlushDenormals flush;  // as in training, so that both give the same bits
  const int64_t most = kLadder.back() * series;
  for (int64_t begin = 0; begin < count; begin += most) {
    const int64_t n = std::min(count - begin, most);
    impl_->run(
        windows.subspan(static_cast<size_t>(begin * length), static_cast<size_t>(n * length)), n,
        length,
        out.subspan(static_cast<size_t>(begin * per_window), static_cast<size_t>(n * per_window)));
  }
}

}  // namespace nd::serve
