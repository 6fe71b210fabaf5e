// compile_cpu: portable passes, then the choice between the two ways to use several cores.
#include <algorithm>

#include "backends/cpu/cpu_plan.h"
#include "backends/cpu/sharded_plan.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "graph/passes/recompute.h"
#include "ops/list.h"
#include "ops/op.h"
#include "simd/rnn.h"

namespace nd {

namespace {

// A shard needs windows enough for a block of a recurrent layer (on a matrix unit: a whole one) and
// rows enough to fill a register tile of a matrix product several times.
constexpr int64_t kWindowsPerShard = 4;
constexpr int64_t kRowsPerShard = 64;
constexpr int64_t kMaxShards = 16;
// Nodes that a fused sum may span where memory matters more than passes over it: about a layer.
constexpr NodeId kFrugalReach = 128;

/// What a graph computes for a batch.
struct Work {
  int64_t activations = 0;  ///< floats
  double rows = 0;          ///< of the matrix products, their mean by FLOP
  int64_t windows_per_shard = kWindowsPerShard;
};

Work work_of(const Graph& graph, int64_t windows) {
  Work work;
  double flops = 0;
  for (const Node& node : graph.nodes()) {
    if (node.kind != NodeKind::op || !node.shape.is_batched()) continue;
    const int64_t floats = node.shape.elements(windows);
    work.activations += floats;
    if (node.op == &kLstm && simd::recurrent_split_floats(1, 1, 1, false) > 0)
      work.windows_per_shard = simd::kRecurrentRows;
    if (node.op->cost == nullptr || node.shape.dims.empty()) continue;
    std::vector<Shape> inputs;
    for (const NodeId id : node.inputs) inputs.push_back(graph.node(id).shape);
    const double cost = node.op->cost({inputs, node.shape, node.attrs, windows}).flops;
    work.rows += cost * static_cast<double>(floats / node.shape.dims.back());
    flops += cost;
  }
  if (flops > 0) work.rows /= flops;
  return work;
}

// The number depends on the graph and the batch alone, never on the threads.
int64_t shard_count(const Work& work, int64_t windows) {
  const int64_t by_rows = static_cast<int64_t>(work.rows) / kRowsPerShard;
  return std::clamp<int64_t>(std::min(windows / work.windows_per_shard, by_rows), 1, kMaxShards);
}

// DESIGN §1: shards pay where their gradient buffers stay below the activations they keep in cache.
bool prefers_shards(int64_t shards, const Work& work, const ParameterTable& table) {
  return shards > 1 && shards * table.trainable_total() < work.activations;
}

}  // namespace

std::unique_ptr<Plan> compile_cpu(const Graph& graph, const ParameterTable& table,
                                  const PlanOptions& options) {
  check_internal(options.windows > 0, "a plan for at least one window");
  Graph optimised = optimise(graph, reference::evaluate_constant);
  if (!options.recompute_until.empty()) optimised = recompute(optimised, options.recompute_until);
  const Work work = work_of(optimised, options.windows);
  int64_t shards = shard_count(work, options.windows);
  if (options.split == Split::sharded) shards = std::max<int64_t>(shards, 2);
  // Shards have a gradient each, and what crosses their phases stays: the memory that computing
  // again was to save.
  const bool wants_shards = options.split == Split::sharded ||
                            (options.split == Split::automatic && options.recompute_until.empty() &&
                             prefers_shards(shards, work, table));
  const Graph fused =
      fuse_epilogues(options.recompute_until.empty() ? fuse_elementwise(optimised)
                                                     : fuse_elementwise(optimised, kFrugalReach));
  if (wants_shards) {
    if (auto phases = cpu::split_phases(fused)) {
      return std::make_unique<cpu::ShardedPlan>(std::move(*phases), table, options.windows, shards,
                                                options.precision);
    }
  }
  return std::make_unique<cpu::CpuPlan>(fused, table, options.windows, 0, options.precision);
}

}  // namespace nd
