// Strided copies: what transposes, slices, joins, paddings and broadcasts are lowered to.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/kernel.h"
#include "backends/cpu/kernels/nest.h"

namespace nd::cpu {

/// A loop nest over `sizes` that moves in[in_offset + Σ index·in_strides] to out[out_offset + Σ
/// index·out_strides].
struct CopyNest {
  std::vector<int64_t> sizes{}, in_strides{}, out_strides{};
  int64_t in_offset = 0, out_offset = 0;
};

std::unique_ptr<Kernel> make_strided_copy(Slot in, Slot out, CopyNest nest);
/// `elements` contiguous floats.
std::unique_ptr<Kernel> make_copy(Slot in, Slot out, int64_t elements);
std::unique_ptr<Kernel> make_fill(Slot out, float value, int64_t elements);

}  // namespace nd::cpu
