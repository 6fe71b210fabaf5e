// Batch normalisation: sums over the rows of the windows that count, and what they make of each
// row. Coefficients per column are computed once per call.
#include <algorithm>

#include "backends/cpu/lowering.h"
#include "ops/list.h"
#include "simd/columns.h"

namespace nd::cpu {

namespace {

/// x [windows, rows, columns].
struct Matrix {
  int64_t windows, rows, columns;
};

Matrix matrix_of(const Lowering& l, NodeId x) {
  const std::vector<int64_t> dims = l.dims(x);
  return {dims[0], l.elements(x) / (dims[0] * dims.back()), dims.back()};
}

// Calls visit(first window, count, counts) for every run of windows with one mask.
template <class Visit>
void for_each_run(const float* mask, int64_t begin, int64_t end, Visit visit) {
  while (begin < end) {
    int64_t next = begin + 1;
    while (next < end && (mask[next] != 0) == (mask[begin] != 0)) ++next;
    visit(begin, next - begin, mask[begin] != 0);
    begin = next;
  }
}

// Slots: x, centre, mask, dy (if any), result. Tiles are strips of columns.
class ColumnMoments final : public Kernel {
 public:
  ColumnMoments(std::vector<Slot> slots, Matrix m) : Kernel(std::move(slots)), m_(m) {
    tiles = (m.columns + kStrip - 1) / kStrip;
    work = 0.15 * static_cast<double>(m.windows * m.rows * m.columns);
  }
  void run(int64_t begin, int64_t end, const RunContext&) const override {
    const float* dy = at.size() > 4 ? at[3] : nullptr;
    float* out = at.back();
    const int64_t last = std::min(m_.columns, end * kStrip);
    for (int64_t column = begin * kStrip; column < last; column += simd::kMomentColumns) {
      const int64_t columns = std::min(simd::kMomentColumns, last - column);
      double totals[2 * simd::kMomentColumns];
      std::fill_n(totals, 2 * columns, 0.0);
      for_each_run(at[2], 0, m_.windows, [&](int64_t window, int64_t count, bool counts) {
        const int64_t place = window * m_.rows * m_.columns + column;
        if (counts)
          simd::add_moments(at[0] + place, dy != nullptr ? dy + place : nullptr, at[1] + column,
                            count * m_.rows, m_.columns, columns, totals);
      });
      for (int64_t j = 0; j < columns; ++j) {
        out[column + j] = static_cast<float>(totals[j]);
        out[m_.columns + column + j] = static_cast<float>(totals[columns + j]);
      }
    }
  }

 private:
  static constexpr int64_t kStrip = 64;
  Matrix m_;
};

// What forward and backward pass share: tiles of windows, coefficients per column in scratch.
class Normalisation : public Kernel {
 public:
  Normalisation(std::vector<Slot> slots, Matrix m) : Kernel(std::move(slots)), m_(m) {
    const int64_t window = m.rows * m.columns;
    windows_per_tile_ = std::max<int64_t>(1, 8192 / std::max<int64_t>(window, 1));
    tiles = (m.windows + windows_per_tile_ - 1) / windows_per_tile_;
    work = 0.15 * static_cast<double>(m.windows * window);
    scratch_floats = 3 * m.columns;
  }

 protected:
  int64_t first_window(int64_t tile) const {
    return std::min(m_.windows, tile * windows_per_tile_);
  }
  /// The coefficients lie in scratch: by_x, offset, by_dy.
  void apply(int64_t window, int64_t count, const float* dy, const float* centre,
             const float* scratch) const {
    const int64_t place = window * m_.rows * m_.columns;
    simd::run_affine({.x = at[0] + place,
                      .dy = dy != nullptr ? dy + place : nullptr,
                      .centre = centre,
                      .by_dy = scratch + 2 * m_.columns,
                      .by_x = scratch,
                      .offset = scratch + m_.columns,
                      .rows = count * m_.rows,
                      .columns = m_.columns,
                      .out = at.back() + place});
  }
  Matrix m_;

 private:
  int64_t windows_per_tile_;
};

// Slots: x, weight, bias, mean, rest, inverse deviation, mask, inverse windows, result.
class BatchNorm final : public Normalisation {
 public:
  using Normalisation::Normalisation;
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    float *by_x = context.scratch, *offset = by_x + m_.columns;
    for (int64_t j = 0; j < m_.columns; ++j) {
      by_x[j] = at[1][j] * at[5][j];
      offset[j] = at[2][j] - at[4][j] * by_x[j];
    }
    const int64_t first = first_window(begin);
    apply(first, first_window(end) - first, nullptr, at[3], context.scratch);
  }
};

// Slots: x, dy, weight, mean, rest, inverse deviation, Σ dy, Σ dy·n, mask, inverse windows, result.
class BatchNormGradient final : public Normalisation {
 public:
  using Normalisation::Normalisation;
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    const int64_t columns = m_.columns;
    float *by_x = context.scratch, *offset = by_x + columns, *by_dy = offset + columns;
    // In double, and from the rounded factors: the rows of a column have to add up to 0, and an
    // error of the offset is in all of them.
    const double share = static_cast<double>(*at[9]) / static_cast<double>(m_.rows);
    for (int64_t j = 0; j < columns; ++j) {
      by_dy[j] = at[2][j] * at[5][j];
      const double scale = by_dy[j];
      by_x[j] = static_cast<float>(-scale * at[5][j] * at[7][j] * share);
      offset[j] =
          static_cast<float>(-scale * at[6][j] * share - static_cast<double>(by_x[j]) * at[4][j]);
    }
    for_each_run(at[8], first_window(begin), first_window(end),
                 [&](int64_t window, int64_t count, bool counts) {
                   const int64_t size = m_.rows * columns;
                   if (counts) {
                     apply(window, count, at[1], at[3], context.scratch);
                   } else {
                     std::fill_n(at.back() + window * size, count * size, 0.0f);
                   }
                 });
  }
};

template <class K>
void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots = l.slots(id);
  l.emit(std::make_unique<K>(std::move(slots), matrix_of(l, node.inputs[0])));
}

}  // namespace

std::span<const LoweringRule> batch_norm_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kColumnMoments, .lower = lower<ColumnMoments>},
      {.op = &kBatchNorm, .lower = lower<BatchNorm>},
      {.op = &kBatchNormGradient, .lower = lower<BatchNormGradient>},
  };
  return kRules;
}

}  // namespace nd::cpu
