#include "train/trainer.h"

#include <limits>

#include "base/error.h"
#include "train/exogenous.h"
#include "train/optimizer.h"
#include "train/panel_checks.h"
#include "train/training_loop.h"

namespace nd::train {

data::WindowLayout window_layout(const Network& network, Use use, const TrainConfig& config,
                                 int64_t val_size) {
  data::WindowLayout layout;
  const WindowSize window = network.window(use);
  layout.input_size = window.input_size;
  layout.horizon = window.horizon;
  layout.step_size = config.step_size;
  layout.start_padding = config.start_padding_enabled;
  layout.min_insample_fraction = config.min_insample_fraction;
  layout.min_outsample_fraction = config.min_outsample_fraction;
  layout.val_size = val_size;
  layout.series = network.geometry().series;
  return layout;
}

void check_series(const Geometry& geometry, int64_t count, const char* place,
                  const std::string& model) {
  if (count == geometry.series) return;
  throw Error(Code::shape,
              std::string("[") + place + "] " + model + ": received a panel of " +
                  std::to_string(count) + " series, expected " + std::to_string(geometry.series) +
                  " (nSeries): a multivariate model forecasts all its series together",
              R"({"option":"nSeries"})");
}

void check_request(const TrainRequest& request) {
  const Geometry& g = request.network->geometry();
  const TrainConfig& config = request.config;
  const std::string model(request.network->spec().name);
  if (request.val_size != 0 && request.val_size < g.horizon) {
    throw Error(Code::horizon,
                "[fit] received valSize = " + std::to_string(request.val_size) + " with horizon " +
                    std::to_string(g.horizon) +
                    "; valSize must be either 0 or greater than or equal to the horizon");
  }
  if (config.early_stop_patience_steps > 0 && request.val_size == 0) {
    throw Error(Code::config, "[fit] " + model + ": received earlyStopPatienceSteps = " +
                                  std::to_string(config.early_stop_patience_steps) +
                                  " and valSize = 0. Set valSize>0 if early stopping is enabled.");
  }
  if (config.lr_schedule == LrSchedule::plateau && request.val_size == 0) {
    throw Error(Code::config,
                "[fit] " + model +
                    ": received lrSchedule = \"plateau\" and valSize = 0, expected a "
                    "valSize: this schedule listens to validation",
                R"({"option":"valSize"})");
  }
  make_optimizer(config, 0);
  check_support(*request.network, *request.panel);
  if (request.network->spec().capabilities.multivariate)
    check_series(g, request.panel->series_count(), "fit", model);
  check_columns(request.exogenous, *request.panel, model, "fit");
  if (!request.sample_weight.empty()) check_weights(request.sample_weight, *request.panel);
  if (config.max_steps == 0 && config.max_epochs == 0)
    return;  // nothing is trained, nothing can be too short
  const data::TrainingWindows windows(
      *request.panel, window_layout(*request.network, Use::train, config, request.val_size));
}

TrainResult train(const TrainRequest& request, FloatBuffer& parameters) {
  check_request(request);
  if (request.resume != nullptr && request.resume->finished) return request.resume->result;
  if (request.config.max_steps == 0 && request.config.max_epochs == 0) {
    TrainingState nothing;
    nothing.result.train_loss = nothing.result.valid_loss =
        std::numeric_limits<double>::quiet_NaN();
    nothing.finished = true;
    if (request.checkpoints.write) request.checkpoints.write(nothing, parameters);
    return nothing.result;
  }
  return run_training_loop(request, parameters);
}

}  // namespace nd::train
