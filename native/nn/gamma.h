// The logarithm of the gamma function, composed of elementwise ops, so that it runs fused with what
// surrounds it and its derivative comes by itself.
#pragma once

#include "ops/graph.h"

namespace nd {

/// log Γ(x) for x > 0, to 1e-14 in float64.
Var log_gamma(Var x);

/// Stirling's remainder log Γ(x) - (x - ½)·log x + x - ½·log 2π for x > 0, which tends to 0: from
/// its series where log Γ in float32 would have lost it.
Var stirling_remainder(Var x);

}  // namespace nd
