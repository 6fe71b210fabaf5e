// Plans of one graph for several batch sizes. A plan computes all the windows it was compiled for,
// spare ones too, but a run often has fewer than the most there can be: repeated windows are
// merged, the last batch is short, a request to a server is of any size. So plans are compiled for
// a ladder of sizes, each when it is first needed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "graph/plan.h"

namespace nd::train {

/// The smallest rung that holds `windows` (1 … capacity): 1, 2, 4, 8, 16, then four rungs per
/// octave, so that fewer than a fifth of the windows are spare; the capacity is the last one.
int64_t rung_for(int64_t windows, int64_t capacity);

/// Not thread-safe, as a plan.
class PlanLadder {
 public:
  using Compile = std::function<std::unique_ptr<Plan>(int64_t windows)>;
  static constexpr int64_t kMemoryLimit = int64_t{512} << 20;

  /// When plans hold more than `memory_limit` bytes together, those that were not used for longest
  /// are dropped, and compiled again when they are needed.
  PlanLadder(int64_t capacity, Compile compile, int64_t memory_limit = kMemoryLimit);

  /// The plan for a run of `windows`, to be filled; valid until the next call.
  Plan& select(int64_t windows);
  /// Runs the selected plan. `parameters_changed`: since the last run of any plan of the ladder.
  void run(RunArgs args);
  int64_t capacity() const { return capacity_; }
  /// Bytes of the plans that exist now.
  int64_t memory_bytes() const;

 private:
  struct Rung {
    std::unique_ptr<Plan> plan;
    int64_t version = 0;  // of the parameters that the plan has prepared
    int64_t used = 0;     // when it was selected last
  };
  void drop_unused();

  int64_t capacity_, memory_limit_;
  Compile compile_;
  std::map<int64_t, Rung> rungs_;
  Rung* selected_ = nullptr;
  int64_t version_ = 1, selections_ = 0;
};

}  // namespace nd::train
