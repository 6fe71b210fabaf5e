// The CPU executor: replays a lowered program on one thread or on a team, kernel after kernel,
// tiles in fixed ranges.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/cpu/lowering.h"
#include "graph/plan.h"

namespace nd::cpu {

class CpuPlan final : public Plan {
 public:
  /// `graph` is already optimised. `first_window`: global number of window 0, when this is a shard.
  CpuPlan(const Graph& graph, const ParameterTable& table, int64_t windows,
          int64_t first_window = 0, Precision precision = Precision::f32);

  std::span<float> input(std::string_view name) override;
  bool has_input(std::string_view name) const override;
  void run(const RunArgs& args) override;
  std::span<const float> output(std::string_view name) const override;
  int64_t windows() const override { return windows_; }
  int64_t memory_bytes() const override;

  /// Reads input `name` from memory of the caller's instead of its own.
  void bind_input(std::string_view name, float* data);
  /// Uses what the prologue of an equal plan has computed, which must run first.
  void share_prologue(CpuPlan& owner);
  /// Runs the prologue alone.
  void prepare(const RunArgs& args);
  /// Runs the kernels [begin, end) of the body.
  void run_part(size_t begin, size_t end, const RunArgs& args);
  /// An output's memory, for whoever joins the values of several plans.
  std::span<float> mutable_output(std::string_view name);
  const Program& program() const { return program_; }
  /// What a body kernel computes, for people: see KernelTime.
  struct Label {
    std::string op, shapes;
  };
  const std::vector<Label>& labels() const { return labels_; }
  /// From now on adds the seconds of body kernel k, in runs on one thread, to seconds[k]; nullptr
  /// ends it.
  void time_kernels(double* seconds) { kernel_seconds_ = seconds; }

 private:
  struct Run;
  using Kernels = std::vector<std::unique_ptr<Kernel>>;
  void bind(const RunArgs& args);
  void bind(Kernels& kernels, const RunArgs& args);
  float* resolve(const Slot& slot, const RunArgs& args);
  void execute(std::span<const std::unique_ptr<Kernel>> kernels, const RunArgs& args);
  void execute_timed(size_t begin, size_t end, const RunArgs& args);
  static void execute_member(void* run, int member);

  int64_t windows_;
  Program program_;
  std::vector<Label> labels_;
  double* kernel_seconds_ = nullptr;
  FloatBuffer arena_, prologue_, constants_, scratch_;
  std::vector<FloatBuffer> input_buffers_;
  std::vector<float*> input_data_;
  float* prologue_data_ = nullptr;
  const float* bound_parameters_ = nullptr;
  const float* bound_gradients_ = nullptr;
  bool rebind_ = true;
  int scratch_members_ = 0;
};

}  // namespace nd::cpu
