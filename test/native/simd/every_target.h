// Runs a kernel test once for every instruction set that this processor has.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "simd/target.h"

namespace nd::simd {

class EveryTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(select_target(GetParam())); }
  void TearDown() override { select_target(""); }
};

#define ND_FOR_EVERY_TARGET(fixture)                                                       \
  INSTANTIATE_TEST_SUITE_P(Simd, fixture, ::testing::ValuesIn(::nd::simd::target_names()), \
                           [](const auto& info) { return info.param; })

/// Normal draws from a fixed seed.
inline std::vector<float> normal_values(size_t count, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& v : values) v = normal(generator);
  return values;
}

/// Lengths 0 … 2 vectors + 3 of the widest target, and one that takes the unrolled loops.
inline std::vector<int64_t> lengths() {
  std::vector<int64_t> all;
  for (int64_t n = 0; n <= 35; ++n) all.push_back(n);
  all.push_back(1000);
  return all;
}

/// Distance in units of the last place of the exact value; infinite when only one of them is NaN.
inline double ulp_error(float got, double exact) {
  if (std::isnan(exact)) return std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  const float rounded = static_cast<float>(exact);
  if (got == rounded) return 0;
  if (!std::isfinite(got) || !std::isfinite(rounded))
    return std::numeric_limits<double>::infinity();
  const float magnitude = std::max(std::abs(rounded), std::numeric_limits<float>::min());
  const double unit =
      static_cast<double>(std::nextafter(magnitude, std::numeric_limits<float>::infinity())) -
      magnitude;
  return std::abs(static_cast<double>(got) - exact) / unit;
}

}  // namespace nd::simd
