// Shapes of tensors. A forecasting window always has the same shape, so everything is static except
// the number of windows B: the leading dimension of a batched tensor is c·B (c counts heads,
// patches, … folded into it).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace nd {

/// [c·B, d1, d2, …] when `batch` = c > 0, [d1, d2, …] when `batch` = 0. A scalar has no dimension
/// at all.
struct Shape {
  int64_t batch = 0;          ///< c: windows-multiples in the leading dimension; 0 = not batched
  std::vector<int64_t> dims;  ///< the static dimensions after it

  /// [B, dims…]
  static Shape batched(std::vector<int64_t> dims, int64_t multiple = 1) {
    return {multiple, std::move(dims)};
  }
  /// [dims…]
  static Shape fixed(std::vector<int64_t> dims) { return {0, std::move(dims)}; }

  int64_t rank() const { return static_cast<int64_t>(dims.size()) + (batch > 0 ? 1 : 0); }
  bool is_batched() const { return batch > 0; }
  /// Product of the static dimensions.
  int64_t row() const {
    int64_t product = 1;
    for (int64_t d : dims) product *= d;
    return product;
  }
  /// Number of elements for B windows.
  int64_t elements(int64_t windows) const { return row() * (batch > 0 ? batch * windows : 1); }
  /// Size of axis `axis` (0 = the batch axis of a batched shape) for B windows.
  int64_t size(int64_t axis, int64_t windows) const {
    return is_batched() ? (axis == 0 ? batch * windows : dims[axis - 1]) : dims[axis];
  }
  bool operator==(const Shape&) const = default;
};

/// "[B, 24, 512]", "[3B, 8]", "[]".
std::string to_string(const Shape& shape);

/// The common shape of two operands under trailing-aligned broadcasting; throws E0002 naming
/// `place`. A batched operand may meet an unbatched one of at most the rank of its static part (or
/// size-1 leading axes).
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* place);

}  // namespace nd
