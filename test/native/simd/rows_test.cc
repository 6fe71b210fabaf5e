#include "simd/rows.h"

#include <algorithm>

#include "simd/every_target.h"

namespace nd::simd {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kGuard = 12345.0f;

class RowKernels : public EveryTarget {};
ND_FOR_EVERY_TARGET(RowKernels);

TEST_P(RowKernels, SoftmaxIsAccurateForEveryLength) {
  for (const int64_t length : lengths()) {
    if (length == 0) continue;
    const int64_t rows = 3;
    std::vector<float> x = normal_values(static_cast<size_t>(rows * length));
    for (float& v : x) v *= 10;
    std::vector<float> y(x.size() + 1, kGuard);
    softmax_rows(x.data(), rows, length, y.data());
    ASSERT_EQ(y.back(), kGuard);
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = x.data() + r * length;
      const double top = *std::max_element(row, row + length);
      double total = 0;
      for (int64_t i = 0; i < length; ++i) total += std::exp(row[i] - top);
      for (int64_t i = 0; i < length; ++i) {
        const double exact = std::exp(row[i] - top) / total;
        // x - max is rounded once, by up to |x - max|/2^24.
        const double bound = 4e-7 + std::abs(row[i] - top) * 6e-8 + 1.2e-9 * double(length);
        ASSERT_LE(std::abs(y[r * length + i] - exact), bound * exact + 1e-37) << length;
      }
    }
  }
}

TEST_P(RowKernels, SoftmaxOfValuesThatAreNoNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const int64_t length : {3, 16, 19}) {
    std::vector<float> x(static_cast<size_t>(4 * length), 0.5f);
    x[1] = nan;
    x[static_cast<size_t>(length + 2)] = kInf;
    for (int64_t i = 0; i < length; ++i) x[static_cast<size_t>(2 * length + i)] = -kInf;
    x[static_cast<size_t>(3 * length)] = -kInf;
    softmax_rows(x.data(), 4, length, x.data());
    for (int64_t i = 0; i < 3 * length; ++i) EXPECT_TRUE(std::isnan(x[static_cast<size_t>(i)]));
    EXPECT_EQ(x[static_cast<size_t>(3 * length)], 0);
    EXPECT_NEAR(x[static_cast<size_t>(3 * length + 1)], 1.0 / double(length - 1), 1e-7);
  }
}

TEST_P(RowKernels, LayerNormSurvivesALargeMean) {
  for (const int64_t length : {2, 7, 16, 33, 128}) {
    std::vector<float> x = normal_values(static_cast<size_t>(length));
    for (float& v : x) v = 1000 + 0.25f * v;
    std::vector<float> y(x.size() + 1, kGuard);
    layer_norm_rows(x.data(), 1, length, 1e-5f, y.data());
    double mean = 0, variance = 0;
    for (const float v : x) mean += v / double(length);
    for (const float v : x) variance += (v - mean) * (v - mean) / double(length);
    for (int64_t i = 0; i < length; ++i)
      ASSERT_NEAR(y[i], (x[i] - mean) / std::sqrt(variance + 1e-5), 2e-3) << length;
    ASSERT_EQ(y.back(), kGuard);
  }
}

TEST_P(RowKernels, GradientsInPlace) {
  const int64_t length = 37;
  const std::vector<float> y = normal_values(length, 1), dy = normal_values(length, 2);
  double product = 0;
  for (int64_t i = 0; i < length; ++i) product += double(y[i]) * dy[i];
  std::vector<float> dx = dy;
  softmax_rows_gradient(y.data(), dx.data(), 1, length, dx.data());
  for (int64_t i = 0; i < length; ++i) ASSERT_NEAR(dx[i], y[i] * (dy[i] - product), 2e-5);
  // A derivative along the constant or along y itself does not get through the normalisation.
  std::vector<float> normal(length), ones(length, 1.0f);
  layer_norm_rows(y.data(), 1, length, 0, normal.data());
  layer_norm_rows_gradient(y.data(), ones.data(), 1, length, 0, ones.data());
  layer_norm_rows_gradient(y.data(), normal.data(), 1, length, 0, normal.data());
  for (int64_t i = 0; i < length; ++i) {
    ASSERT_NEAR(ones[i], 0, 1e-6);
    ASSERT_NEAR(normal[i], 0, 2e-6);
  }
}

}  // namespace
}  // namespace nd::simd
