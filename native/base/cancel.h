// Cancellation is polled: a job owns a token, the engine looks at it between kernel calls, so that
// a long step ends within milliseconds and every object it touched stays usable.
#pragma once

#include <atomic>

#include "base/error.h"

namespace nd {

/// Set by the owner of a job (any thread), polled by the thread that computes.
class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// Throws `Code::aborted` once cancelled.
  void check() const {
    if (cancelled()) throw Error(Code::aborted, "[job] aborted");
  }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace nd
