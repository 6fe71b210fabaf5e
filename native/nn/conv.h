// Convolutions over time as functions over ops, for x [B, T, C] (steps by channels: no transposes).
// Parameters are torch's: `<name>.weight` [out, in, kernel], without bias.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

/// The convolution of one step with itself: [B, T, in] -> [B, T, out], weight [out, in, 1],
/// starting uniform in ±1/√in.
Var pointwise_conv(Graph& graph, Var x, int64_t out_channels, const std::string& name);

/// Three steps wide, the series closed to a ring: [B, T, in] -> [B, T, out], weight [out, in, 3].
/// Starts at `init`.
Var circular_conv3(Graph& graph, Var x, int64_t out_channels, const Init& init,
                   const std::string& name);

/// Where torch starts a convolution: uniform in ±1/√(in·kernel).
Init conv_init(int64_t in_channels, int64_t kernel);

}  // namespace nd
