// Independent tasks over shards of a batch, on oneTBB: the only use of that library. Which thread
// runs a shard does not matter, because shards and the order of their reduction are fixed by the
// plan.
#pragma once

#include <cstdint>

namespace nd::parallel {

/// Calls run(task, shard) for every shard in [0, count) on at most `threads` threads, the caller
/// among them. Workers run at a lower priority, with denormals flushed. An exception of a task is
/// rethrown after all have ended.
void for_shards(int threads, int64_t count, void (*run)(const void* task, int64_t shard),
                const void* task);

/// The same with anything callable as task(shard); unlike std::function it allocates nothing.
template <class Task>
void for_shards(int threads, int64_t count, const Task& task) {
  for_shards(
      threads, count,
      [](const void* opaque, int64_t shard) { (*static_cast<const Task*>(opaque))(shard); }, &task);
}

}  // namespace nd::parallel
