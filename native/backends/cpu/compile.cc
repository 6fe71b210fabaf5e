// compile_cpu: portable passes, then the choice between the two ways to use several cores.
#include <algorithm>

#include "backends/cpu/cpu_plan.h"
#include "backends/cpu/sharded_plan.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "graph/passes/recompute.h"

namespace nd {

namespace {

// A shard needs rows enough to fill a register tile several times.
constexpr int64_t kWindowsPerShard = 64;
constexpr int64_t kMaxShards = 16;

// The number depends on the batch alone, never on the threads.
int64_t shard_count(int64_t windows) {
  return std::clamp<int64_t>(windows / kWindowsPerShard, 1, kMaxShards);
}

// DESIGN §1: shards pay where their gradient buffers stay below the activation bytes they keep in
// cache.
bool prefers_shards(const Graph& graph, const ParameterTable& table, int64_t windows) {
  int64_t activations = 0;
  for (const Node& node : graph.nodes()) {
    if (node.kind == NodeKind::op && node.shape.is_batched())
      activations += node.shape.elements(windows);
  }
  return shard_count(windows) > 1 && shard_count(windows) * table.trainable_total() < activations;
}

}  // namespace

std::unique_ptr<Plan> compile_cpu(const Graph& graph, const ParameterTable& table,
                                  const PlanOptions& options) {
  check_internal(options.windows > 0, "a plan for at least one window");
  Graph optimised = optimise(graph, reference::evaluate_constant);
  if (!options.recompute_until.empty()) optimised = recompute(optimised, options.recompute_until);
  const bool wants_shards =
      options.split == Split::sharded ||
      (options.split == Split::automatic && prefers_shards(optimised, table, options.windows));
  const Graph fused = fuse_elementwise(optimised);
  if (wants_shards) {
    if (auto phases = cpu::split_phases(fused)) {
      return std::make_unique<cpu::ShardedPlan>(
          std::move(*phases), table, options.windows,
          std::max<int64_t>(shard_count(options.windows), options.split == Split::sharded ? 2 : 1));
    }
  }
  return std::make_unique<cpu::CpuPlan>(fused, table, options.windows);
}

}  // namespace nd
