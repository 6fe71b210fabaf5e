#include "train/weight_norm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "train/frozen.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kGrain = 1 << 15;  // floats; below it waking a team costs more than it saves
constexpr int64_t kMostRows = 64;    // of a group
constexpr int64_t kCanonicalRows = 32;

using Factors = std::array<float, kMostRows>;
using Sums = std::array<double, kMostRows>;

}  // namespace

std::string length_name(std::string_view matrix) { return std::string(matrix) + "_g"; }

ParameterTable weight_norm_table(const ParameterTable& table) {
  std::vector<ParameterDecl> decls;
  for (const ParameterEntry& entry : table.entries()) {
    if (entry.trainable)
      decls.push_back(
          {.name = entry.name, .shape = entry.shape, .init = {}, .layout = entry.layout});
  }
  for (const ParameterEntry& entry : table.entries()) {
    if (entry.trainable && entry.units)
      decls.push_back({length_name(entry.name), Shape::fixed({entry.shape.dims[0]}), {}});
  }
  return ParameterTable(decls);
}

WeightNorm::WeightNorm(const ParameterTable& table, const std::vector<std::string>& frozen)
    : table_(weight_norm_table(table)),
      learned_(static_cast<size_t>(table_.total())),
      gradients_(learned_.size()) {
  std::vector<std::string> elsewhere = frozen;
  for (const ParameterEntry& entry : table.entries()) {
    if (!entry.trainable || !entry.units || is_frozen(frozen, entry.name)) continue;
    const ParameterEntry *v = table_.find(entry.name), *g = table_.find(length_name(entry.name));
    check_internal(v->offset == entry.offset && v->extent == entry.extent, "aligned tables");
    add_groups(*v, g->offset);
    elsewhere.push_back(entry.name);
  }
  others_ = learning_ranges(table, elsewhere);
}

void WeightNorm::add_groups(const ParameterEntry& entry, int64_t lengths) {
  const int64_t rows = entry.shape.dims[0], columns = entry.size / std::max<int64_t>(1, rows);
  check_internal(!entry.packed() || entry.layout == Layout::matmul, "rows that are columns of B");
  const int64_t height = entry.packed() ? entry.panel : kCanonicalRows;
  check_internal(height <= kMostRows, "a panel of a width that is known");
  for (int64_t first = 0; first < rows; first += height) {
    const int64_t used = std::min(height, rows - first);
    groups_.push_back({{entry.packed() ? height : used, columns, entry.packed()},
                       used,
                       entry.offset + first * columns,
                       lengths + first});
    floats_ += used * columns;
  }
}

template <class Body>
void WeightNorm::for_groups(parallel::Team* team, const Body& body) const {
  for_ranges(floats_ < kGrain ? nullptr : team, static_cast<int64_t>(groups_.size()), 1, 1,
             [&](int64_t begin, int64_t end) {
               for (int64_t i = begin; i < end; ++i) body(groups_[static_cast<size_t>(i)]);
             });
}

/// Floats of what is no matrix, from one flat buffer to another.
void WeightNorm::copy_others(const float* from, float* to) const {
  for (const FlatRange& range : others_)
    std::copy_n(from + range.begin, range.end - range.begin, to + range.begin);
}

/// w of a group, written at its place in `to`.
void WeightNorm::write_group(const Group& group, float* to) const {
  const float *v = learned_.data() + group.offset, *g = learned_.data() + group.lengths;
  Sums squares;
  Factors factors{};
  simd::row_dots(group.rows, v, v, squares.data());
  for (int64_t r = 0; r < group.used; ++r) {
    const auto row = static_cast<size_t>(r);
    if (squares[row] != 0)
      factors[row] = static_cast<float>(static_cast<double>(g[r]) / std::sqrt(squares[row]));
  }
  simd::row_scale(group.rows, factors.data(), v, to + group.offset);
}

void WeightNorm::begin_group(const Group& group, const float* w) {
  write_group(group, gradients_.data());
  const auto [rows, columns, panel] = group.rows;
  const float *from = w + group.offset, *known = gradients_.data() + group.offset;
  float *v = learned_.data() + group.offset, *g = learned_.data() + group.lengths;
  Sums squares;
  simd::row_dots(group.rows, from, from, squares.data());
  for (int64_t r = 0; r < group.used; ++r) {
    const int64_t first = panel ? r : r * columns, stride = panel ? rows : 1,
                  end = first + columns * stride;
    bool same = true;
    for (int64_t i = first; i < end; i += stride) same = same && known[i] == from[i];
    if (same) continue;
    for (int64_t i = first; i < end; i += stride) v[i] = from[i];
    g[r] = static_cast<float>(std::sqrt(squares[static_cast<size_t>(r)]));
  }
}

void WeightNorm::begin(std::span<const float> parameters, parallel::Team* team) {
  for_groups(team, [&](const Group& group) { begin_group(group, parameters.data()); });
  copy_others(parameters.data(), learned_.data());
}

void WeightNorm::split_group(const Group& group, const float* dw) {
  const auto [rows, columns, panel] = group.rows;
  const float *from = dw + group.offset, *g = learned_.data() + group.lengths;
  float *v = learned_.data() + group.offset, *dv = gradients_.data() + group.offset,
        *dg = gradients_.data() + group.lengths;
  Sums squares, products;
  simd::row_dots(group.rows, v, v, squares.data());
  simd::row_dots(group.rows, from, v, products.data());
  Factors of_dw{}, of_v{};
  for (int64_t r = 0; r < group.used; ++r) {
    const auto row = static_cast<size_t>(r);
    if (squares[row] == 0) {
      const int64_t first = panel ? r : r * columns, stride = panel ? rows : 1;
      double total = 0;
      for (int64_t c = 0; c < columns; ++c) {
        const auto d = static_cast<double>(from[first + c * stride]);
        total += d * d;
      }
      const double length = std::sqrt(total);
      for (int64_t c = 0; c < columns && length > 0; ++c)
        v[first + c * stride] =
            static_cast<float>(static_cast<double>(from[first + c * stride]) / length);
      learned_.data()[group.lengths + r] = 0;
      dg[r] = static_cast<float>(length);
      continue;
    }
    const double length = std::sqrt(squares[row]), along = products[row] / length,
                 factor = static_cast<double>(g[r]) / length;
    dg[r] = static_cast<float>(along);
    of_dw[row] = static_cast<float>(factor);
    of_v[row] = static_cast<float>(-factor * along / length);
  }
  simd::row_combine(group.rows, of_dw.data(), from, of_v.data(), v, dv);
}

std::span<const float> WeightNorm::gradients(std::span<const float> of_parameters,
                                             parallel::Team* team) {
  for_groups(team, [&](const Group& group) { split_group(group, of_parameters.data()); });
  copy_others(of_parameters.data(), gradients_.data());
  return gradients_.span();
}

void WeightNorm::write(std::span<float> parameters, parallel::Team* team) const {
  for_groups(team, [&](const Group& group) { write_group(group, parameters.data()); });
  copy_others(learned_.data(), parameters.data());
}

}  // namespace nd::train
