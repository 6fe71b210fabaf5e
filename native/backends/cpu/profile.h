// Where the time of a plan goes: seconds of every kernel, for benchmarks. A plan that nobody
// watches pays one comparison per run for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/plan.h"

namespace nd::cpu {

/// One kernel of a plan, in the order of the plan.
struct KernelTime {
  std::string op;      ///< of the node that it computes: "matmul"
  std::string shapes;  ///< operands and result for the plan's windows: "[32, 168] [512, 168] ->
                       ///< [32, 512]"
  double seconds;      ///< in the fastest of the runs watched
};

/// Watches a plan of compile_cpu, which must outlive it, in runs on one thread; one profile at a
/// time.
class Profile {
 public:
  explicit Profile(Plan& plan);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  /// Call after each run.
  void finish_run();
  /// Kernels of the body; of a sharded plan those of all shards as one.
  const std::vector<KernelTime>& kernels() const { return kernels_; }

 private:
  void attach(double* seconds);
  Plan& plan_;
  std::vector<KernelTime> kernels_;
  std::vector<double> seconds_;
};

}  // namespace nd::cpu
