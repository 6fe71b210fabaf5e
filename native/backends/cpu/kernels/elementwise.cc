// Elementwise ops with broadcasting: one loop nest whose inner run goes through a SIMD kernel with
// steps 0 or 1.
#include "simd/elementwise.h"

#include <algorithm>
#include <array>

#include "backends/cpu/kernels/copy.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

constexpr int64_t kTileElements = 8192;  // operands and result of a tile stay in L1/L2
constexpr size_t kMaxOperands = 3;
constexpr double kNanoseconds = 0.15;  // per element of an addition, operands in the cache

using Inner = void (*)(const float* const* in, const int* steps, float* out, int64_t n);

template <simd::UnaryOp op>
void unary(const float* const* in, const int*, float* out, int64_t n) {
  simd::unary(op, in[0], out, n);
}
template <simd::BinaryOp op>
void binary(const float* const* in, const int* steps, float* out, int64_t n) {
  simd::binary(op, in[0], steps[0], in[1], steps[1], out, n);
}
void select(const float* const* in, const int* steps, float* out, int64_t n) {
  simd::select(in[0], steps[0], in[1], steps[1], in[2], steps[2], out, n);
}

class Elementwise final : public Kernel {
 public:
  Elementwise(std::vector<Slot> slots, const std::vector<std::vector<int64_t>>& operands,
              const std::vector<int64_t>& out, Inner inner, double cost)
      : Kernel(std::move(slots)), operands_(operands.size()), call_(inner) {
    build_nest(operands, out);
    if (sizes_.empty() && inner_ > kTileElements) {
      split_inner_ = true;
      tiles = (inner_ + kTileElements - 1) / kTileElements;
    } else {
      rows_per_tile_ = std::max<int64_t>(1, kTileElements / std::max<int64_t>(inner_, 1));
      tiles = (outer_ + rows_per_tile_ - 1) / rows_per_tile_;
    }
    work = kNanoseconds * cost * static_cast<double>(outer_ * inner_);
  }

  void run(int64_t begin, int64_t end, const RunContext&) const override {
    std::array<const float*, kMaxOperands> in{};
    if (split_inner_) {
      const int64_t from = begin * kTileElements, to = std::min(inner_, end * kTileElements);
      for (size_t k = 0; k < operands_; ++k) in[k] = at[k] + from * steps_[k];
      call_(in.data(), steps_.data(), at[operands_] + from, to - from);
      return;
    }
    for (int64_t row = begin * rows_per_tile_; row < std::min(outer_, end * rows_per_tile_);
         ++row) {
      std::array<int64_t, kMaxOperands> offset{};
      int64_t rest = row;
      for (size_t axis = sizes_.size(); axis-- > 0;) {
        const int64_t index = rest % sizes_[axis];
        rest /= sizes_[axis];
        for (size_t k = 0; k < operands_; ++k) offset[k] += index * strides_[k][axis];
      }
      for (size_t k = 0; k < operands_; ++k) in[k] = at[k] + offset[k];
      call_(in.data(), steps_.data(), at[operands_] + row * inner_, inner_);
    }
  }

 private:
  void build_nest(const std::vector<std::vector<int64_t>>& operands,
                  const std::vector<int64_t>& out) {
    // Strides of each operand by axis of the result, 0 where it is broadcast.
    std::vector<std::vector<int64_t>> strides(operands_, std::vector<int64_t>(out.size(), 0));
    for (size_t k = 0; k < operands_; ++k) {
      const std::vector<int64_t>& dims = operands[k];
      const std::vector<int64_t> dense = row_major(dims);
      for (size_t a = 1; a <= std::min(dims.size(), out.size()); ++a) {
        if (dims[dims.size() - a] > 1) strides[k][out.size() - a] = dense[dims.size() - a];
      }
    }
    // Join axes that every operand walks contiguously (or not at all).
    strides_.assign(operands_, {});
    for (size_t axis = 0; axis < out.size(); ++axis) {
      if (out[axis] == 1) continue;
      bool joins = !sizes_.empty();
      for (size_t k = 0; k < operands_ && joins; ++k)
        joins = strides_[k].back() == strides[k][axis] * out[axis];
      if (!joins) {
        sizes_.push_back(1);
        for (auto& s : strides_) s.push_back(0);
      }
      sizes_.back() *= out[axis];
      for (size_t k = 0; k < operands_; ++k) strides_[k].back() = strides[k][axis];
    }
    if (sizes_.empty()) {
      for (int64_t size : out) inner_ *= size;
      for (size_t k = 0; k < operands_; ++k) steps_[k] = 0;
      return;
    }
    inner_ = sizes_.back();
    sizes_.pop_back();
    for (size_t k = 0; k < operands_; ++k) {
      steps_[k] = static_cast<int>(strides_[k].back());
      strides_[k].pop_back();
    }
    for (int64_t size : sizes_) outer_ *= size;
  }

  size_t operands_;
  Inner call_;
  std::vector<int64_t> sizes_;
  std::vector<std::vector<int64_t>> strides_;
  std::array<int, kMaxOperands> steps_{};
  int64_t inner_ = 1, outer_ = 1, rows_per_tile_ = 1;
  bool split_inner_ = false;
};

template <Inner inner, int cost>
void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots;
  std::vector<std::vector<int64_t>> operands;
  for (NodeId input : node.inputs) {
    slots.push_back(l.slot(input));
    operands.push_back(l.dims(input));
  }
  slots.push_back(l.slot(id));
  l.emit(std::make_unique<Elementwise>(std::move(slots), operands, l.dims(id), inner, cost));
}

template <Inner inner, int cost>
LoweringRule rule(const OpDef& op) {
  return {.op = &op, .lower = lower<inner, cost>, .elementwise = true};
}

}  // namespace

std::span<const LoweringRule> elementwise_rules() {
  using simd::BinaryOp;
  using simd::UnaryOp;
  static const LoweringRule kRules[] = {
      rule<binary<BinaryOp::add>, 1>(kAdd),         rule<binary<BinaryOp::sub>, 1>(kSub),
      rule<binary<BinaryOp::mul>, 1>(kMul),         rule<binary<BinaryOp::div>, 2>(kDiv),
      rule<binary<BinaryOp::maximum>, 1>(kMaximum), rule<binary<BinaryOp::minimum>, 1>(kMinimum),
      rule<binary<BinaryOp::greater>, 1>(kGreater), rule<select, 1>(kWhere),
      rule<unary<UnaryOp::neg>, 1>(kNeg),           rule<unary<UnaryOp::abs>, 1>(kAbs),
      rule<unary<UnaryOp::sign>, 1>(kSign),         rule<unary<UnaryOp::exp>, 3>(kExp),
      rule<unary<UnaryOp::log>, 3>(kLog),           rule<unary<UnaryOp::sqrt>, 2>(kSqrt),
      rule<unary<UnaryOp::tanh>, 5>(kTanh),         rule<unary<UnaryOp::sigmoid>, 4>(kSigmoid),
      rule<unary<UnaryOp::relu>, 1>(kRelu),         rule<unary<UnaryOp::softplus>, 6>(kSoftplus),
  };
  return kRules;
}

}  // namespace nd::cpu
