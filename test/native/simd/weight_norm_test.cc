#include "simd/weight_norm.h"

#include <algorithm>

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class WeightNormKernels : public EveryTarget {};
ND_FOR_EVERY_TARGET(WeightNormKernels);

/// Place of (row, column).
size_t place(const MatrixRows& m, int64_t row, int64_t column) {
  return static_cast<size_t>(m.panel ? column * m.rows + row : row * m.columns + column);
}

std::vector<MatrixRows> shapes() {
  std::vector<MatrixRows> all;
  for (const bool panel : {false, true})
    for (const int64_t rows : {1, 3, 8, 16, 32})
      for (const int64_t columns : {1, 2, 15, 16, 17, 100}) all.push_back({rows, columns, panel});
  return all;
}

TEST_P(WeightNormKernels, AreTheirDefinitions) {
  for (const MatrixRows& m : shapes()) {
    const auto size = static_cast<size_t>(m.rows * m.columns), rows = static_cast<size_t>(m.rows);
    const std::vector<float> x = normal_values(size, 1), y = normal_values(size, 2),
                             a = normal_values(rows, 3), b = normal_values(rows, 4);
    std::vector<double> dots(rows);
    std::vector<float> scaled(size + 1, 7), combined = y;
    row_dots(m, x.data(), y.data(), dots.data());
    row_scale(m, a.data(), x.data(), scaled.data());
    row_combine(m, a.data(), x.data(), b.data(), combined.data(), combined.data());
    for (int64_t r = 0; r < m.rows; ++r) {
      const auto row = static_cast<size_t>(r);
      long double dot = 0;
      for (int64_t c = 0; c < m.columns; ++c) {
        const size_t at = place(m, r, c);
        dot += static_cast<long double>(x[at]) * y[at];
        ASSERT_EQ(scaled[at], a[row] * x[at]);
        ASSERT_NEAR(combined[at], double{a[row]} * x[at] + double{b[row]} * y[at],
                    1e-6 * (1 + std::abs(a[row] * x[at]) + std::abs(b[row] * y[at])));
      }
      ASSERT_NEAR(dots[row], static_cast<double>(dot), 1e-12) << m.rows << " x " << m.columns;
    }
    ASSERT_EQ(scaled[size], 7) << "nothing behind the matrix is written";
  }
}

TEST(WeightNormOrder, DotsHaveTheSameBitsOnEveryTarget) {
  for (const MatrixRows& m : shapes()) {
    const auto size = static_cast<size_t>(m.rows * m.columns);
    const std::vector<float> x = normal_values(size, 1), y = normal_values(size, 2);
    std::vector<std::vector<double>> dots;
    for (const std::string& name : target_names()) {
      select_target(name);
      row_dots(m, x.data(), y.data(), dots.emplace_back(static_cast<size_t>(m.rows)).data());
    }
    select_target("");
    for (const auto& of_target : dots) ASSERT_EQ(of_target, dots.front());
  }
}

}  // namespace
}  // namespace nd::simd
