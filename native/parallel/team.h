// A small team of threads for partitioned ops. Work is a fixed number of tiles; member t always
// owns the same contiguous range, so one thread sums one element and results do not depend on the
// number of members. Members spin briefly between ops, then park: an idle team uses no CPU.
#pragma once

#include <cstdint>
#include <memory>

namespace nd::parallel {

class Team {
 public:
  /// `threads` >= 1 members, the caller of run() among them; fewer when the system refuses a
  /// thread. Other members inherit the scheduling priority of the creating thread and run with
  /// denormals flushed.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const;
  /// How many were asked for.
  int asked() const;
  /// Calls body(context, member) once on every member and returns when all have returned. Bodies
  /// may not throw.
  void run(void (*body)(void* context, int member), void* context);
  /// Blocks until every member has arrived; called by all members inside a body.
  void barrier(int member);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Number of threads that the cgroup and the affinity mask allow, at least 1; ND_NUM_THREADS
/// overrides it.
int default_threads();

/// Sets flush-to-zero and denormals-are-zero for the calling thread, restores on destruction.
class ScopedFlushDenormals {
 public:
  ScopedFlushDenormals();
  ~ScopedFlushDenormals();

 private:
  unsigned saved_;
};

}  // namespace nd::parallel
