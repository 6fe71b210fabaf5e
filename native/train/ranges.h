// Splitting elementwise work over a team: contiguous ranges, for loops in which no element depends
// on another, so that the number of members cannot change the result.
#pragma once

#include <algorithm>
#include <cstdint>

#include "parallel/team.h"

namespace nd::train {

/// Calls body(begin, end) on disjoint ranges that cover [0, n); begins are multiples of
/// `alignment`. Below `grain` elements, or without a team, the calling thread does it all. `body`
/// may not throw.
template <class Body>
void for_ranges(parallel::Team* team, int64_t n, int64_t alignment, int64_t grain,
                const Body& body) {
  if (n <= 0) return;
  if (team == nullptr || team->size() == 1 || n < grain) {
    body(int64_t{0}, n);
    return;
  }
  struct Context {
    const Body& body;
    int64_t n, chunk;
  } context{body, n, 0};
  const int64_t members = team->size();
  const int64_t units = (n + alignment - 1) / alignment;
  context.chunk = (units + members - 1) / members * alignment;
  team->run(
      [](void* raw, int member) {
        const auto& c = *static_cast<const Context*>(raw);
        const int64_t begin = std::min(c.n, c.chunk * member), end = std::min(c.n, begin + c.chunk);
        if (begin < end) c.body(begin, end);
      },
      &context);
}

}  // namespace nd::train
