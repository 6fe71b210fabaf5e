// Several jobs at the same time within one budget of threads, with the outcome of one after the
// other. One thread per job wastes nothing on waiting for each other; the threads of jobs that have
// ended go to those that still run.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>

namespace nd::forecast {

/// What a job that runs knows of the others.
struct Turn {
  size_t index;
  const std::atomic<int>& threads;    ///< its share as of now: grows when another job has ended
  const std::atomic<size_t>& failed;  ///< the first job that has failed so far

  /// True when an earlier job has failed: whatever this one computes will not be used, it may throw
  /// at once.
  bool superseded() const { return failed.load(std::memory_order_relaxed) < index; }
};

struct Outcome {
  size_t failed;             ///< index of the first job that failed, or their number
  std::exception_ptr error;  ///< its exception
};

/// Runs `job` for the indices 0 … count - 1, begun in this order, at most `threads` (>= 1) at a
/// time, on the calling thread and others. Jobs before `failed` have ended well; those after it
/// were not begun or are superseded.
Outcome run_side_by_side(size_t count, int threads, const std::function<void(const Turn&)>& job);

}  // namespace nd::forecast
