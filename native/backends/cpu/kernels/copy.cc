#include "backends/cpu/kernels/copy.h"

#include <algorithm>
#include <cstring>

#include "simd/elementwise.h"

namespace nd::cpu {

namespace {

constexpr int64_t kTileElements = 16384;

// As few axes as possible, so that the inner loop is as long as possible.
CopyNest collapse(const CopyNest& nest) {
  Nest axes = joined({nest.sizes, {nest.in_strides, nest.out_strides}});
  return {std::move(axes.sizes), std::move(axes.strides[0]), std::move(axes.strides[1]),
          nest.in_offset, nest.out_offset};
}

class StridedCopy final : public Kernel {
 public:
  StridedCopy(Slot in, Slot out, const CopyNest& nest) : Kernel({in, out}), nest_(collapse(nest)) {
    inner_ = nest_.sizes.back();
    in_step_ = nest_.in_strides.back();
    out_step_ = nest_.out_strides.back();
    nest_.sizes.pop_back();
    outer_ = 1;
    for (int64_t s : nest_.sizes) outer_ *= s;
    // A single long run is cut along itself, a nest along its outer index.
    if (nest_.sizes.empty() && inner_ > kTileElements) {
      split_inner_ = true;
      tiles = (inner_ + kTileElements - 1) / kTileElements;
    } else {
      rows_per_tile_ = std::max<int64_t>(1, kTileElements / std::max<int64_t>(inner_, 1));
      tiles = (outer_ + rows_per_tile_ - 1) / rows_per_tile_;
    }
    // Strided elements are moved one by one.
    work = (in_step_ > 1 || in_step_ < 0 || out_step_ != 1 ? 1.0 : 0.15) *
           static_cast<double>(outer_ * inner_);
  }

  void run(int64_t begin, int64_t end, const RunContext&) const override {
    const float* in = at[0] + nest_.in_offset;
    float* out = at[1] + nest_.out_offset;
    if (split_inner_) {
      const int64_t from = begin * kTileElements, to = std::min(inner_, end * kTileElements);
      move(in + from * in_step_, out + from * out_step_, to - from);
      return;
    }
    for (int64_t row = begin * rows_per_tile_; row < std::min(outer_, end * rows_per_tile_);
         ++row) {
      int64_t rest = row, from = 0, to = 0;
      for (size_t axis = nest_.sizes.size(); axis-- > 0;) {
        const int64_t index = rest % nest_.sizes[axis];
        rest /= nest_.sizes[axis];
        from += index * nest_.in_strides[axis];
        to += index * nest_.out_strides[axis];
      }
      move(in + from, out + to, inner_);
    }
  }

 private:
  void move(const float* in, float* out, int64_t count) const {
    if (in_step_ == 1 && out_step_ == 1) {
      std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
    } else if (in_step_ == 0 && out_step_ == 1) {
      simd::fill(out, *in, count);
    } else {
      for (int64_t i = 0; i < count; ++i) out[i * out_step_] = in[i * in_step_];
    }
  }

  CopyNest nest_;
  int64_t inner_, in_step_, out_step_, outer_, rows_per_tile_ = 1;
  bool split_inner_ = false;
};

class Fill final : public Kernel {
 public:
  Fill(Slot out, float value, int64_t elements)
      : Kernel({out}), value_(value), elements_(elements) {
    tiles = std::max<int64_t>(1, (elements + kTileElements - 1) / kTileElements);
    work = 0.1 * static_cast<double>(elements);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    const int64_t from = begin * kTileElements, to = std::min(elements_, end * kTileElements);
    simd::fill(at[0] + from, value_, to - from);
  }

 private:
  float value_;
  int64_t elements_;
};

}  // namespace

std::unique_ptr<Kernel> make_strided_copy(Slot in, Slot out, CopyNest nest) {
  return std::make_unique<StridedCopy>(in, out, nest);
}

std::unique_ptr<Kernel> make_copy(Slot in, Slot out, int64_t elements) {
  return make_strided_copy(in, out, {{elements}, {1}, {1}});
}

std::unique_ptr<Kernel> make_fill(Slot out, float value, int64_t elements) {
  return std::make_unique<Fill>(out, value, elements);
}

}  // namespace nd::cpu
