// The one interface behind which backends live. A backend lowers a graph for a fixed number of
// windows into a plan; a plan is replayed: it allocates nothing, takes no lock and looks nothing up
// while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "graph/parameters.h"
#include "ops/graph.h"

namespace nd {

namespace parallel {
class Team;
}

/// How the work of one run is cut. Both give bit-identical results for any number of threads.
enum class Split : uint8_t {
  automatic,    ///< the cost model decides
  partitioned,  ///< output tiles of each op over the threads
  sharded,      ///< fixed shards of the batch, reduced in a fixed tree
};

/// How operands of matrix products are rounded; sums, and all that is no such product, are f32.
enum class Precision : uint8_t {
  f32,   ///< not at all
  bf16,  ///< to bfloat16, products large enough for it: simd/gemm_bf16.h
};

struct PlanOptions {
  int64_t windows = 1;  ///< B, the capacity; spare rows must carry weight 0
  Split split = Split::automatic;
  /// Name of the loss of a differentiated graph whose forward values are computed again for the
  /// derivative instead of kept (graph/passes/recompute.h); empty = all are kept.
  std::string recompute_until = {};
  Precision precision = Precision::f32;
};

/// What one run reads and writes besides the plan's own inputs and outputs.
struct RunArgs {
  std::span<const float> parameters;  ///< flat, by the network's ParameterTable
  std::span<float>
      gradients;      ///< flat, receives every `grad.<parameter>` output; empty if none wanted
  uint64_t seed = 0;  ///< of the Philox draws
  uint32_t step = 0;  ///< training step, part of the Philox counter
  bool parameters_changed = true;       ///< false skips what depends on parameters alone
  const CancelToken* cancel = nullptr;  ///< polled between kernel calls
  parallel::Team* team = nullptr;       ///< nullptr = the calling thread alone
};

/// A compiled graph for B windows. Not thread-safe: one run at a time.
class Plan {
 public:
  virtual ~Plan() = default;
  /// Row-major buffer of an input, to be filled before a run. Throws E0014 for an unknown name.
  virtual std::span<float> input(std::string_view name) = 0;
  /// True when the graph (still) has this input.
  virtual bool has_input(std::string_view name) const = 0;
  virtual void run(const RunArgs& args) = 0;
  /// Row-major value of an output after a run (not for `grad.<parameter>`: those go to
  /// `RunArgs::gradients`).
  virtual std::span<const float> output(std::string_view name) const = 0;
  virtual int64_t windows() const = 0;
  /// Bytes of arena, prologue results and buffers.
  virtual int64_t memory_bytes() const = 0;
};

/// Optimises (portable passes) and lowers `graph` for the CPU; the graph itself is left alone.
/// `table` must be that of the network whose flat buffers will be passed to run().
std::unique_ptr<Plan> compile_cpu(const Graph& graph, const ParameterTable& table,
                                  const PlanOptions& options);

}  // namespace nd
