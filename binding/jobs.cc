#include "jobs.h"

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "parallel/priority.h"
#include "parallel/team.h"

namespace nd::binding {

namespace {
// A frame of a screen: more frequent progress is work for the event loop that nobody sees.
constexpr auto kProgressInterval = std::chrono::milliseconds(15);
constexpr size_t kAskThreads = 2;

Failure aborted() { return {"AbortError", "", "[job] aborted", "{}"}; }

/// Fits that run at a time: one per core, and never fewer than two, so that a short one need not
/// wait for a long one.
size_t lane_threads(Lane lane) {
  if (lane == Lane::ask) return kAskThreads;
  return static_cast<size_t>(std::max(2, parallel::default_threads()));
}

/// Calls back into JavaScript; what the callback throws becomes an uncaught exception, as of any
/// event handler. While a worker is being terminated every call fails, and there is nobody left to
/// tell.
void call(Napi::Env env, const Napi::FunctionReference& function,
          std::initializer_list<napi_value> arguments) {
  try {
    function.Call(arguments);
  } catch (const Napi::Error& error) {
    if (!error.IsEmpty()) napi_fatal_exception(env, error.Value());
  }
}
}  // namespace

void Job::report(std::string event) {
  const std::lock_guard lock(queue_->mutex_);
  event_ = std::move(event);
  const auto now = Clock::now();
  if (now - last_event_ < kProgressInterval) return;
  last_event_ = now;
  queue_->list(shared_from_this());
}

std::shared_ptr<JobQueue> JobQueue::create(Napi::Env env) {
  std::shared_ptr<JobQueue> queue(new JobQueue());
  const napi_status made = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "neuro-divergent"), 0, 1, nullptr, nullptr,
      queue.get(), &JobQueue::on_wake, &queue->wake_);
  if (made != napi_ok) throw Error(Code::internal, "[binding] Node refused a thread-safe function");
  // Born referenced: an idle queue must not keep the process alive.
  napi_unref_threadsafe_function(env, queue->wake_);
  // Hooks run last in, first out: ours after the function's own, so that it still exists when we
  // let go of it.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<JobQueue*>(self)->shut_down(); }, queue.get());
  return queue;
}

JobQueue::~JobQueue() { shut_down(); }

Napi::Value JobQueue::submit(Napi::Env env, JobRequest request) {
  if (shut_down_)
    throw Error(Code::busy, "[jobs] this environment is exiting and takes no more calls");
  if (unsettled_ >= kCapacity) {
    throw Error(Code::busy,
                "[jobs] received a call while " + std::to_string(kCapacity) +
                    " are in flight; wait for some of them, or send several windows in one call");
  }
  const auto job = std::make_shared<Job>();
  job->queue_ = this;
  job->lane_ = request.lane;
  job->done_ = Napi::Persistent(request.done);
  if (!request.progress.IsEmpty()) job->progress_ = Napi::Persistent(request.progress);
  job->object_ = request.object;
  job->abandonable_ = request.abandonable;
  job->work_ = std::move(request.work);
  job->settle_ = std::move(request.settle);

  Napi::Object handle = Napi::Object::New(env);
  const std::weak_ptr<JobQueue> queue = weak_from_this();
  const std::weak_ptr<Job> weak = job;
  handle.Set("cancel", Napi::Function::New(env, [queue, weak](const Napi::CallbackInfo&) {
               const auto owner = queue.lock();
               const auto target = weak.lock();
               if (owner && target) owner->cancel(target);
             }));

  start_thread(request.lane);
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env, wake_);
  jobs_.insert(job);
  {
    const std::lock_guard lock(mutex_);
    state(request.lane).waiting.push_back(job);
  }
  state(request.lane).wake.notify_one();

  return handle;
}

void JobQueue::start_thread(Lane lane) {
  LaneState& lane_state = state(lane);
  {
    const std::lock_guard lock(mutex_);
    const bool enough = lane_state.idle > lane_state.waiting.size();
    if (enough || lane_state.threads >= lane_threads(lane)) return;
    ++lane_state.threads;
  }
  try {
    threads_.emplace_back([this, lane] { run_lane(lane); });
  } catch (const std::system_error&) {
    const std::lock_guard lock(mutex_);
    if (--lane_state.threads > 0) return;
    throw Error(Code::memory,
                "[jobs] the system refused a thread; raise its limit of threads or memory");
  }
}

void JobQueue::run_lane(Lane lane) {
  parallel::set_priority(lane == Lane::change ? parallel::Priority::background
                                              : parallel::Priority::low);
  LaneState& lane_state = state(lane);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++lane_state.idle;
    lane_state.wake.wait(lock, [&] { return stopping_ || next(lane_state) != nullptr; });
    --lane_state.idle;
    if (stopping_) return;
    const std::shared_ptr<Job> job = take(lane_state);
    auto work = std::move(job->work_);
    lock.unlock();
    std::optional<Failure> failure;
    try {
      job->token_.check();
      work(*job);
    } catch (...) {
      failure = current_failure();
    }
    work = nullptr;  // what it held is freed here, not on the JavaScript thread
    lock.lock();
    job->failure_ = std::move(failure);
    job->finished_ = true;
    if (job->object_ != nullptr) {
      changing_.erase(job->object_);
      lane_state.wake.notify_all();  // one that waits for this object may be anywhere in the line
    }
    list(job);
  }
}

const Job* JobQueue::next(const LaneState& lane) const {
  for (const auto& job : lane.waiting) {
    if (changing_.count(job->object_) == 0) return job.get();
  }
  return nullptr;
}

std::shared_ptr<Job> JobQueue::take(LaneState& lane) {
  const Job* const first = next(lane);
  const auto found = std::find_if(lane.waiting.begin(), lane.waiting.end(),
                                  [first](const auto& job) { return job.get() == first; });
  std::shared_ptr<Job> job = std::move(*found);
  lane.waiting.erase(found);
  if (job->object_ != nullptr) changing_.insert(job->object_);
  return job;
}

void JobQueue::cancel(const std::shared_ptr<Job>& job) {
  const bool in_time = job->token_.cancel();
  const std::lock_guard lock(mutex_);
  auto& waiting = state(job->lane_).waiting;
  if (const auto found = std::find(waiting.begin(), waiting.end(), job); found != waiting.end()) {
    // Not started yet: it need not wait for those before it.
    waiting.erase(found);
    job->failure_ = aborted();
    job->finished_ = true;
  } else if (in_time && job->abandonable_ && !job->finished_) {
    job->abandoned_ = true;
  } else {
    return;
  }
  list(job);
}

/// Puts a job that has news into the outbox and wakes the JavaScript thread once. Needs the mutex.
void JobQueue::list(const std::shared_ptr<Job>& job) {
  if (stopping_) return;
  if (!job->listed_) {
    job->listed_ = true;
    outbox_.push_back(job);
  }
  if (wake_pending_) return;
  wake_pending_ = true;
  // `napi_closing` cannot come: teardown joins our threads before it lets go of the function.
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void JobQueue::on_wake(napi_env env, napi_value, void* context, void*) {
  // Without an environment the function is being drained; jobs are released by shut_down().
  if (env == nullptr) return;
  try {
    static_cast<JobQueue*>(context)->deliver(Napi::Env(env));
  } catch (...) {
    // Only an environment that is being terminated refuses to make a value; its jobs die with it.
  }
}

void JobQueue::deliver(Napi::Env env) {
  const std::shared_ptr<JobQueue> alive = shared_from_this();
  std::vector<std::shared_ptr<Job>> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(outbox_);
    wake_pending_ = false;
    for (const auto& job : batch) job->listed_ = false;
  }
  for (const auto& job : batch) {
    if (shut_down_) return;  // a callback ended the process
    const Napi::HandleScope scope(env);
    std::optional<std::string> event;
    bool finished = false, abandoned = false;
    std::optional<Failure> failure;
    {
      const std::lock_guard lock(mutex_);
      event.swap(job->event_);
      finished = job->finished_, abandoned = job->abandoned_;
      failure = abandoned ? aborted() : job->failure_;
    }
    if (event && !abandoned && !job->progress_.IsEmpty())
      call(env, job->progress_, {Napi::String::New(env, *event)});
    if (shut_down_) return;
    if (finished) jobs_.erase(job);
    if ((finished || abandoned) && !job->settled_) {
      settle(env, *job, finished, std::move(failure));
    } else if (finished) {
      release(*job);
    }
  }
}

void JobQueue::settle(Napi::Env env, Job& job, bool finished, std::optional<Failure> failure) {
  job.settled_ = true;
  if (--unsettled_ == 0) napi_unref_threadsafe_function(env, wake_);
  const Napi::FunctionReference done = std::move(job.done_);
  // Until an abandoned thread has ended, its job keeps the arrays that it reads.
  const auto make_result = finished ? std::move(job.settle_) : nullptr;
  if (finished) release(job);
  Napi::Value result = env.Null();
  if (!failure) {
    try {
      if (make_result) result = make_result(env);
    } catch (const Napi::Error& error) {
      failure = Failure{"ERR_ND_INTERNAL", "E0014", "[binding] " + error.Message(), "{}"};
    } catch (...) {
      failure = current_failure();
    }
  }
  call(env, done,
       {failure ? Napi::Value(to_js(env, *failure)) : env.Null(), failure ? env.Null() : result});
}

void JobQueue::release(Job& job) {
  // A lane thread may hold the last pointer to the job, so nothing of JavaScript may be left in it.
  job.done_.Reset();
  job.progress_.Reset();
  job.settle_ = nullptr;
}

void JobQueue::shut_down() {
  if (shut_down_ || wake_ == nullptr) return;
  shut_down_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& lane : lanes_) lane.waiting.clear();
    outbox_.clear();
  }
  for (const auto& job : jobs_) job->token_.cancel();
  for (auto& lane : lanes_) lane.wake.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  for (const auto& job : jobs_) release(*job);
  jobs_.clear();
  unsettled_ = 0;
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
}

}  // namespace nd::binding
