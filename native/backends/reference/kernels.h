// The naive definitions of every op, in double, element by element. Slow on purpose: nothing here
// is clever.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/graph.h"
#include "ops/op.h"

namespace nd::reference {

/// Concrete sizes of a shape for a number of windows.
using Dims = std::vector<int64_t>;
Dims dims_of(const Shape& shape, int64_t windows);

struct KernelArgs {
  std::span<const std::vector<double>* const> in;
  std::span<const Dims> in_dims;
  const Dims& out_dims;
  const Attrs& attrs;
  uint64_t seed;
  uint32_t step;
  std::vector<double>& out;  ///< sized, zero-filled
};

using Kernel = void (*)(const KernelArgs&);
/// nullptr when the op has none (a test proves that none is missing).
Kernel find_kernel(const OpDef& op);

}  // namespace nd::reference
