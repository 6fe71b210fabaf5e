#include "train/divergence.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "train/gradient_json.h"

namespace nd::train {

namespace {
constexpr double kHugeValue =
    1e4;  // unscaled inputs above this overflow activations within a few layers
constexpr double kHighLearningRate = 1e-2;  // ten times the default
}  // namespace

void throw_diverged(const std::string& model, const std::string& what, int64_t step,
                    int64_t last_good_step, double learning_rate, const TrainConfig& config,
                    const data::Panel& panel, const GradientMonitor* monitor) {
  double largest = 0;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    for (const double y : panel.target(s)) largest = std::max(largest, std::abs(y));
  }
  std::ostringstream text;
  text << "[fit] " << model << ": " << what << " at step " << step << "; likely cause: ";
  if (learning_rate >= kHighLearningRate) {
    text << "the learning rate " << learning_rate
         << " is too high. Try learningRate: " << learning_rate / 10
         << " or less, or gradientClipNorm: 1";
  } else if (config.scaler_type == "identity" && largest > kHugeValue) {
    text << "the data reach " << largest
         << " and are not scaled. Try scalerType: 'robust' or localScaler: 'standard'";
  } else {
    text << "a loss that is unstable on these data (values reach " << largest
         << "). Try learningRate: " << learning_rate / 10
         << ", gradientClipNorm: 1, scalerType: 'robust' or another loss";
  }
  text << ". The last good weights are those of step " << last_good_step << ".";
  nlohmann::ordered_json details = {{"step", step}, {"lastGoodStep", last_good_step}};
  if (monitor != nullptr)
    details["gradientWarnings"] = warnings_json(monitor->history(), monitor->table());
  throw Error(Code::diverged, text.str(), details.dump());
}

}  // namespace nd::train
