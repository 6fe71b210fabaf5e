// Pooling and moving averages.
#include <algorithm>

#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/pool.h"

namespace nd::cpu {

namespace {

// Cuts `rows` rows of `length` floats into tiles of a few L1-fuls.
class Rows : public Kernel {
 public:
  Rows(std::vector<Slot> slots, int64_t rows, int64_t length, int64_t parameter)
      : Kernel(std::move(slots)), rows_(rows), length_(length), parameter_(parameter) {
    rows_per_tile_ = std::max<int64_t>(1, 8192 / std::max<int64_t>(length, 1));
    tiles = std::max<int64_t>(1, (rows + rows_per_tile_ - 1) / rows_per_tile_);
    work = 0.5 * static_cast<double>(rows) * static_cast<double>(length);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    const int64_t first = begin * rows_per_tile_,
                  count = std::min(rows_, end * rows_per_tile_) - first;
    if (count > 0) rows(first, count);
  }

 protected:
  virtual void rows(int64_t first, int64_t count) const = 0;
  int64_t rows_, length_, parameter_, rows_per_tile_;
};

int64_t blocks(int64_t length, int64_t kernel) { return (length + kernel - 1) / kernel; }

class MaxPool final : public Rows {
  using Rows::Rows;
  void rows(int64_t first, int64_t count) const override {
    simd::max_pool_rows(at[0] + first * length_, count, length_, parameter_,
                        at[1] + first * blocks(length_, parameter_));
  }
};

class MaxPoolGradient final : public Rows {
  using Rows::Rows;
  void rows(int64_t first, int64_t count) const override {
    simd::max_pool_rows_gradient(at[0] + first * length_,
                                 at[1] + first * blocks(length_, parameter_), count, length_,
                                 parameter_, at[2] + first * length_);
  }
};

template <auto kAverage>
class AverageRows final : public Rows {
  using Rows::Rows;
  void rows(int64_t first, int64_t count) const override {
    kAverage(at[0] + first * length_, count, length_, parameter_, at[1] + first * length_);
  }
};

// The same over an axis that is not the last: [outer, length, width].
template <auto kAverage>
class AverageColumns final : public Kernel {
 public:
  static constexpr int64_t kColumns = 64;
  AverageColumns(Slot in, Slot out, int64_t outer, int64_t length, int64_t width, int64_t window)
      : Kernel({in, out}), outer_(outer), length_(length), width_(width), window_(window) {
    blocks_ = (width + kColumns - 1) / kColumns;
    tiles = std::max<int64_t>(1, outer * blocks_);
    work = 0.2 * static_cast<double>(outer * length * width);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    for (int64_t tile = begin; tile < std::min(end, outer_ * blocks_); ++tile) {
      const int64_t column = tile % blocks_ * kColumns;
      const int64_t offset = tile / blocks_ * length_ * width_ + column;
      kAverage(at[0] + offset, length_, width_, std::min(kColumns, width_ - column), window_,
               at[1] + offset);
    }
  }

 private:
  int64_t outer_, length_, width_, window_, blocks_ = 1;
};

// Lowers an op on rows of `length` of its first input.
template <class K>
void lower_rows(Lowering& l, NodeId id, int64_t length) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots = l.slots(id);
  l.emit(std::make_unique<K>(std::move(slots), l.elements(node.inputs[0]) / length, length,
                             node.attrs.ints[0]));
}

template <class K>
void lower_last_axis(Lowering& l, NodeId id) {
  lower_rows<K>(l, id, l.dims(l.graph().node(id).inputs[0]).back());
}

// Over the last axis by rows, over an earlier one by columns.
template <auto kOfRows, auto kOfColumns>
void lower_average(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> dims = l.dims(id);
  const size_t axis = static_cast<size_t>(node.attrs.ints[1]);
  int64_t width = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i) width *= dims[i];
  if (width == 1) return lower_rows<AverageRows<kOfRows>>(l, id, dims[axis]);
  l.emit(std::make_unique<AverageColumns<kOfColumns>>(l.slot(node.inputs[0]), l.slot(id),
                                                      l.elements(id) / (dims[axis] * width),
                                                      dims[axis], width, node.attrs.ints[0]));
}

}  // namespace

std::span<const LoweringRule> window_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kMaxPool1d, .lower = lower_last_axis<MaxPool>},
      {.op = &kMaxPool1dGradient, .lower = lower_last_axis<MaxPoolGradient>},
      {.op = &kMovingAverage,
       .lower = lower_average<simd::moving_average_rows, simd::moving_average_columns>},
      {.op = &kMovingAverageGradient,
       .lower = lower_average<simd::moving_average_rows_gradient,
                              simd::moving_average_columns_gradient>},
  };
  return kRules;
}

}  // namespace nd::cpu
