// What a graph needs to run in shards of its batch. Values that are plain sums over windows
// ("totals": the loss, weight gradients) are added up over the shards at the end. Where such a
// value flows back into windows (statistics of batch normalisation, lags that a whole batch votes
// on), the plan is divided: all shards run up to there, the total is added up and handed to every
// shard, and the next phase begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ops/graph.h"

namespace nd::cpu {

/// How the shards' copies of an output become one value.
enum class Joint : uint8_t {
  concatenated,  ///< a value of each window
  summed,        ///< a total
  same,          ///< every shard has the whole value
};

/// A graph in the order of its phases.
struct Phases {
  Graph graph;             ///< the same nodes, ordered by phase; every reduced total is an output
  std::vector<int> phase;  ///< of each node of `graph`, ascending
  int count = 1;
  struct Reduction {
    int phase;           ///< after which shards' copies are added up and handed to every shard
    std::string output;  ///< the name under which the value is an output of `graph`
  };
  std::vector<Reduction> reductions;
  Joint joint(const std::string& output) const;

 private:
  friend std::optional<Phases> split_phases(const Graph& graph);
  std::vector<Joint> joints_;  // by node
};

/// nullopt where shards would not give the gradient of the whole batch: a parameter gradient that
/// is not a plain sum over windows.
std::optional<Phases> split_phases(const Graph& graph);

}  // namespace nd::cpu
