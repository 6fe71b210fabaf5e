// Independent tasks over shards of a batch, on oneTBB: the only use of that library. Which thread
// runs a shard does not matter, because shards and the order of their reduction are fixed by the
// plan.
#pragma once

#include <cstdint>
#include <functional>

namespace nd::parallel {

/// Calls task(shard) for every shard in [0, count) on at most `threads` threads, the caller among
/// them. Workers run at a lower priority, with denormals flushed. An exception of a task is
/// rethrown after all have ended.
void for_shards(int threads, int64_t count, const std::function<void(int64_t)>& task);

}  // namespace nd::parallel
