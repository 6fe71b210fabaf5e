// sum: axes are joined into alternating kept and summed groups; each group of summed axes is one
// pass.
#include "simd/reduce.h"

#include <algorithm>

#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

// A tile is four vectors wide, so that threads share the sum over a layer's width; adjacent tiles
// of one call are summed as one, because longer runs of memory arrive faster.
constexpr int64_t kColumnsPerTile = 64, kTilesAtOnce = 4;

// out[o, i] = Σ_m in[o, m, i].
class SumGroup final : public Kernel {
 public:
  SumGroup(Slot in, Slot out, int64_t outer, int64_t middle, int64_t inner)
      : Kernel({in, out}), outer_(outer), middle_(middle), inner_(inner) {
    if (inner == 1) {
      rows_per_tile_ = std::max<int64_t>(1, 16384 / std::max<int64_t>(middle, 1));
      tiles = std::max<int64_t>(1, (outer + rows_per_tile_ - 1) / rows_per_tile_);
    } else {
      column_tiles_ = (inner + kColumnsPerTile - 1) / kColumnsPerTile;
      tiles = std::max<int64_t>(1, outer * column_tiles_);
    }
    work =
        0.1 * static_cast<double>(outer) * static_cast<double>(middle) * static_cast<double>(inner);
  }

  void run(int64_t begin, int64_t end, const RunContext&) const override {
    if (inner_ == 1) {
      for (int64_t o = begin * rows_per_tile_; o < std::min(outer_, end * rows_per_tile_); ++o) {
        at[1][o] = static_cast<float>(simd::sum(at[0] + o * middle_, middle_));
      }
      return;
    }
    const int64_t last = std::min(end, outer_ * column_tiles_);
    for (int64_t tile = begin; tile < last;) {
      const int64_t o = tile / column_tiles_, column = tile % column_tiles_;
      const int64_t count = std::min({last - tile, column_tiles_ - column, kTilesAtOnce});
      const int64_t first = column * kColumnsPerTile;
      simd::sum_rows(at[0] + o * middle_ * inner_ + first, middle_, inner_,
                     std::min(count * kColumnsPerTile, inner_ - first), at[1] + o * inner_ + first);
      tile += count;
    }
  }

 private:
  int64_t outer_, middle_, inner_, rows_per_tile_ = 1, column_tiles_ = 1;
};

struct Group {
  int64_t size;
  bool summed;
};

std::vector<Group> groups_of(const Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> dims = l.dims(node.inputs[0]);
  std::vector<Group> groups;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] == 1) continue;
    const bool summed = std::find(node.attrs.ints.begin() + 1, node.attrs.ints.end(),
                                  static_cast<int64_t>(axis)) != node.attrs.ints.end();
    if (groups.empty() || groups.back().summed != summed) {
      groups.push_back({dims[axis], summed});
    } else {
      groups.back().size *= dims[axis];
    }
  }
  return groups;
}

int64_t count_summed(const std::vector<Group>& groups) {
  return std::count_if(groups.begin(), groups.end(), [](const Group& g) { return g.summed; });
}

// Two halves between which intermediate passes alternate; the first pass yields the largest.
int64_t workspace(const Lowering& l, NodeId id) {
  const std::vector<Group> groups = groups_of(l, id);
  if (count_summed(groups) < 2) return 0;
  return 2 * l.elements(l.graph().node(id).inputs[0]);
}

void lower(Lowering& l, NodeId id) {
  std::vector<Group> groups = groups_of(l, id);
  const NodeId input = l.graph().node(id).inputs[0];
  const int64_t half = l.elements(input);
  Slot from = l.slot(input);
  if (count_summed(groups) == 0) groups.push_back({1, true});
  for (int pass = 0; count_summed(groups) > 0; ++pass) {
    size_t last = groups.size() - 1;
    while (!groups[last].summed) --last;
    int64_t outer = 1, inner = 1;
    for (size_t g = 0; g < last; ++g) outer *= groups[g].size;
    for (size_t g = last + 1; g < groups.size(); ++g) inner *= groups[g].size;
    Slot to = l.slot(id);
    if (count_summed(groups) > 1) {
      to = l.workspace();
      to.offset += pass % 2 == 0 ? 0 : half;
    }
    l.emit(std::make_unique<SumGroup>(from, to, outer, groups[last].size, inner));
    from = to;
    groups.erase(groups.begin() + static_cast<int64_t>(last));
  }
}

}  // namespace

std::span<const LoweringRule> reduction_rules() {
  static const LoweringRule kRules[] = {{.op = &kSum, .lower = lower, .workspace = workspace}};
  return kRules;
}

}  // namespace nd::cpu
