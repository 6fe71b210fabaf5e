// The naive definitions of the ops whose places or delays are computed at run time.
#pragma once

#include "backends/reference/kernels.h"

namespace nd::reference {

void top_k(const KernelArgs& a);
void gather(const KernelArgs& a);
void scatter_add(const KernelArgs& a);
void delay_aggregate(const KernelArgs& a);
void delay_correlate(const KernelArgs& a);

}  // namespace nd::reference
