#include "simd/pool.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Pool : public EveryTarget {};
ND_FOR_EVERY_TARGET(Pool);

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

size_t first_maximum(const std::vector<float>& x, size_t begin, size_t end) {
  size_t best = begin;
  for (size_t i = begin; i < end; ++i) {
    if (std::isnan(x[i])) return i;
    if (x[i] > x[best]) best = i;
  }
  return best;
}

TEST_P(Pool, MaximaAndTheirGradient) {
  for (const size_t kernel : {1, 2, 3, 4, 5, 8, 50}) {
    for (const size_t length : {1, 2, 7, 8, 33, 64, 168}) {
      for (const size_t rows : {0, 1, 3}) {
        std::vector<float> x = normal_values(rows * length);
        for (float& v : x) v = std::round(v * 2) / 2;  // many ties
        if (x.size() > 20) x[9] = kNan;
        const size_t blocks = (length + kernel - 1) / kernel;
        const std::vector<float> dy = normal_values(rows * blocks, 2);
        std::vector<float> y(rows * blocks), dx(x.size(), 9.0f), expected(x.size());
        max_pool_rows(x.data(), rows, length, kernel, y.data());
        max_pool_rows_gradient(x.data(), dy.data(), rows, length, kernel, dx.data());
        for (size_t r = 0; r < rows; ++r) {
          for (size_t o = 0; o < blocks; ++o) {
            const size_t begin = r * length + o * kernel,
                         end = std::min(begin + kernel, (r + 1) * length);
            const size_t best = first_maximum(x, begin, end);
            ASSERT_EQ(ulp_error(y[r * blocks + o], x[best]), 0) << kernel << " " << length;
            expected[best] = dy[r * blocks + o];
          }
        }
        ASSERT_EQ(dx, expected) << kernel << " " << length;
      }
    }
  }
}

TEST_P(Pool, MovingAverageRepeatsTheEnds) {
  for (const int64_t window : {1, 3, 5, 25, 101, 2047, 4001}) {
    for (const int64_t length : {1, 2, 12, 24, 168, 5000}) {
      const std::vector<float> x = normal_values(2 * length);
      std::vector<float> y(2 * length + 1, 7.0f);
      moving_average_rows(x.data(), 2, length, window, y.data());
      for (int64_t r = 0; r < 2; ++r) {
        for (int64_t i = 0; i < length; i += 1 + length / 200) {
          double total = 0;
          for (int64_t j = i - window / 2; j <= i + window / 2; ++j) {
            total += x[r * length + std::clamp<int64_t>(j, 0, length - 1)];
          }
          ASSERT_NEAR(y[r * length + i], total / window, 5e-7)
              << window << " " << length << " " << i;
        }
      }
      ASSERT_EQ(y[2 * length], 7.0f);
    }
  }
}

TEST_P(Pool, MovingAverageGradientIsTheAdjoint) {
  for (const int64_t window : {1, 3, 25, 101, 4001}) {
    for (const int64_t length : {1, 2, 12, 168, 5000}) {
      const std::vector<float> x = normal_values(2 * length, 1), dy = normal_values(2 * length, 2);
      std::vector<float> y(2 * length), dx(2 * length);
      moving_average_rows(x.data(), 2, length, window, y.data());
      moving_average_rows_gradient(dy.data(), 2, length, window, dx.data());
      double left = 0, right = 0, magnitude = 0;
      for (int64_t i = 0; i < 2 * length; ++i) {
        left += double(y[i]) * dy[i], right += double(x[i]) * dx[i];
        magnitude += std::abs(double(x[i]) * dx[i]);
      }
      ASSERT_NEAR(left, right, 1e-6 * (magnitude + 1)) << window << " " << length;
    }
  }
}

TEST_P(Pool, ColumnsAverageAsRowsDo) {
  for (const int64_t window : {1, 3, 25, 101}) {
    for (const int64_t length : {1, 2, 12, 96}) {
      for (const int64_t width : {1, 3, 8, 21, 70}) {
        const int64_t stride = width + 2, size = length * stride;
        const std::vector<float> x = normal_values(size);
        std::vector<float> y(size, 7.0f), dx(size, 7.0f), row(length), expected(length);
        moving_average_columns(x.data(), length, stride, width, window, y.data());
        moving_average_columns_gradient(x.data(), length, stride, width, window, dx.data());
        for (int64_t c = 0; c < stride; ++c) {
          for (int64_t t = 0; t < length; ++t) row[t] = x[t * stride + c];
          moving_average_rows(row.data(), 1, length, window, expected.data());
          for (int64_t t = 0; t < length; ++t)
            ASSERT_NEAR(y[t * stride + c], c < width ? expected[t] : 7.0f, 2e-6) << window;
          moving_average_rows_gradient(row.data(), 1, length, window, expected.data());
          for (int64_t t = 0; t < length; ++t)
            ASSERT_NEAR(dx[t * stride + c], c < width ? expected[t] : 7.0f,
                        2e-6 * static_cast<double>(window + 1))
                << window;
        }
      }
    }
  }
}

}  // namespace
}  // namespace nd::simd
