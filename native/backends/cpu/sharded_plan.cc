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

namespace {

bool any_of(const OpDef* op, std::initializer_list<const OpDef*> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool is_zero_constant(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return node.kind == NodeKind::constant &&
         std::all_of(node.constant.begin(), node.constant.end(), [](double v) { return v == 0; });
}

}  // namespace

bool is_shardable(const Graph& graph) {
  // A total is an unbatched value that depends on the windows. It may only be passed on linearly,
  // to other totals.
  std::vector<bool> total(graph.nodes().size(), false);
  for (size_t i = 0; i < total.size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (node.kind != NodeKind::op) continue;
    const auto is_total = [&](size_t k) {
      return bool(total[static_cast<size_t>(node.inputs[k])]);
    };
    bool from_windows = false, from_totals = false;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      from_windows = from_windows || graph.node(node.inputs[k]).shape.is_batched();
      from_totals = from_totals || is_total(k);
    }
    if (from_totals && (from_windows || node.shape.is_batched())) return false;
    if (from_totals) {
      const bool linear =
          any_of(node.op,
                 {&kNeg, &kReshape, &kTranspose, &kSlice, &kPad, &kReverse, &kSum, &kBroadcast}) ||
          (any_of(node.op, {&kAdd, &kSub}) && is_total(0) && is_total(1)) ||
          (node.op == &kMul && is_total(0) != is_total(1)) || (node.op == &kDiv && !is_total(1));
      if (!linear) return false;
    }
    total[i] = !node.shape.is_batched() && (from_windows || from_totals);
  }
  for (const auto& [name, id] : graph.outputs()) {
    if (graph.node(id).shape.is_batched() || total[static_cast<size_t>(id)] ||
        is_zero_constant(graph, id))
      continue;
    return false;
  }
  return true;
}

ShardedPlan::ShardedPlan(const Graph& graph, const ParameterTable& table, int64_t windows,
                         int64_t shards)
    : windows_(windows), shard_windows_((windows + shards - 1) / shards) {
  for (int64_t s = 0; s < shards; ++s) {
    shards_.push_back(std::make_unique<CpuPlan>(graph, table, shard_windows_, s * shard_windows_));
    gradients_.emplace_back(static_cast<size_t>(table.trainable_total()));
    if (s > 0) shards_.back()->share_packed(*shards_.front());
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
    const bool batched = shape.is_batched();
    outputs_.emplace(
        out.name,
        Output{FloatBuffer(static_cast<size_t>(batched ? out.elements * shards : out.elements)),
               batched, static_cast<size_t>(shape.elements(windows))});
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
  if (args.parameters_changed) shards_[0]->pack(shard_args);
  parallel::for_shards(threads, shards(), [&](int64_t s) {
    RunArgs mine = shard_args;
    mine.gradients = gradients_[static_cast<size_t>(s)].span();
    mine.parameters_changed = false;
    shards_[static_cast<size_t>(s)]->run(mine);
  });
  for (auto& [name, out] : outputs_) {
    if (out.batched) {
      for (size_t s = 0; s < shards_.size(); ++s) {
        const std::span<const float> part = shards_[s]->output(name);
        std::copy(part.begin(), part.end(), out.data.data() + s * part.size());
      }
    } else {
      for (size_t i = 0; i < out.visible; ++i) {
        double total = 0;
        for (const auto& shard : shards_) total += shard->output(name)[i];
        out.data.data()[i] = static_cast<float>(total);
      }
    }
  }
  if (!args.gradients.empty()) reduce_gradients(args, threads);
}

}  // namespace nd::cpu
