// Cancellation is polled: a job owns a token, the engine looks at it between kernel calls, so that
// a long step ends within milliseconds and every object it touched stays usable. Whoever cancels
// knows at once whether the job will still have an effect, because a job that is about to publish
// its result says so first.
#pragma once

#include <atomic>

#include "base/error.h"

namespace nd {

/// Set by the owner of a job (any thread), polled by the thread that computes.
class CancelToken {
 public:
  /// False when the job has committed before: then it ends as if nobody had cancelled.
  bool cancel() {
    State before = State::running;
    return state_.compare_exchange_strong(before, State::cancelled) || before == State::cancelled;
  }
  bool cancelled() const { return state_.load(std::memory_order_relaxed) == State::cancelled; }
  /// Throws `Code::aborted` once cancelled.
  void check() const {
    if (cancelled()) throw Error(Code::aborted, "[job] aborted");
  }
  /// Called by the computing thread before its result becomes visible to others: throws
  /// `Code::aborted` once cancelled, else cancel() comes too late from here on.
  void commit() const {
    State before = State::running;
    if (!state_.compare_exchange_strong(before, State::committed)) check();
  }

 private:
  enum class State { running, cancelled, committed };
  mutable std::atomic<State> state_{State::running};
};

}  // namespace nd
