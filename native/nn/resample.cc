#include "nn/resample.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/ops.h"

namespace nd {
namespace {

// Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, with
// torch's A.
constexpr double kCubicA = -0.75;

/// Weights of the four neighbours floor(x)-1 … floor(x)+2 at fraction t = x - floor(x).
std::array<double, 4> cubic_weights(double t) {
  const auto near = [](double d) {
    return ((kCubicA + 2) * d - (kCubicA + 3)) * d * d + 1;  // |d| <= 1
  };
  const auto far = [](double d) {
    return ((kCubicA * d - 5 * kCubicA) * d + 8 * kCubicA) * d - 4 * kCubicA;  // 1 < |d| < 2
  };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

// torch computes nearest indices in float32 whatever the dtype; a double here would choose another
// neighbour where the product is an integer up to rounding.
int64_t nearest_index(int64_t t, int64_t in, int64_t out) {
  if (in == out) return t;
  if (out == 2 * in) return t / 2;
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  return std::min(static_cast<int64_t>(std::floor(static_cast<float>(t) * scale)), in - 1);
}

}  // namespace

std::vector<double> interpolation_matrix(int64_t in, int64_t out, Interpolation mode) {
  std::vector<double> matrix(static_cast<size_t>(in * out), 0.0);
  const auto add = [&](int64_t source, int64_t t, double weight) {
    matrix[static_cast<size_t>(std::clamp<int64_t>(source, 0, in - 1) * out + t)] += weight;
  };
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  for (int64_t t = 0; t < out; ++t) {
    if (mode == Interpolation::nearest) {
      add(nearest_index(t, in, out), t, 1.0);
      continue;
    }
    double position = scale * (static_cast<double>(t) + 0.5) - 0.5;
    if (mode == Interpolation::linear) position = std::max(position, 0.0);
    const double floor = std::floor(position), fraction = position - floor;
    const auto left = static_cast<int64_t>(floor);
    if (mode == Interpolation::linear) {
      add(left, t, 1 - fraction);
      add(left + 1, t, fraction);
    } else {
      const auto weights = cubic_weights(fraction);
      for (int64_t k = 0; k < 4; ++k) add(left - 1 + k, t, weights[static_cast<size_t>(k)]);
    }
  }
  return matrix;
}

std::vector<double> average_pool_matrix(int64_t length, int64_t kernel) {
  const int64_t blocks = (length + kernel - 1) / kernel;
  std::vector<double> matrix(static_cast<size_t>(length * blocks), 0.0);
  for (int64_t t = 0; t < length; ++t) {
    const int64_t block = t / kernel;
    const int64_t size = std::min(kernel, length - block * kernel);
    matrix[static_cast<size_t>(t * blocks + block)] = 1.0 / static_cast<double>(size);
  }
  return matrix;
}

Var interpolate1d(Graph& graph, Var x, int64_t size, Interpolation mode) {
  const int64_t in = x.shape().dims.back();
  if (in == size) return x;  // in every mode the identity
  return matmul(x, graph.constant(Shape::fixed({in, size}), interpolation_matrix(in, size, mode)));
}

Var avg_pool1d(Graph& graph, Var x, int64_t kernel) {
  const int64_t length = x.shape().dims.back();
  if (kernel == 1) return x;
  const int64_t blocks = (length + kernel - 1) / kernel;
  return matmul(
      x, graph.constant(Shape::fixed({length, blocks}), average_pool_matrix(length, kernel)));
}

Var swap_last_axes(Var x) {
  const Shape& shape = x.shape();
  const int64_t m = shape.dims[0], n = shape.dims[1];
  if (m == 1 || n == 1) return reshape(x, Shape::batched({n, m}, shape.batch));
  return transpose(x, {0, 2, 1});
}

}  // namespace nd
