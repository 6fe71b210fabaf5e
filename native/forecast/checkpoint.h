// Checkpoints of a fit: a saved file (load() reads it as any other) that also holds what the rest
// of the fit depends on. Models that train side by side hand in their states when each of them has
// reached its next one; the file always holds the latest of all.
#pragma once

#include <mutex>
#include <string>

#include "forecast/forecaster_impl.h"

namespace nd::forecast {

class FitCheckpoint {
 public:
  /// Writes where the fit begins. Without a path in the request it keeps nothing. Throws E0006
  /// where it cannot write.
  FitCheckpoint(const FitRequest& request, const State& start, const data::Panel& panel);

  /// Keeps the state of one model and writes the file anew; safe from any thread.
  void write(size_t model, train::TrainingState training, const FloatBuffer& parameters);

 private:
  std::string path_;
  std::mutex mutex_;
  State state_;
};

/// The state of an interrupted fit of `config` on `panel`. Throws E0006 for a file that is missing,
/// damaged or no checkpoint, E0010 for one of other options, another valSize, other intervals,
/// other frozen weights, another teacher, other data, or of other initial weights where `transfer`
/// has some.
std::shared_ptr<State> read_checkpoint(const std::string& path,
                                       const std::shared_ptr<const ForecasterConfig>& config,
                                       const data::Panel& panel, const FitRequest& request,
                                       const Transfer& transfer);

}  // namespace nd::forecast
