// Which instruction set the kernels of this directory run on. One binary holds the kernels for
// every target; the best one that the processor has is chosen at the first call. ND_DISABLE_TARGETS
// (comma-separated names, such as "AVX3_ZEN4,AVX3_SPR") takes targets away from that choice, to
// reproduce another machine's results.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nd::simd {

/// The dispatched target, for example "AVX3_ZEN4".
std::string target_name();
/// Every target that is in this binary and that this processor has, best first.
std::vector<std::string> target_names();
/// For tests: dispatches to `name` from now on (empty: back to the best). False when it is not
/// available. Not to be called while kernels run; packed matrices of another target become invalid.
bool select_target(std::string_view name);

}  // namespace nd::simd
