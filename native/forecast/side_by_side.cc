#include "forecast/side_by_side.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace nd::forecast {

namespace {

/// Workers take jobs in order; the budget is divided evenly over those that still have one.
class Schedule {
 public:
  Schedule(size_t count, int threads, const std::function<void(const Turn&)>& job)
      : count_(count),
        threads_(std::max(1, threads)),
        job_(job),
        shares_(std::max<size_t>(1, std::min(count, static_cast<size_t>(threads_)))),
        working_(shares_.size(), true),
        failed_(count) {
    divide();
  }

  size_t workers() const { return shares_.size(); }

  void work(size_t worker) {
    for (size_t index = next(worker); index < count_; index = next(worker)) {
      try {
        job_({index, shares_[worker], failed_});
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (index < failed_.load()) failed_.store(index), error_ = std::current_exception();
      }
    }
  }

  /// A worker that has no thread to work on.
  void retire(size_t worker) {
    const std::lock_guard lock(mutex_);
    working_[worker] = false;
    divide();
  }

  Outcome outcome() const { return {failed_.load(), error_}; }

 private:
  /// The next job for `worker`, or count_: then its threads go to the others.
  size_t next(size_t worker) {
    {
      const std::lock_guard lock(mutex_);
      if (next_ < failed_.load()) return next_++;
    }
    retire(worker);
    return count_;
  }

  void divide() {
    const int working = static_cast<int>(std::count(working_.begin(), working_.end(), true));
    int rank = 0;
    for (size_t worker = 0; worker < shares_.size(); ++worker) {
      if (!working_[worker]) continue;
      shares_[worker].store(threads_ / working + (rank < threads_ % working ? 1 : 0));
      ++rank;
    }
  }

  const size_t count_;
  const int threads_;
  const std::function<void(const Turn&)>& job_;
  std::mutex mutex_;
  std::vector<std::atomic<int>> shares_;  // by worker
  std::vector<bool> working_;
  size_t next_ = 0;
  std::atomic<size_t> failed_;
  std::exception_ptr error_;
};

}  // namespace

Outcome run_side_by_side(size_t count, int threads, const std::function<void(const Turn&)>& job) {
  Schedule schedule(count, threads, job);
  std::vector<std::thread> others;
  for (size_t worker = 1; worker < schedule.workers(); ++worker) {
    try {
      others.emplace_back([&schedule, worker] { schedule.work(worker); });
    } catch (const std::system_error&) {
      schedule.retire(worker);  // the system gives no more threads: fewer jobs at a time
    }
  }
  schedule.work(0);
  for (std::thread& thread : others) thread.join();
  return schedule.outcome();
}

}  // namespace nd::forecast
