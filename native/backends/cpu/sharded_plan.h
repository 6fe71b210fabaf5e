// The sharded form: the batch is cut into a fixed number of shards, each with its own arena and
// gradient buffer; sums are reduced in a fixed binary tree. A value that spans the batch divides
// the plan into phases (phases.h). Worth it where many small ops per window keep a shard inside one
// core's cache.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/cpu/cpu_plan.h"
#include "backends/cpu/phases.h"

namespace nd::cpu {

class ShardedPlan final : public Plan {
 public:
  ShardedPlan(Phases phases, const ParameterTable& table, int64_t windows, int64_t shards,
              Precision precision);

  std::span<float> input(std::string_view name) override;
  bool has_input(std::string_view name) const override;
  void run(const RunArgs& args) override;
  std::span<const float> output(std::string_view name) const override;
  int64_t windows() const override { return windows_; }
  int64_t memory_bytes() const override;
  int64_t shards() const { return static_cast<int64_t>(shards_.size()); }
  /// The plan of each shard: equal but for the place of their windows.
  const std::vector<std::unique_ptr<CpuPlan>>& parts() const { return shards_; }

 private:
  struct Input {
    FloatBuffer data;
    size_t visible;  ///< floats of the `windows_` real windows; what follows stays zero
  };
  struct Output {
    FloatBuffer data;
    Joint joint;
    size_t visible;
  };
  void reduce_gradients(const RunArgs& args, int threads);
  void hand_out(const std::string& total);
  void join_outputs();
  Phases phases_;
  std::vector<size_t> ends_;  // of each phase, in the kernels of a shard
  int64_t windows_, shard_windows_;
  std::vector<std::unique_ptr<CpuPlan>> shards_;
  std::vector<FloatBuffer> gradients_;
  std::map<std::string, Input, std::less<>> inputs_;
  std::map<std::string, Output, std::less<>> outputs_;
};

}  // namespace nd::cpu
