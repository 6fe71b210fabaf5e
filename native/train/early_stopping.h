// When a fit stops because validation no longer improves, and which weights it leaves behind.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "graph/parameters.h"

namespace nd::train {

/// The reference's EarlyStopping: stops after `patience` checks in a row that are no better than
/// the best.
class EarlyStopping {
 public:
  struct State {
    double best = std::numeric_limits<double>::infinity();
    int64_t best_step = -1, waited = 0;
    FloatBuffer best_parameters;  ///< empty where none are restored
  };

  EarlyStopping(int64_t patience, bool restore)
      : patience_(patience), restore_(restore && patience > 0) {}

  void check(double loss, int64_t step, const FloatBuffer& parameters) {
    if (loss < state_.best) {
      state_.best = loss, state_.best_step = step, state_.waited = 0;
      if (restore_) state_.best_parameters = parameters;
    } else {
      ++state_.waited;
    }
  }
  bool stop() const { return patience_ > 0 && state_.waited >= patience_; }
  /// Puts back the best weights; false where the last ones are kept.
  bool restore_best(FloatBuffer& parameters) const {
    if (!restore_ || state_.best_step < 0) return false;
    parameters = state_.best_parameters;
    return true;
  }
  const State& state() const { return state_; }
  void restore(State state) { state_ = std::move(state); }

 private:
  int64_t patience_;
  bool restore_;
  State state_;
};

}  // namespace nd::train
