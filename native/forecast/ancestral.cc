#include "forecast/ancestral.h"

#include <algorithm>
#include <cmath>

#include "forecast/paths.h"
#include "parallel/team.h"
#include "train/ranges.h"

namespace nd::forecast {

namespace {
constexpr int64_t kMostRows = 1024;  // paths of one run
constexpr int kStepBits = 20;        // a horizon has at most a million steps

/// A number in (0, 1).
double uniform(const PhiloxKey& key, int64_t path) {
  return static_cast<double>(philox_uniform(key, static_cast<uint64_t>(path))) + 0x1p-25;
}

/// Draws of one network, for a number of windows and paths at a time.
class Sampler {
 public:
  Sampler(const ModelConfig& model, const ModelState& state, uint32_t place, uint64_t seed,
          int64_t series, int64_t paths, parallel::Team& team)
      : network_(*model.network),
        options_(batch_options(model, state)),
        parameters_(state.parameters->span()),
        team_(team),
        place_(place),
        seed_(seed),
        paths_(std::min(paths, kMostRows)),
        windows_(std::clamp<int64_t>(kMostRows / paths_, 1, series)),
        batch_(with_distribution(options_), windows_),
        plan_(network_.compile_draws(
            windows_, {paths_, [this](int64_t tau, std::span<const float> outputs,
                                      std::span<float> next) { draw(tau, outputs, next); }})),
        drawn_(static_cast<size_t>(windows_ * paths_ * network_.geometry().horizon)) {}

  int64_t windows() const { return windows_; }
  int64_t paths() const { return paths_; }

  void load(const data::Panel& panel, std::span<const Origin> ends) {
    std::vector<data::WindowRef> refs;
    for (const Origin& end : ends)
      refs.push_back({end.series, end.row - options_.layout.input_size});
    series_ = ends;
    batch_.load(panel, refs, 0, false, &team_);
    batch_.feed(*plan_);
  }

  /// Draws [windows, paths, H] of the loaded windows, those of the paths from `first_path` on.
  std::span<const double> run(int64_t first_path, const CancelToken* cancel) {
    first_path_ = first_path;
    RunArgs args;
    args.parameters = parameters_;
    args.parameters_changed = changed_;
    args.cancel = cancel;
    args.team = &team_;
    plan_->run(args);
    changed_ = false;
    return drawn_;
  }

 private:
  static train::BatchOptions with_distribution(train::BatchOptions options) {
    options.distribution = true;
    return options;
  }

  void draw(int64_t tau, std::span<const float> outputs, std::span<float> next) {
    const int64_t Q = network_.geometry().outputs, H = network_.geometry().horizon;
    const Distribution& distribution = *network_.loss().distribution();
    std::ranges::fill(next, 0.0F);
    train::for_ranges(&team_, batch_.count() * paths_, 1, 1, [&](int64_t begin, int64_t end) {
      std::vector<double> raw(static_cast<size_t>(Q));
      std::vector<double> parameters(static_cast<size_t>(distribution.size()));
      for (int64_t row = begin; row < end; ++row) {
        const int64_t window = row / paths_, path = first_path_ + row % paths_;
        const data::WindowStatistics& s = batch_.statistics(window);
        std::copy_n(outputs.begin() + row * Q, Q, raw.begin());
        distribution.parameters(raw, s.shift, s.scale, parameters);
        const PhiloxKey key{seed_, Stream::sampling,
                            (place_ << kStepBits) + static_cast<uint32_t>(tau),
                            static_cast<uint32_t>(series_[static_cast<size_t>(window)].series)};
        const double y = distribution.quantile(parameters, uniform(key, path));
        drawn_[static_cast<size_t>(row * H + tau)] = y;
        next[static_cast<size_t>(row)] =
            static_cast<float>(data::scale_value(options_.scaler, s, y));
      }
    });
  }

  const Network& network_;
  train::BatchOptions options_;
  std::span<const float> parameters_;
  parallel::Team& team_;
  uint32_t place_;
  uint64_t seed_;
  int64_t paths_, windows_;
  train::WindowBatch batch_;
  std::unique_ptr<Plan> plan_;
  std::vector<double> drawn_;
  std::span<const Origin> series_;
  int64_t first_path_ = 0;
  bool changed_ = true;
};

[[noreturn]] void throw_infinite(const ModelConfig& model, double value, const std::string& series,
                                 const char* place) {
  throw Error(Code::diverged, std::string("[") + place + "] " + model.alias + " drew " +
                                  std::to_string(value) + " for the series \"" + series +
                                  "\", expected finite values: its draws lead the network ever "
                                  "further away; try another loss or more training");
}

}  // namespace

void check_ancestral(const ModelConfig& model) {
  if (model.network->recurrent() && model.network->loss().distribution() != nullptr) return;
  throw Error(Code::config,
              "[simulate] " + model.alias +
                  ": received method = \"ancestral\", expected a recurrent model with a "
                  "distribution loss, such as lstm({ recurrent: true, loss: distributionLoss() }), "
                  "or the method \"gaussianCopula\"",
              R"({"option":"method"})");
}

std::vector<std::vector<double>> ancestral_paths(const State& state, const data::Panel& panel,
                                                 bool own, const SimulateRequest& request,
                                                 const OriginsRequest& asked) {
  const ForecasterConfig& config = *state.config;
  const Scales scales = scales_for(panel, own, state, request.forecast.refit_series_scaler);
  const data::Panel tail = ends_panel(state, panel, request.forecast, asked);
  for (const ModelConfig& model : config.models)
    train::check_columns(model.exogenous.names(), tail, model.alias, asked.place);
  const std::optional<data::Panel> copy =
      network_panel(config, scales, state.vocabularies, tail, asked.place);
  const data::Panel& scaled = copy ? *copy : tail;
  const std::vector<Origin> ends = ends_of(scaled);
  const parallel::ScopedFlushDenormals flush;
  parallel::Team team(std::max(1, asked.threads));

  std::vector<std::vector<double>> values;
  const auto all = static_cast<int64_t>(ends.size());
  for (size_t m = 0; m < config.models.size(); ++m) {
    const int64_t trained = config.models[m].network->geometry().horizon;
    const ModelConfig model =
        asked.horizon > trained ? with_horizon(config.models[m], asked.horizon) : config.models[m];
    const int64_t H = model.network->geometry().horizon;
    const Support support(model.network->loss().distribution().get());
    Sampler sampler(model, state.models[m], static_cast<uint32_t>(m), request.seed, all,
                    request.paths, team);
    std::vector<double>& out =
        values.emplace_back(static_cast<size_t>(all * request.paths * asked.horizon));
    for (int64_t first = 0; first < all; first += sampler.windows()) {
      const int64_t count = std::min(sampler.windows(), all - first);
      sampler.load(scaled,
                   std::span(ends).subspan(static_cast<size_t>(first), static_cast<size_t>(count)));
      for (int64_t path = 0; path < request.paths; path += sampler.paths()) {
        const std::span<const double> drawn = sampler.run(path, asked.cancel);
        const int64_t paths = std::min(sampler.paths(), request.paths - path);
        for (int64_t row = 0; row < count * paths; ++row) {
          const int64_t s = first + row / paths, p = row % paths;
          const double* const from =
              &drawn[static_cast<size_t>(((s - first) * sampler.paths() + p) * H)];
          double* const to =
              &out[static_cast<size_t>((s * request.paths + path + p) * asked.horizon)];
          for (int64_t k = 0; k < asked.horizon; ++k) {
            const double value = data::unscale_value(
                config.series_scaler, scales.target[static_cast<size_t>(s)], from[k]);
            if (!std::isfinite(value))
              throw_infinite(model, value, panel.ids()[static_cast<size_t>(s)], asked.place);
            to[k] = support.clip(value);
          }
        }
      }
    }
  }
  return values;
}

}  // namespace nd::forecast
