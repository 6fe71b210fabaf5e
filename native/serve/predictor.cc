#include "serve/predictor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "data/missing.h"
#include "data/windows.h"
#include "parallel/team.h"
#include "train/exogenous.h"
#include "train/plan_ladder.h"
#include "train/readout.h"

namespace nd::serve {

namespace {
constexpr int64_t kMostWindows = 1024;  // of one run
}  // namespace

namespace {

/// What one forecast at a time needs: plans, and room beside them.
struct Engine {
  explicit Engine(const PredictorState& s)
      : state(s),
        readout(state.network->loss(), state.network->loss().columns(), state.window_scaler),
        plans(kMostWindows,
              [this](int64_t windows) { return state.network->compile_infer(windows); }) {
    const WindowSize window = state.network->window(Use::predict);
    layout.input_size = window.input_size;
    layout.horizon = window.horizon;
    layout.series = state.network->geometry().series;
  }

  /// Selects the plan for `windows`, finds its inputs and makes room beside them.
  Plan& prepare(int64_t windows) {
    Plan& plan = plans.select(windows);
    const auto rows = static_cast<size_t>(plan.windows() * layout.series),
               size = rows * static_cast<size_t>(layout.input_size);
    if (window_statistics.size() < rows) {
      unread.resize(2 * size);
      window_statistics.resize(rows);
      series_statistics.resize(rows);
      if (!state.reading.names.empty()) {
        exogenous.emplace(state.reading.names, layout, state.window_scaler, state.compat,
                          state.reading.recurrent, static_cast<int64_t>(rows));
      }
    }
    const auto input = [&](const char* name, size_t at) {
      return plan.has_input(name) ? plan.input(name) : std::span(unread).subspan(at * size, size);
    };
    insample_y = input(io_names::kInsampleY, 0);
    insample_mask = input(io_names::kInsampleMask, 1);
    return plan;
  }

  /// Scales one window into row `row` of the plan's inputs.
  void load(int64_t row, std::span<const double> window) {
    const auto at = static_cast<size_t>(row), L = static_cast<size_t>(layout.input_size);
    std::span<const double> values = window;
    if (state.series_scaler != data::SeriesScaler::none) {
      const data::SeriesStatistics s = data::series_statistics(
          state.series_scaler, data::observed_values(window, observed), "", state.compat);
      const size_t kept = std::min(window.size(), L);
      scaled.resize(kept);
      for (size_t i = 0; i < kept; ++i)
        scaled[i] = data::scale_value(state.series_scaler, s, window[window.size() - kept + i]);
      series_statistics[at] = s;
      values = scaled;
    }
    const auto length = static_cast<int64_t>(values.size());
    window_statistics[at] = data::gather_window(
        values, {0, length - layout.input_size}, layout, state.window_scaler, state.revin,
        state.exclude_insample_y, length, state.compat, insample_y.subspan(at * L, L),
        insample_mask.subspan(at * L, L), {}, {});
  }

  /// Columns of the windows of a call, of which those of this run begin at `first`.
  void load_columns(Plan& plan, const data::Panel& panel, int64_t first, int64_t count,
                    int64_t length) {
    exogenous->open(panel);
    for (int64_t row = 0; row < count; ++row) {
      const data::WindowRef window{static_cast<int32_t>(first + row), length - layout.input_size};
      exogenous->load(panel, window, length, row);
    }
    exogenous->clear(count, plan.windows() * layout.series);
    exogenous->feed(plan);
  }

  void run(std::span<const double> windows, int64_t count, int64_t length, std::span<double> out,
           const data::Panel* columns, int64_t first) {
    Plan& plan = prepare(count / layout.series);
    if (columns != nullptr) load_columns(plan, *columns, first, count, length);
    for (int64_t row = 0; row < count; ++row) {
      load(row, windows.subspan(static_cast<size_t>(row * length), static_cast<size_t>(length)));
    }
    const auto used = static_cast<size_t>(count * layout.input_size);
    std::fill(insample_y.begin() + static_cast<ptrdiff_t>(used), insample_y.end(), 0.0F);
    std::fill(insample_mask.begin() + static_cast<ptrdiff_t>(used), insample_mask.end(), 0.0F);
    if (plan.has_input(io_names::kLoc)) {
      const std::span<float> loc = plan.input(io_names::kLoc), scale = plan.input(io_names::kScale);
      for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
        loc[row] = static_cast<float>(window_statistics[row].shift);
        scale[row] = static_cast<float>(window_statistics[row].scale);
      }
    }
    RunArgs args;
    args.parameters = state.parameters->span();
    args.parameters_changed = changed;
    plans.run(args);
    changed = false;
    const std::span<const float> raw = plan.output(io_names::kForecast);
    const size_t per_window = out.size() / static_cast<size_t>(count),
                 outputs = static_cast<size_t>(layout.horizon * state.network->geometry().outputs);
    for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
      readout.read(window_statistics[row], raw.subspan(row * outputs, outputs),
                   out.subspan(row * per_window, per_window));
    }
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t row = i / per_window;
      out[i] = data::unscale_value(state.series_scaler, series_statistics[row], out[i]);
      if (!std::isfinite(out[i])) {
        throw Error(Code::diverged, "[predictor] gave a forecast of " + std::to_string(out[i]) +
                                        " for window " + std::to_string(row) +
                                        ", expected finite values; its values may lie far outside "
                                        "those of the fit");
      }
    }
  }

  const PredictorState& state;
  train::Readout readout;
  data::WindowLayout layout;
  train::PlanLadder plans;
  bool changed = true;                         // until a first run has succeeded
  std::span<float> insample_y, insample_mask;  // of the plan, or of `unread` where it ignores them
  std::vector<float> unread;
  std::vector<data::WindowStatistics> window_statistics;
  std::vector<data::SeriesStatistics> series_statistics;
  std::vector<double> scaled, observed;
  std::optional<train::ExogenousBatch> exogenous;  // of a network that reads columns
};

}  // namespace

/// Hands out engines without a lock: a thread of low priority that holds one never makes the event
/// loop's thread wait, which then takes or makes another.
struct Predictor::Impl {
  explicit Impl(PredictorState s) : state(std::move(s)) {
    give_back(std::make_unique<Engine>(state));
  }
  ~Impl() {
    for (auto& place : idle) delete place.load();
  }

  /// An engine for one call.
  class Loan {
   public:
    explicit Loan(Impl& impl) : impl_(impl), engine_(impl.take()) {}
    ~Loan() { impl_.give_back(std::move(engine_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Engine* operator->() { return engine_.get(); }

   private:
    Impl& impl_;
    std::unique_ptr<Engine> engine_;
  };

  std::unique_ptr<Engine> take() {
    for (auto& place : idle) {
      if (Engine* const engine = place.exchange(nullptr)) return std::unique_ptr<Engine>(engine);
    }
    return std::make_unique<Engine>(state);
  }
  /// Keeps one for each place: the event loop's and those of the two threads that forecast.
  void give_back(std::unique_ptr<Engine> engine) {
    for (auto& place : idle) {
      Engine* none = nullptr;
      if (!place.compare_exchange_strong(none, engine.get())) continue;
      engine.release();
      return;
    }
  }

  const PredictorState state;
  std::array<std::atomic<Engine*>, 3> idle{};
};

Predictor::Predictor(PredictorState state) : impl_(std::make_unique<Impl>(std::move(state))) {}
Predictor::~Predictor() = default;

int64_t Predictor::input_size() const {
  return impl_->state.network->window(Use::predict).input_size;
}
int64_t Predictor::horizon() const { return impl_->state.network->window(Use::predict).horizon; }
int64_t Predictor::outputs() const {
  return static_cast<int64_t>(impl_->state.network->loss().columns().size());
}
const std::vector<std::string>& Predictor::columns() const { return impl_->state.columns; }
const data::Exogenous& Predictor::exogenous() const { return impl_->state.reading.names; }

void Predictor::predict(std::span<const double> windows, int64_t count, int64_t length,
                        std::span<double> out, const WindowColumns& given) {
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
  const int64_t series = impl_->state.network->geometry().series;
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
    if (impl_->state.allow_missing && std::isnan(windows[i])) continue;
    const auto step = static_cast<int64_t>(i);
    throw Error(Code::data, "[predictor] received " + std::to_string(windows[i]) + " at step " +
                                std::to_string(step % length) + " of window " +
                                std::to_string(step / length) + ", expected finite values");
  }
  const ColumnReading& reading = impl_->state.reading;
  std::optional<data::Panel> columns;
  if (!reading.names.empty() || !given.empty())
    columns = window_panel(reading, given, windows, {count, length, horizon(), series});
  Impl::Loan engine(*impl_);
  const parallel::ScopedFlushDenormals flush;  // as in training, so that both give the same bits
  const int64_t most = kMostWindows * series;
  for (int64_t begin = 0; begin < count; begin += most) {
    const int64_t n = std::min(count - begin, most);
    engine->run(
        windows.subspan(static_cast<size_t>(begin * length), static_cast<size_t>(n * length)), n,
        length,
        out.subspan(static_cast<size_t>(begin * per_window), static_cast<size_t>(n * per_window)),
        columns ? &*columns : nullptr, begin);
  }
}

}  // namespace nd::serve
