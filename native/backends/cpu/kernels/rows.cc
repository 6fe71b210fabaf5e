// Softmax and layer normalisation over the last axis, sliding windows and their adjoint.
#include "simd/rows.h"

#include <algorithm>

#include "backends/cpu/kernels/copy.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/elementwise.h"

namespace nd::cpu {

namespace {

// Calls a row kernel on operands and result of one layout, a few L1-fuls at a time.
class RowKernel final : public Kernel {
 public:
  using Run = void (*)(float* const* at, int64_t rows, int64_t length, float eps);
  RowKernel(std::vector<Slot> slots, Run run, int64_t rows, int64_t length, float eps)
      : Kernel(std::move(slots)), run_(run), rows_(rows), length_(length), eps_(eps) {
    rows_per_tile_ = std::max<int64_t>(1, 8192 / std::max<int64_t>(length, 1));
    tiles = std::max<int64_t>(1, (rows + rows_per_tile_ - 1) / rows_per_tile_);
    work = 0.5 * static_cast<double>(rows) * static_cast<double>(length);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    const int64_t first = begin * rows_per_tile_;
    const int64_t count = std::min(rows_, end * rows_per_tile_) - first;
    float* moved[3];
    for (size_t i = 0; i < at.size(); ++i) moved[i] = at[i] + first * length_;
    if (count > 0) run_(moved, count, length_, eps_);
  }

 private:
  Run run_;
  int64_t rows_, length_, rows_per_tile_;
  float eps_;
};

void softmax(float* const* at, int64_t rows, int64_t length, float) {
  simd::softmax_rows(at[0], rows, length, at[1]);
}
void softmax_gradient(float* const* at, int64_t rows, int64_t length, float) {
  simd::softmax_rows_gradient(at[0], at[1], rows, length, at[2]);
}
void layer_norm(float* const* at, int64_t rows, int64_t length, float eps) {
  simd::layer_norm_rows(at[0], rows, length, eps, at[1]);
}
void layer_norm_gradient(float* const* at, int64_t rows, int64_t length, float eps) {
  simd::layer_norm_rows_gradient(at[0], at[1], rows, length, eps, at[2]);
}

template <RowKernel::Run kRun>
void lower_rows(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots = l.slots(id);
  const int64_t length = l.dims(id).back();
  const double eps = node.attrs.reals.empty() ? 0 : node.attrs.reals[0];
  l.emit(std::make_unique<RowKernel>(std::move(slots), kRun, l.elements(id) / length, length,
                                     static_cast<float>(eps)));
}

// fold: each tile sums the windows of some outer indices, in order.
class Fold final : public Kernel {
 public:
  Fold(Slot in, Slot out, int64_t outer, int64_t windows, int64_t size, int64_t step,
       int64_t length)
      : Kernel({in, out}), windows_(windows), size_(size), step_(step), length_(length) {
    tiles = outer;
    work = 0.3 * static_cast<double>(outer * (windows * size + length));
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    for (int64_t o = begin; o < end; ++o) {
      float* out = at[1] + o * length_;
      const float* in = at[0] + o * windows_ * size_;
      simd::fill(out, 0.0f, length_);
      for (int64_t w = 0; w < windows_; ++w) simd::add_into(out + w * step_, in + w * size_, size_);
    }
  }

 private:
  int64_t windows_, size_, step_, length_;
};

// Sizes of unfold and fold: inner axes are part of size, step and length.
struct Folding {
  int64_t outer = 1, windows = 0, size = 0, step = 0, length = 0;
};

Folding folding_of(const Node& node, const std::vector<int64_t>& unfolded) {
  const auto axis = static_cast<size_t>(node.attrs.ints[0]);
  int64_t inner = 1;
  Folding f;
  for (size_t i = 0; i < axis; ++i) f.outer *= unfolded[i];
  for (size_t i = axis + 2; i < unfolded.size(); ++i) inner *= unfolded[i];
  f.windows = unfolded[axis];
  f.size = node.attrs.ints[1] * inner;
  f.step = node.attrs.ints[2] * inner;
  f.length = node.attrs.ints[3] * inner;
  return f;
}

void lower_unfold(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const Folding f = folding_of(node, l.dims(id));
  l.emit(make_strided_copy(
      l.slot(node.inputs[0]), l.slot(id),
      {{f.outer, f.windows, f.size}, {f.length, f.step, 1}, {f.windows * f.size, f.size, 1}}));
}

void lower_fold(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const Folding f = folding_of(node, l.dims(node.inputs[0]));
  l.emit(std::make_unique<Fold>(l.slot(node.inputs[0]), l.slot(id), f.outer, f.windows, f.size,
                                f.step, f.length));
}

}  // namespace

std::span<const LoweringRule> row_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kSoftmax, .lower = lower_rows<softmax>},
      {.op = &kSoftmaxGradient, .lower = lower_rows<softmax_gradient>},
      {.op = &kLayerNorm, .lower = lower_rows<layer_norm>},
      {.op = &kLayerNormGradient, .lower = lower_rows<layer_norm_gradient>},
      {.op = &kUnfold, .lower = lower_unfold},
      {.op = &kFold, .lower = lower_fold},
  };
  return kRules;
}

}  // namespace nd::cpu
