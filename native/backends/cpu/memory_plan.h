// Where values live: one arena, blocks reused as soon as their last reader is done.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/graph.h"

namespace nd::cpu {

/// First-fit allocation of blocks with explicit lifetimes, in floats, 16-float (64-byte) granules.
class ArenaPlanner {
 public:
  int64_t allocate(int64_t floats);
  void release(int64_t offset);
  int64_t high_water() const { return high_water_; }

 private:
  struct Block {
    int64_t offset, size;
  };
  std::vector<Block> live_;  // sorted by offset
  int64_t high_water_ = 0;
};

/// For every node the node whose memory it shares (itself unless it is a reshape, detach or
/// part).
std::vector<NodeId> alias_roots(const Graph& graph);

/// For every root the index of the last node that reads it; outputs live for ever (count of nodes).
std::vector<NodeId> last_uses(const Graph& graph, const std::vector<NodeId>& roots);

}  // namespace nd::cpu
