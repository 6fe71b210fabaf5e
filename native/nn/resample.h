// Changing the length of the last axis: interpolation and average pooling. Both are linear maps
// with static sizes, so they are products with a constant matrix, which differentiates, fuses and
// exports like any other product.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/graph.h"

namespace nd {

enum class Interpolation : uint8_t { linear, nearest, cubic };

/// [in, out], row-major: column t holds the weights of output t. Semantics of torch's F.interpolate
/// with align_corners = false; cubic is the convolution kernel with A = -0.75 (bicubic along one
/// axis), borders clamped.
std::vector<double> interpolation_matrix(int64_t in, int64_t out, Interpolation mode);
/// [length, ⌈length/kernel⌉], row-major: means of consecutive blocks, a shorter last block by its
/// own length.
std::vector<double> average_pool_matrix(int64_t length, int64_t kernel);

/// [..., n] -> [..., size]
Var interpolate1d(Graph& graph, Var x, int64_t size, Interpolation mode);
/// [..., n] -> [..., ⌈n/kernel⌉]
Var avg_pool1d(Graph& graph, Var x, int64_t kernel);
/// Exchanges the last two axes of a batched [B, m, n]; free (a reshape) where one of them is 1.
Var swap_last_axes(Var x);

}  // namespace nd
