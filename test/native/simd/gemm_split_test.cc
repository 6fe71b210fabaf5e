// Products on a matrix unit, every float in three parts, beside those of vectors. Without such a
// unit both are the same.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>

#include "simd/amx.h"
#include "simd/every_target.h"
#include "simd/gemm.h"

namespace nd::simd {
namespace {

class GemmSplitTest : public ::testing::Test {
 protected:
  void TearDown() override { select_amx(true); }
};

struct Free {
  void operator()(float* p) const { std::free(p); }
};

std::unique_ptr<float[], Free> aligned(int64_t floats) {
  return std::unique_ptr<float[], Free>(static_cast<float*>(
      std::aligned_alloc(64, static_cast<size_t>((floats * 4 + 127) / 64 * 64))));
}

/// A [m, k] · B [k, n], both row-major, all tiles at once.
std::vector<float> product(int64_t m, int64_t n, int64_t k, const std::vector<float>& a,
                           const std::vector<float>& b) {
  std::vector<float> c(static_cast<size_t>(m * n));
  const Gemm g{.a = a.data(),
               .a_row = k,
               .a_col = 1,
               .b = b.data(),
               .b_transposed = false,
               .b_row = n,
               .c = c.data(),
               .ldc = n,
               .c_panel = gemm_panel(),
               .m = m,
               .n = n,
               .k = k,
               .accumulate = false,
               .epilogue = {}};
  const auto scratch = aligned(gemm_scratch_floats(m, n, k, false, true));
  gemm_run(g, 0, gemm_tiles(m, n, k), scratch.get());
  return c;
}

/// Normal draws times powers of two from 2^-spread to 2^spread.
std::vector<float> spread_values(int64_t count, unsigned seed, int spread) {
  std::vector<float> values = normal_values(static_cast<size_t>(count), seed);
  std::mt19937 generator(seed + 100);
  std::uniform_int_distribution<int> exponent(-spread, spread);
  for (float& v : values) v = std::ldexp(v, exponent(generator));
  return values;
}

/// Root of the mean squared error relative to the sum of the magnitudes.
double error(int64_t m, int64_t n, int64_t k, const std::vector<float>& a,
             const std::vector<float>& b, const std::vector<float>& c) {
  double total = 0;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double exact = 0, magnitude = 0;
      for (int64_t l = 0; l < k; ++l) {
        const double term =
            double(a[static_cast<size_t>(i * k + l)]) * double(b[static_cast<size_t>(l * n + j)]);
        exact += term, magnitude += std::abs(term);
      }
      const double e = (c[static_cast<size_t>(i * n + j)] - exact) / magnitude;
      total += e * e;
    }
  }
  return std::sqrt(total / static_cast<double>(m * n));
}

// Six roundings of a sum for 32 products instead of 32; where one product outweighs all others, six
// instead of one.
TEST_F(GemmSplitTest, IsAsPreciseAsSumsOfFloats) {
  constexpr int64_t kShapes[][3] = {{64, 64, 32}, {130, 96, 300}, {70, 600, 40}, {66, 65, 1500}};
  for (const auto& [m, n, k] : kShapes) {
    for (const int spread : {0, 3, 30}) {
      const std::vector<float> a = spread_values(m * k, 1, spread),
                               b = spread_values(k * n, 2, spread);
      select_amx(true);
      const double split = error(m, n, k, a, b, product(m, n, k, a, b));
      select_amx(false);
      const double plain = error(m, n, k, a, b, product(m, n, k, a, b));
      EXPECT_LE(split, (spread < 30 ? 1.25 : 2.5) * plain)
          << m << "x" << n << "x" << k << " spread " << spread;
    }
  }
}

TEST_F(GemmSplitTest, WhatIsNotFiniteStaysSo) {
  constexpr int64_t m = 64, n = 80, k = 40;
  std::vector<float> a = normal_values(m * k, 1);
  const std::vector<float> b = normal_values(k * n, 2);
  a[3 * k + 5] = std::numeric_limits<float>::quiet_NaN();
  a[7 * k + 9] = std::numeric_limits<float>::infinity();
  const std::vector<float> c = product(m, n, k, a, b);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j)
      EXPECT_EQ(std::isfinite(c[static_cast<size_t>(i * n + j)]), i != 3 && i != 7);
  }
}

}  // namespace
}  // namespace nd::simd
