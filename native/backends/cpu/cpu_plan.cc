#include "backends/cpu/cpu_plan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include "base/error.h"
#include "parallel/team.h"

namespace nd::cpu {

namespace {

template <class List>
auto& find_named(List& list, std::string_view name) {
  const auto it =
      std::find_if(list.begin(), list.end(), [=](const auto& n) { return n.name == name; });
  if (it == list.end())
    throw Error(Code::internal, "[plan] no input or output named " + std::string(name));
  return *it;
}

// What each body kernel computes. All but the last kernel of a node prepare it and are numbered.
std::vector<CpuPlan::Label> make_labels(const Graph& graph, const Program& program,
                                        int64_t windows) {
  const auto dims = [&](NodeId id) {
    const Shape& shape = graph.node(id).shape;
    std::vector<int64_t> dims = shape.dims;
    if (shape.is_batched()) dims.insert(dims.begin(), shape.batch * windows);
    return to_string(Shape::fixed(dims));
  };
  std::vector<CpuPlan::Label> labels;
  int number = 0;
  for (size_t k = 0; k < program.origins.size(); ++k) {
    const NodeId id = program.origins[k];
    const Node& node = graph.node(id);
    CpuPlan::Label label{std::string(node.kind == NodeKind::op ? node.op->name : "copy"), ""};
    const bool last = k + 1 == program.origins.size() || program.origins[k + 1] != id;
    number = last ? 0 : number + 1;
    if (!last) label.op += " #" + std::to_string(number);
    for (const NodeId input : node.inputs) label.shapes += dims(input) + " ";
    label.shapes += "-> " + dims(id);
    labels.push_back(std::move(label));
  }
  return labels;
}

bool is_shared(const std::unique_ptr<Kernel>& kernel) {
  return kernel->tiles > 1 && kernel->work >= kParallelWork;
}

}  // namespace

CpuPlan::CpuPlan(const Graph& graph, const ParameterTable& table, int64_t windows,
                 int64_t first_window, Precision precision)
    : windows_(windows) {
  Lowering(graph, table, windows, first_window, precision, program_).run();
  labels_ = make_labels(graph, program_, windows);
  arena_ = FloatBuffer(static_cast<size_t>(program_.arena_floats));
  prologue_ = FloatBuffer(static_cast<size_t>(program_.prologue_floats));
  prologue_data_ = prologue_.data();
  constants_ = FloatBuffer(program_.constants.size());
  std::copy(program_.constants.begin(), program_.constants.end(), constants_.data());
  for (const Program::Named& in : program_.inputs) {
    input_buffers_.emplace_back(static_cast<size_t>(in.elements));
    input_data_.push_back(input_buffers_.back().data());
  }
}

std::span<float> CpuPlan::input(std::string_view name) {
  const Program::Named& in = find_named(program_.inputs, name);
  return {input_data_[static_cast<size_t>(in.slot.input)], static_cast<size_t>(in.elements)};
}

bool CpuPlan::has_input(std::string_view name) const {
  return std::any_of(program_.inputs.begin(), program_.inputs.end(),
                     [=](const auto& n) { return n.name == name; });
}

std::span<const float> CpuPlan::output(std::string_view name) const {
  const Program::Named& out = find_named(program_.outputs, name);
  const float* base = nullptr;
  switch (out.slot.base) {
    case Slot::Base::arena:
      base = arena_.data();
      break;
    case Slot::Base::input:
      base = input_data_[static_cast<size_t>(out.slot.input)];
      break;
    case Slot::Base::constants:
      base = constants_.data();
      break;
    case Slot::Base::parameters:
      base = bound_parameters_;
      break;
    case Slot::Base::gradients:
      base = bound_gradients_;
      break;
    case Slot::Base::prologue:
      base = prologue_data_;
      break;
  }
  check_internal(base != nullptr, "an output that a run has computed");
  return {base + out.slot.offset, static_cast<size_t>(out.elements)};
}

int64_t CpuPlan::memory_bytes() const {
  size_t floats = arena_.size() + prologue_.size() + constants_.size() + scratch_.size();
  for (const FloatBuffer& b : input_buffers_) floats += b.size();
  return static_cast<int64_t>(floats * sizeof(float));
}

void CpuPlan::bind_input(std::string_view name, float* data) {
  const Program::Named& in = find_named(program_.inputs, name);
  const size_t index = static_cast<size_t>(in.slot.input);
  input_buffers_[index] = FloatBuffer();
  input_data_[index] = data;
  rebind_ = true;
}

void CpuPlan::share_prologue(CpuPlan& owner) {
  check_internal(owner.program_.prologue_floats == program_.prologue_floats, "equal prologues");
  prologue_ = FloatBuffer();
  prologue_data_ = owner.prologue_data_;
  rebind_ = true;
}

float* CpuPlan::resolve(const Slot& slot, const RunArgs& args) {
  switch (slot.base) {
    case Slot::Base::arena:
      return arena_.data() + slot.offset;
    case Slot::Base::input:
      return input_data_[static_cast<size_t>(slot.input)] + slot.offset;
    case Slot::Base::parameters:
      // Kernels only read through this slot.
      return const_cast<float*>(args.parameters.data()) + slot.offset;
    case Slot::Base::gradients:
      return args.gradients.data() + slot.offset;
    case Slot::Base::prologue:
      return prologue_data_ + slot.offset;
    case Slot::Base::constants:
      return constants_.data() + slot.offset;
  }
  return nullptr;
}

void CpuPlan::bind(Kernels& kernels, const RunArgs& args) {
  for (const auto& kernel : kernels) {
    for (size_t i = 0; i < kernel->slots.size(); ++i)
      kernel->at[i] = resolve(kernel->slots[i], args);
  }
}

void CpuPlan::bind(const RunArgs& args) {
  const bool same =
      bound_parameters_ == args.parameters.data() && bound_gradients_ == args.gradients.data();
  if (same && !rebind_) return;
  bind(program_.prologue, args);
  bind(program_.body, args);
  bound_parameters_ = args.parameters.data();
  bound_gradients_ = args.gradients.data();
  rebind_ = false;
}

// What the members of a team share during one pass over a list of kernels.
struct CpuPlan::Run {
  std::span<const std::unique_ptr<Kernel>> kernels;
  const RunArgs* args;
  float* scratch;
  int64_t scratch_stride;
  int members;
  // Member 0 decides at each barrier whether to go on; two slots, because it may reach the next
  // barrier's decision while others still read this one's.
  std::array<std::atomic<bool>, 2> stop{};
};

void CpuPlan::execute_member(void* opaque, int member) {
  Run& run = *static_cast<Run*>(opaque);
  const RunContext context{run.args->seed, run.args->step,
                           run.scratch + member * run.scratch_stride};
  const CancelToken* cancel = run.args->cancel;
  bool cancelled = false;  // member 0 only
  bool dirty = false;      // something ran since the last barrier
  uint32_t phase = 0;
  const auto synchronise = [&] {
    if (member == 0) run.stop[phase % 2].store(cancelled, std::memory_order_relaxed);
    run.args->team->barrier(member);
    return run.stop[phase++ % 2].load(std::memory_order_relaxed);
  };
  for (const auto& kernel : run.kernels) {
    if (member == 0 && cancel != nullptr && cancel->cancelled()) cancelled = true;
    if (run.members == 1 || !is_shared(kernel)) {
      // A run of small kernels stays on member 0, without a barrier in between.
      if (member == 0 && !cancelled) kernel->run(0, kernel->tiles, context);
      if (run.members == 1 && cancelled) return;
      dirty = true;
      continue;
    }
    if (dirty && synchronise()) return;
    const int64_t begin = kernel->tiles * member / run.members,
                  end = kernel->tiles * (member + 1) / run.members;
    if (begin < end) kernel->run(begin, end, context);
    if (synchronise()) return;
    dirty = false;
  }
}

void CpuPlan::execute(std::span<const std::unique_ptr<Kernel>> kernels, const RunArgs& args) {
  // Waking a team for kernels too small to share would cost more than they do.
  const bool shares = std::any_of(kernels.begin(), kernels.end(), is_shared);
  const int members = args.team != nullptr && shares ? args.team->size() : 1;
  if (members > scratch_members_) {
    scratch_ = FloatBuffer(static_cast<size_t>(program_.scratch_floats * members));
    scratch_members_ = members;
  }
  Run run{.kernels = kernels,
          .args = &args,
          .scratch = scratch_.data(),
          .scratch_stride = program_.scratch_floats,
          .members = members};
  if (members == 1) {
    execute_member(&run, 0);
  } else {
    args.team->run(execute_member, &run);
  }
}

void CpuPlan::execute_timed(size_t begin, size_t end, const RunArgs& args) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point before = Clock::now();
  for (size_t k = begin; k < end; ++k) {
    execute(std::span(program_.body).subspan(k, 1), args);
    const Clock::time_point after = Clock::now();
    kernel_seconds_[k] += std::chrono::duration<double>(after - before).count();
    before = after;
  }
}

void CpuPlan::prepare(const RunArgs& args) {
  bind(args);
  execute(program_.prologue, args);
}

void CpuPlan::run_part(size_t begin, size_t end, const RunArgs& args) {
  bind(args);
  if (kernel_seconds_ != nullptr) {
    execute_timed(begin, end, args);
  } else {
    execute(std::span(program_.body).subspan(begin, end - begin), args);
  }
  if (args.cancel != nullptr) args.cancel->check();
}

std::span<float> CpuPlan::mutable_output(std::string_view name) {
  // The plan owns what is behind its outputs.
  const std::span<const float> value = output(name);
  return {const_cast<float*>(value.data()), value.size()};
}

void CpuPlan::run(const RunArgs& args) {
  bind(args);
  if (args.parameters_changed && !program_.prologue.empty()) execute(program_.prologue, args);
  run_part(0, program_.body.size(), args);
}

}  // namespace nd::cpu
