// What a forecaster's models would do if they were trained, asked before they are: a good learning
// rate, a good batch size, and whether a network can learn at all. Each trains a throwaway network
// from initial weights.
#pragma once

#include <functional>
#include <string>

#include "train/trainer.h"

namespace nd::train {
struct OneBatchOptions;
struct RateRange;
struct SizeRange;
}  // namespace nd::train

namespace nd::forecast {

struct TrialRequest {
  std::string model;  ///< alias; "" = the only one
  int threads = 1;
  const CancelToken* cancel = nullptr;
  /// model alias, progress; called on the computing thread.
  std::function<void(const std::string&, const train::Progress&)> on_progress = {};
};

}  // namespace nd::forecast
