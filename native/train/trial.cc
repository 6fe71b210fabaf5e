#include "train/trial.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "parallel/claim.h"

namespace nd::train {

TrainRequest trial_request(TrainRequest request, int64_t steps) {
  TrainConfig& config = request.config;
  config.max_steps = steps, config.max_epochs = 0;
  config.lr_schedule = LrSchedule::step, config.warmup_steps = 0;
  config.early_stop_patience_steps = -1;
  config.accumulate_steps = 1;
  config.drop_last_loader = false;
  request.val_size = 0;
  return request;
}

namespace {
const TrainRequest& checked(const TrainRequest& request) {
  check_request(request);
  return request;
}
}  // namespace

Trial::Trial(const TrainRequest& request, FloatBuffer& parameters, Windows windows)
    : r_(checked(request)),
      parameters_(parameters),
      kind_(windows),
      team_(parallel::fair_threads(std::max(1, request.threads))),
      gradient_(request, windows == Windows::as_a_fit),
      update_(request.config, request.network->table(), request.frozen) {}

double Trial::step(double rate) {
  if (r_.cancel != nullptr) r_.cancel->check();
  std::optional<double> loss;
  while (!(loss = gradient_.run(next_, parameters_, &team_))) {
    if (r_.cancel != nullptr) r_.cancel->check();
    ++next_;
  }
  if (kind_ == Windows::as_a_fit) ++next_;
  if (!std::isfinite(*loss)) return *loss;
  const std::span<float> gradients = gradient_.gradients(&team_);
  const std::span<float> trained = parameters_.span().first(gradients.size());
  return update_.step(trained, gradients, rate, &team_) ? *loss
                                                        : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace nd::train
