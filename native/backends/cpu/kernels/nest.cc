#include "backends/cpu/kernels/nest.h"

#include <algorithm>

namespace nd::cpu {

Nest joined(const Nest& nest) {
  const size_t operands = nest.strides.size();
  Nest out{.strides = std::vector<std::vector<int64_t>>(operands)};
  for (size_t axis = 0; axis < nest.sizes.size(); ++axis) {
    const int64_t size = nest.sizes[axis];
    if (size == 1) continue;
    bool joins = !out.sizes.empty();
    for (size_t k = 0; k < operands && joins; ++k)
      joins = out.strides[k].back() == nest.strides[k][axis] * size;
    if (!joins) {
      out.sizes.push_back(1);
      for (auto& strides : out.strides) strides.push_back(0);
    }
    out.sizes.back() *= size;
    for (size_t k = 0; k < operands; ++k) out.strides[k].back() = nest.strides[k][axis];
  }
  if (out.sizes.empty()) {
    out.sizes = {1};
    for (auto& strides : out.strides) strides = {1};
  }
  return out;
}

std::vector<int64_t> row_major(const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

std::vector<int64_t> broadcast_strides(const std::vector<int64_t>& dims,
                                       const std::vector<int64_t>& out) {
  const std::vector<int64_t> dense = row_major(dims);
  std::vector<int64_t> strides(out.size(), 0);
  // An operand may have one leading size-1 axis more than it needs.
  for (size_t k = 1; k <= std::min(dims.size(), out.size()); ++k) {
    if (dims[dims.size() - k] > 1) strides[out.size() - k] = dense[dims.size() - k];
  }
  return strides;
}

}  // namespace nd::cpu
