#include "backends/cpu/memory_plan.h"

#include <algorithm>

#include "base/error.h"
#include "ops/list.h"

namespace nd::cpu {

int64_t ArenaPlanner::allocate(int64_t floats) {
  const int64_t size = std::max<int64_t>((floats + 15) / 16 * 16, 16);
  int64_t offset = 0;
  auto place = live_.begin();
  for (; place != live_.end() && place->offset - offset < size; ++place)
    offset = place->offset + place->size;
  live_.insert(place, {offset, size});
  high_water_ = std::max(high_water_, offset + size);
  return offset;
}

void ArenaPlanner::release(int64_t offset) {
  const auto block =
      std::find_if(live_.begin(), live_.end(), [=](const Block& b) { return b.offset == offset; });
  check_internal(block != live_.end(), "release of a live arena block");
  live_.erase(block);
}

std::vector<NodeId> alias_roots(const Graph& graph) {
  std::vector<NodeId> roots(graph.nodes().size());
  for (size_t i = 0; i < roots.size(); ++i) {
    const Node& node = graph.nodes()[i];
    roots[i] = node.op == &kReshape || node.op == &kDetach || node.op == &kPart
                   ? roots[static_cast<size_t>(node.inputs[0])]
                   : static_cast<NodeId>(i);
  }
  return roots;
}

std::vector<NodeId> last_uses(const Graph& graph, const std::vector<NodeId>& roots) {
  std::vector<NodeId> last(roots.size(), -1);
  for (size_t i = 0; i < roots.size(); ++i) {
    const Node& node = graph.nodes()[i];
    last[static_cast<size_t>(roots[i])] =
        std::max(last[static_cast<size_t>(roots[i])], static_cast<NodeId>(i));
    for (NodeId input : node.inputs) {
      NodeId& use = last[static_cast<size_t>(roots[static_cast<size_t>(input)])];
      use = std::max(use, static_cast<NodeId>(i));
    }
  }
  for (const auto& [name, id] : graph.outputs()) {
    last[static_cast<size_t>(roots[static_cast<size_t>(id)])] = static_cast<NodeId>(roots.size());
  }
  return last;
}

}  // namespace nd::cpu
