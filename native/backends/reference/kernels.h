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
void attention(const KernelArgs& a);
void attention_gradient(const KernelArgs& a);
void softmax(const KernelArgs& a);
void softmax_gradient(const KernelArgs& a);
void layer_norm(const KernelArgs& a);
void layer_norm_gradient(const KernelArgs& a);
void unfold(const KernelArgs& a);
void fold(const KernelArgs& a);
void batch_matmul(const KernelArgs& a);
void part(const KernelArgs& a);
void column_moments(const KernelArgs& a);
void batch_norm(const KernelArgs& a);
void batch_norm_gradient(const KernelArgs& a);
void lstm(const KernelArgs& a);
void lstm_gradient(const KernelArgs& a);
/// nullptr when the op has none (a test proves that none is missing).
Kernel find_kernel(const OpDef& op);

}  // namespace nd::reference
