// Ops whose places or delays are computed at run time: top_k, gather, scatter_add, delay_aggregate,
// delay_correlate. A place that is outside, or NaN, is moved inside: data never leads a read or a
// write out of a buffer.
#include <algorithm>
#include <cmath>

#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/delay.h"

namespace nd::cpu {

namespace {

constexpr int64_t kRowFloats = 8192;  // of the rows that make a tile

int64_t place(float value, int64_t last) {
  if (!(value > 0)) return 0;
  return value < static_cast<float>(last) ? static_cast<int64_t>(value) : last;
}

// Rows of run-time places; a shared list of places has row step 0.
class PlaceRows : public Kernel {
 public:
  PlaceRows(std::vector<Slot> slots, int64_t rows, int64_t length, int64_t k, int64_t list_step)
      : Kernel(std::move(slots)), rows_(rows), length_(length), k_(k), list_step_(list_step) {
    rows_per_tile_ = std::max<int64_t>(1, kRowFloats / std::max<int64_t>(length, 1));
    tiles = std::max<int64_t>(1, (rows + rows_per_tile_ - 1) / rows_per_tile_);
    work = 2.0 * static_cast<double>(rows * length);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    for (int64_t r = begin * rows_per_tile_; r < std::min(rows_, end * rows_per_tile_); ++r) row(r);
  }

 protected:
  virtual void row(int64_t r) const = 0;
  int64_t rows_, length_, k_, list_step_, rows_per_tile_;
};

class TopK final : public PlaceRows {
  using PlaceRows::PlaceRows;
  void row(int64_t r) const override {
    // Insertion into the sorted list of the best so far: k is small beside the length.
    const float* x = at[0] + r * length_;
    float* best = at[1] + r * k_;
    int64_t held = 0;
    for (int64_t i = 0; i < length_; ++i) {
      const auto loses = [&](int64_t slot) {
        const float other = x[static_cast<int64_t>(best[slot])];
        return x[i] > other || (std::isnan(x[i]) && !std::isnan(other));
      };
      if (held == k_ && !loses(k_ - 1)) continue;
      int64_t slot = held < k_ ? held++ : k_ - 1;
      for (; slot > 0 && loses(slot - 1); --slot) best[slot] = best[slot - 1];
      best[slot] = static_cast<float>(i);
    }
  }
};

class Gather final : public PlaceRows {
  using PlaceRows::PlaceRows;
  void row(int64_t r) const override {
    const float *x = at[0] + r * length_, *list = at[1] + r * list_step_;
    for (int64_t i = 0; i < k_; ++i) at[2][r * k_ + i] = x[place(list[i], length_ - 1)];
  }
};

class ScatterAdd final : public PlaceRows {
  using PlaceRows::PlaceRows;
  void row(int64_t r) const override {
    const float *x = at[0] + r * k_, *list = at[1] + r * list_step_;
    float* out = at[2] + r * length_;
    std::fill_n(out, length_, 0.0f);
    for (int64_t i = 0; i < k_; ++i) out[place(list[i], length_ - 1)] += x[i];
  }
};

void lower_top_k(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const int64_t length = l.dims(node.inputs[0]).back();
  l.emit(std::make_unique<TopK>(std::vector{l.slot(node.inputs[0]), l.slot(id)},
                                l.elements(node.inputs[0]) / length, length, l.dims(id).back(), 0));
}

// 0 for one list of places for all rows.
int64_t list_step(const Lowering& l, NodeId list) {
  return l.graph().node(list).shape.rank() == 1 ? 0 : l.dims(list).back();
}

template <class K>
void lower_places(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const bool gathers = node.op == &kGather;
  const NodeId values = node.inputs[0], list = node.inputs[1];
  const int64_t length = l.dims(gathers ? values : id).back(), k = l.dims(list).back();
  l.emit(std::make_unique<K>(std::vector{l.slot(values), l.slot(list), l.slot(id)},
                             l.elements(values) / l.dims(values).back(), length, k,
                             list_step(l, list)));
}

// Series [windows, length, width] and their delays.
class Delays : public Kernel {
 public:
  Delays(std::vector<Slot> slots, const std::vector<int64_t>& series, int64_t count,
         int64_t list_step)
      : Kernel(std::move(slots)),
        windows_(series[0]),
        length_(series[1]),
        width_(series[2]),
        count_(count),
        list_step_(list_step) {
    work = 0.02 * static_cast<double>(windows_ * length_ * width_) * static_cast<double>(count);
    scratch_floats = count;
  }

 protected:
  // Delays [begin, end) of a window as rows.
  int32_t* delay_rows(int64_t window, int64_t begin, int64_t end, const RunContext& context) const {
    auto* rows = reinterpret_cast<int32_t*>(context.scratch);
    const float* list = at[2] + window * list_step_;
    for (int64_t i = begin; i < end; ++i)
      rows[i - begin] = static_cast<int32_t>(place(list[i], length_) % length_);
    return rows;
  }
  int64_t windows_, length_, width_, count_, list_step_;
};

class DelayAggregate final : public Delays {
 public:
  static constexpr int64_t kColumns = 64;  // of `length` rows: they stay in L1
  DelayAggregate(std::vector<Slot> slots, const std::vector<int64_t>& series, int64_t count,
                 int64_t list_step)
      : Delays(std::move(slots), series, count, list_step) {
    blocks_ = (width_ + kColumns - 1) / kColumns;
    tiles = std::max<int64_t>(1, windows_ * blocks_);
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    for (int64_t tile = begin; tile < std::min(end, windows_ * blocks_); ++tile) {
      const int64_t window = tile / blocks_, first = tile % blocks_ * kColumns;
      const int64_t offset = window * length_ * width_;
      simd::delay_aggregate(at[0] + offset, at[1] + window * count_,
                            delay_rows(window, 0, count_, context), count_, length_, width_, first,
                            std::min(width_, first + kColumns), at[3] + offset);
    }
  }

 private:
  int64_t blocks_;
};

class DelayCorrelate final : public Delays {
 public:
  static constexpr int64_t kDelays = 32;
  DelayCorrelate(std::vector<Slot> slots, const std::vector<int64_t>& series, int64_t count,
                 int64_t list_step)
      : Delays(std::move(slots), series, count, list_step) {
    blocks_ = (count + kDelays - 1) / kDelays;
    tiles = std::max<int64_t>(1, windows_ * blocks_);
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    for (int64_t tile = begin; tile < std::min(end, windows_ * blocks_); ++tile) {
      const int64_t window = tile / blocks_, first = tile % blocks_ * kDelays;
      const int64_t last = std::min(count_, first + kDelays), offset = window * length_ * width_;
      simd::delay_correlate(at[0] + offset, at[1] + offset,
                            delay_rows(window, first, last, context), last - first, length_, width_,
                            at[3] + window * count_ + first);
    }
  }

 private:
  int64_t blocks_;
};

template <class K>
void lower_delays(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots = l.slots(id);
  l.emit(std::make_unique<K>(std::move(slots), l.dims(node.inputs[0]),
                             l.dims(node.inputs[2]).back(), list_step(l, node.inputs[2])));
}

}  // namespace

std::span<const LoweringRule> place_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kTopK, .lower = lower_top_k},
      {.op = &kGather, .lower = lower_places<Gather>},
      {.op = &kScatterAdd, .lower = lower_places<ScatterAdd>},
      {.op = &kDelayAggregate, .lower = lower_delays<DelayAggregate>},
      {.op = &kDelayCorrelate, .lower = lower_delays<DelayCorrelate>},
  };
  return kRules;
}

}  // namespace nd::cpu
