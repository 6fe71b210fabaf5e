#include "simd/reduce.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Reduce : public EveryTarget {};
ND_FOR_EVERY_TARGET(Reduce);

TEST_P(Reduce, SumsAreExactToDoubleRounding) {
  for (const int64_t n : lengths()) {
    const std::vector<float> x = normal_values(static_cast<size_t>(n) + 1);
    long double total = 0, squares = 0, magnitude = 0;
    for (int64_t i = 0; i < n; ++i) {
      const long double v = x[i + 1];
      total += v, squares += v * v, magnitude += std::abs(v);
    }
    EXPECT_NEAR(sum(x.data() + 1, n), static_cast<double>(total),
                1e-14 * static_cast<double>(magnitude));
    EXPECT_NEAR(sum_of_squares(x.data() + 1, n), static_cast<double>(squares),
                1e-14 * static_cast<double>(squares));
  }
}

TEST(ReduceOrder, SameBitsOnEveryTarget) {
  const std::vector<float> x = normal_values(100003);
  std::vector<double> totals, squares;
  std::vector<std::vector<float>> columns;
  for (const std::string& name : target_names()) {
    select_target(name);
    totals.push_back(sum(x.data(), 100003));
    squares.push_back(sum_of_squares(x.data(), 100003));
    columns.emplace_back(77);
    sum_rows(x.data(), 1000, 100, 77, columns.back().data());
  }
  select_target("");
  for (size_t i = 1; i < totals.size(); ++i) {
    EXPECT_EQ(totals[i], totals[0]);
    EXPECT_EQ(squares[i], squares[0]);
    EXPECT_EQ(columns[i], columns[0]);
  }
}

TEST_P(Reduce, SumRows) {
  for (const int64_t rows : {0, 1, 31, 32, 33, 1000}) {
    for (const int64_t n : {0, 1, 3, 4, 7, 15, 16, 17, 63, 64, 65, 100}) {
      const int64_t stride = n + 3;
      const std::vector<float> x = normal_values(static_cast<size_t>(rows * stride));
      std::vector<float> y(static_cast<size_t>(n) + 1, 7.0f);
      sum_rows(x.data(), rows, stride, n, y.data());
      for (int64_t j = 0; j < n; ++j) {
        double total = 0;
        for (int64_t i = 0; i < rows; ++i) total += x[i * stride + j];
        ASSERT_NEAR(y[j], total, 2e-6 * std::sqrt(static_cast<double>(rows) + 1))
            << rows << " x " << n;
      }
      ASSERT_EQ(y[n], 7.0f);
    }
  }
}

TEST_P(Reduce, AllFiniteFindsASingleBadValueAnywhere) {
  for (const int64_t n : lengths()) {
    std::vector<float> x = normal_values(static_cast<size_t>(n));
    EXPECT_TRUE(all_finite(x.data(), n));
    for (int64_t i = 0; i < n; i += 1 + n / 40) {
      for (const float bad :
           {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
            -std::numeric_limits<float>::infinity()}) {
        const float saved = x[i];
        x[i] = bad;
        ASSERT_FALSE(all_finite(x.data(), n)) << n << " " << i;
        x[i] = saved;
      }
    }
  }
  // Large values must not overflow into a false alarm.
  EXPECT_TRUE(all_finite(std::vector<float>(1000, std::numeric_limits<float>::max()).data(), 1000));
}

}  // namespace
}  // namespace nd::simd
