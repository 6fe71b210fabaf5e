// Loop nests over broadcast or strided operands: what elementwise kernels and copies share.
#pragma once

#include <cstdint>
#include <vector>

namespace nd::cpu {

/// Sizes from the outermost axis to the innermost; strides[k][axis] of each operand k.
struct Nest {
  std::vector<int64_t> sizes{};
  std::vector<std::vector<int64_t>> strides{};
};

/// The same elements with as few axes as possible: size-1 axes gone, neighbours joined that every
/// operand walks as one. At least one axis stays.
Nest joined(const Nest& nest);

/// Row-major strides of `dims`.
std::vector<int64_t> row_major(const std::vector<int64_t>& dims);

/// Strides with which an operand of `dims` is read when it is broadcast (trailing-aligned) to
/// `out`: 0 on repeated axes.
std::vector<int64_t> broadcast_strides(const std::vector<int64_t>& dims,
                                       const std::vector<int64_t>& out);

}  // namespace nd::cpu
