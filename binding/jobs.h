// Long calls run on threads of our own, never on libuv's pool, where they would stall the
// application's file and DNS work. Each environment (main thread or worker) has one queue: a
// lane for what trains or changes a forecaster, in order for each of them, and a lane of two
// threads for everything else, a bounded backlog, and one thread-safe function that keeps the
// process alive only while jobs are in flight. Everything of a job that belongs to JavaScript is
// made, used and released on the JavaScript thread; teardown cancels, joins, then releases. A call
// that is aborted settles at once where nobody can see its effects any more; its thread, which may
// have to wait long for a core, winds down behind, and what comes after it on the same object
// waits.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/cancel.h"
#include "convert.h"
#include "napi_setup.h"

namespace nd::binding {

enum class Lane : uint8_t {
  change,  ///< fits, cross-validations, weights: one per core at a time
  ask,     ///< predict, save, load and checks: two threads
};

class JobQueue;

/// One call in flight.
class Job : public std::enable_shared_from_this<Job> {
 public:
  const CancelToken& token() const { return token_; }
  /// Any thread: hands an event to the `progress` callback. Only the latest undelivered event is
  /// kept.
  void report(std::string event);

 private:
  friend class JobQueue;
  using Clock = std::chrono::steady_clock;

  CancelToken token_;
  JobQueue* queue_ = nullptr;
  Lane lane_ = Lane::ask;
  const void* object_ = nullptr;
  bool abandonable_ = false;
  // JavaScript thread only.
  Napi::FunctionReference done_, progress_;
  std::function<Napi::Value(Napi::Env)> settle_;
  bool settled_ = false;
  // Guarded by the queue's mutex.
  std::function<void(Job&)> work_;  // until a lane takes it
  bool listed_ = false, finished_ = false;
  bool abandoned_ = false;  // aborted and not finished yet: settles without waiting for its thread
  std::optional<std::string> event_;
  std::optional<Failure> failure_;
  Clock::time_point last_event_{};
};

/// What a job does and whom it tells.
struct JobRequest {
  Lane lane = Lane::ask;
  const void* object = nullptr;  ///< what it changes: such jobs run one at a time, in order
  bool abandonable = false;  ///< once its token is cancelled `work` has no effect that can be seen
  Napi::Function done =
      {};  ///< (failure | null, result | null), called exactly once, never synchronously
  Napi::Function progress = {};              ///< (event) or empty
  std::function<void(Job&)> work = nullptr;  ///< on a lane thread; may throw
  std::function<Napi::Value(Napi::Env)> settle =
      nullptr;  ///< on the JavaScript thread after `work`; makes the result; may throw
};

class JobQueue : public std::enable_shared_from_this<JobQueue> {
 public:
  /// Jobs that may wait or run at a time.
  static constexpr size_t kCapacity = 1024;

  /// Makes the queue of an environment and registers its teardown.
  static std::shared_ptr<JobQueue> create(Napi::Env env);
  ~JobQueue();

  /// Starts a job; returns {cancel()}. Throws E0012 when the queue is full or the environment is
  /// going away.
  Napi::Value submit(Napi::Env env, JobRequest request);
  /// Cancels all jobs, joins the threads and releases everything of JavaScript; no callback comes
  /// afterwards.
  void shut_down();
  size_t in_flight() const { return unsettled_; }

 private:
  friend class Job;
  JobQueue() = default;
  static void on_wake(napi_env env, napi_value, void* context, void*);
  void cancel(const std::shared_ptr<Job>& job);
  void start_thread(Lane lane);
  void run_lane(Lane lane);
  void list(const std::shared_ptr<Job>& job);
  void deliver(Napi::Env env);
  void settle(Napi::Env env, Job& job, bool finished, std::optional<Failure> failure);
  static void release(Job& job);

  struct LaneState {
    std::deque<std::shared_ptr<Job>> waiting;
    std::condition_variable wake;
    size_t threads = 0, idle = 0;
  };
  /// The first waiting job whose object no other one changes; nullptr: none. Needs the mutex.
  const Job* next(const LaneState& lane) const;
  /// Takes that job out of the line. Needs the mutex.
  std::shared_ptr<Job> take(LaneState& lane);
  LaneState& state(Lane lane) { return lanes_[static_cast<size_t>(lane)]; }

  // JavaScript thread only.
  std::unordered_set<std::shared_ptr<Job>> jobs_;  // those that have settled but not finished too
  size_t unsettled_ = 0;
  std::vector<std::thread> threads_;
  bool shut_down_ = false;

  std::mutex mutex_;
  std::array<LaneState, 2> lanes_;
  std::vector<std::shared_ptr<Job>> outbox_;
  std::unordered_set<const void*> changing_;
  napi_threadsafe_function wake_ = nullptr;
  bool wake_pending_ = false, stopping_ = false;
};

}  // namespace nd::binding
