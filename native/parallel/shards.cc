#include "parallel/shards.h"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "parallel/priority.h"
#include "parallel/team.h"

namespace nd::parallel {

void for_shards(int threads, int64_t count, void (*run)(const void* task, int64_t shard),
                const void* task) {
  if (threads <= 1 || count <= 1) {
    for (int64_t shard = 0; shard < count; ++shard) run(task, shard);
    return;
  }
  // Exceptions never cross TBB: a wrongly linked libgcc would abort the process there.
  std::exception_ptr failure;
  std::once_flag recorded;
  const std::thread::id caller = std::this_thread::get_id();
  // TBB orders all this already; said once more in our own atomics, because ThreadSanitizer cannot
  // see into a library that was built without it.
  std::atomic<int64_t> handed_over{0}, finished{0};
  handed_over.store(1, std::memory_order_release);
  // More than the machine has would only make TBB complain on stderr.
  tbb::task_arena arena(std::min(threads, tbb::info::default_concurrency()));
  arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<int64_t>(0, count, 1),
        [&](const tbb::blocked_range<int64_t>& range) {
          if (std::this_thread::get_id() != caller) {
            static thread_local const bool lowered =
                (set_priority(Priority::background), true);  // TBB's own threads, once each
            (void)lowered;
          }
          (void)handed_over.load(std::memory_order_acquire);
          const ScopedFlushDenormals flush;
          for (int64_t shard = range.begin(); shard != range.end(); ++shard) {
            try {
              run(task, shard);
            } catch (...) {
              std::call_once(recorded, [&] { failure = std::current_exception(); });
            }
          }
          finished.fetch_add(1, std::memory_order_release);
        },
        tbb::simple_partitioner());
  });
  (void)finished.load(std::memory_order_acquire);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace nd::parallel
