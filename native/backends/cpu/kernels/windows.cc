// Ops on the last axis of rows (pooling, moving average).
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

class MovingAverage final : public Rows {
  using Rows::Rows;
  void rows(int64_t first, int64_t count) const override {
    simd::moving_average_rows(at[0] + first * length_, count, length_, parameter_,
                              at[1] + first * length_);
  }
};

class MovingAverageGradient final : public Rows {
  using Rows::Rows;
  void rows(int64_t first, int64_t count) const override {
    simd::moving_average_rows_gradient(at[0] + first * length_, count, length_, parameter_,
                                       at[1] + first * length_);
  }
};

// Lowers an op on rows of its first input.
template <class K>
void lower_rows(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots;
  for (NodeId input : node.inputs) slots.push_back(l.slot(input));
  slots.push_back(l.slot(id));
  const int64_t length = l.dims(node.inputs[0]).back();
  l.emit(std::make_unique<K>(std::move(slots), l.elements(node.inputs[0]) / length, length,
                             node.attrs.ints[0]));
}

}  // namespace

std::span<const LoweringRule> window_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kMaxPool1d, .lower = lower_rows<MaxPool>},
      {.op = &kMaxPool1dGradient, .lower = lower_rows<MaxPoolGradient>},
      {.op = &kMovingAverage, .lower = lower_rows<MovingAverage>},
      {.op = &kMovingAverageGradient, .lower = lower_rows<MovingAverageGradient>},
  };
  return kRules;
}

}  // namespace nd::cpu
