#include "backends/cpu/sharded_plan.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "graph/differentiate.h"
#include "ops/list.h"
#include "parallel/shards.h"
#include "parallel/team.h"
#include "simd/elementwise.h"

namespace nd::cpu {

ShardedPlan::ShardedPlan(Phases phases, const ParameterTable& table, int64_t windows,
                         int64_t shards, Precision precision)
    : phases_(std::move(phases)),
      windows_(windows),
      shard_windows_((windows + shards - 1) / shards) {
  const Graph& graph = phases_.graph;
  for (int64_t s = 0; s < shards; ++s) {
    shards_.push_back(
        std::make_unique<CpuPlan>(graph, table, shard_windows_, s * shard_windows_, precision));
    gradients_.emplace_back(static_cast<size_t>(table.trainable_total()));
    if (s > 0) shards_.back()->share_prologue(*shards_.front());
  }
  const std::vector<NodeId>& origins = shards_[0]->program().origins;
  for (int phase = 0; phase < phases_.count; ++phase) {
    const auto end = std::find_if(origins.begin(), origins.end(), [&](NodeId id) {
      return phases_.phase[static_cast<size_t>(id)] > phase;
    });
    ends_.push_back(static_cast<size_t>(end - origins.begin()));
  }
  for (const Program::Named& in : shards_[0]->program().inputs) {
    const Shape& shape = graph.node(graph.find_input(in.name)).shape;
    const bool batched = shape.is_batched();
    Input input{FloatBuffer(static_cast<size_t>(batched ? in.elements * shards : in.elements)),
                static_cast<size_t>(shape.elements(windows))};
    for (int64_t s = 0; s < shards; ++s) {
      shards_[static_cast<size_t>(s)]->bind_input(
          in.name, input.data.data() + (batched ? s * in.elements : 0));
    }
    inputs_.emplace(in.name, std::move(input));
  }
  for (const Program::Named& out : shards_[0]->program().outputs) {
    const Shape& shape = graph.node(graph.outputs().find(out.name)->second).shape;
    const Joint joint = phases_.joint(out.name);
    const int64_t copies = joint == Joint::concatenated ? shards : 1;
    outputs_.emplace(out.name, Output{FloatBuffer(static_cast<size_t>(out.elements * copies)),
                                      joint, static_cast<size_t>(shape.elements(windows))});
  }
}

std::span<float> ShardedPlan::input(std::string_view name) {
  const auto it = inputs_.find(name);
  if (it == inputs_.end())
    throw Error(Code::internal, "[plan] no input named " + std::string(name));
  return it->second.data.span().first(it->second.visible);
}

bool ShardedPlan::has_input(std::string_view name) const { return inputs_.contains(name); }

std::span<const float> ShardedPlan::output(std::string_view name) const {
  const auto it = outputs_.find(name);
  if (it == outputs_.end())
    throw Error(Code::internal, "[plan] no output named " + std::string(name));
  return it->second.data.span().first(it->second.visible);
}

int64_t ShardedPlan::memory_bytes() const {
  int64_t bytes = 0;
  for (const auto& shard : shards_) bytes += shard->memory_bytes();
  for (const FloatBuffer& g : gradients_) bytes += static_cast<int64_t>(g.size() * sizeof(float));
  for (const auto& [name, in] : inputs_)
    bytes += static_cast<int64_t>(in.data.size() * sizeof(float));
  return bytes;
}

void ShardedPlan::reduce_gradients(const RunArgs& args, int threads) {
  constexpr int64_t kChunk = 16384;
  const int64_t total = static_cast<int64_t>(gradients_[0].size()),
                chunks = (total + kChunk - 1) / kChunk;
  parallel::for_shards(threads, chunks, [&](int64_t chunk) {
    const int64_t begin = chunk * kChunk, count = std::min(kChunk, total - begin);
    for (size_t stride = 1; stride < gradients_.size(); stride *= 2) {
      for (size_t s = 0; s + stride < gradients_.size(); s += 2 * stride) {
        simd::add_into(gradients_[s].data() + begin, gradients_[s + stride].data() + begin, count);
      }
    }
    std::memcpy(args.gradients.data() + begin, gradients_[0].data() + begin,
                static_cast<size_t>(count) * sizeof(float));
  });
}

void ShardedPlan::run(const RunArgs& args) {
  const int threads = args.team != nullptr ? args.team->size() : 1;
  RunArgs shard_args = args;
  shard_args.team = nullptr;
  shard_args.gradients = gradients_[0].span();
  if (args.parameters_changed) shards_[0]->prepare(shard_args);
  size_t begin = 0;
  for (int phase = 0; phase < phases_.count; ++phase) {
    const size_t end = ends_[static_cast<size_t>(phase)];
    parallel::for_shards(threads, shards(), [&](int64_t s) {
      RunArgs mine = shard_args;
      mine.gradients = gradients_[static_cast<size_t>(s)].span();
      shards_[static_cast<size_t>(s)]->run_part(begin, end, mine);
    });
    begin = end;
    for (const Phases::Reduction& r : phases_.reductions)
      if (r.phase == phase) hand_out(r.output);
  }
  join_outputs();
  if (!args.gradients.empty()) reduce_gradients(args, threads);
}

void ShardedPlan::hand_out(const std::string& total) {
  const std::span<float> first = shards_[0]->mutable_output(total);
  for (size_t i = 0; i < first.size(); ++i) {
    double sum = 0;
    for (const auto& shard : shards_) sum += shard->output(total)[i];
    first[i] = static_cast<float>(sum);
  }
  for (size_t s = 1; s < shards_.size(); ++s)
    std::copy(first.begin(), first.end(), shards_[s]->mutable_output(total).begin());
}

void ShardedPlan::join_outputs() {
  for (auto& [name, out] : outputs_) {
    switch (out.joint) {
      case Joint::concatenated:
        for (size_t s = 0; s < shards_.size(); ++s) {
          const std::span<const float> part = shards_[s]->output(name);
          std::copy(part.begin(), part.end(), out.data.data() + s * part.size());
        }
        break;
      case Joint::summed:
        for (size_t i = 0; i < out.visible; ++i) {
          double total = 0;
          for (const auto& shard : shards_) total += shard->output(name)[i];
          out.data.data()[i] = static_cast<float>(total);
        }
        break;
      case Joint::same: {
        const std::span<const float> value = shards_[0]->output(name);
        std::copy(value.begin(), value.end(), out.data.data());
        break;
      }
    }
  }
}

}  // namespace nd::cpu
