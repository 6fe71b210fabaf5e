#include "simd/gemm.h"

#include <memory>

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class GemmTest : public EveryTarget {};
ND_FOR_EVERY_TARGET(GemmTest);

constexpr float kGuard = 777.0f;

/// How the matrices of one product lie in memory.
struct Layout {
  bool a_transposed = false, b_transposed = false, accumulate = false;
  bool b_other_use = false;  ///< b holds the packed form of Bᵀ
  bool b_plain = false;      ///< b is not packed (nor transposed)
  bool c_packed = false;     ///< C is written in panels
  bool epilogue = false;     ///< each finished element x becomes x + 1000·row + column
};

struct Buffer {
  explicit Buffer(int64_t floats)
      : data(static_cast<float*>(
            std::aligned_alloc(64, static_cast<size_t>((floats * 4 + 127) / 64 * 64)))) {}
  ~Buffer() { std::free(data); }
  float* data;
};

struct Region {
  float* c;
  int64_t ldc;
};

void add_position(const void* context, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const Region& region = *static_cast<const Region*>(context);
  for (int64_t i = row; i < row + rows; ++i) {
    for (int64_t j = column; j < column + columns; ++j)
      region.c[i * region.ldc + j] += static_cast<float>(1000 * i + j);
  }
}

std::vector<float> packed_product(int64_t m, int64_t n, int64_t k, Layout layout,
                                  const std::vector<float>& a, const std::vector<float>& b,
                                  const std::vector<float>& c, int64_t ldc,
                                  bool one_by_one = false) {
  // Exactly as large as promised, so that sanitizers see what is read or written beyond.
  const bool other = layout.b_other_use;
  Buffer packed(other ? packed_b_floats(n, k) : packed_b_floats(k, n));
  Buffer scratch(gemm_scratch_floats(m, n, k, layout.a_transposed, other || layout.b_plain));
  const int64_t b_row = layout.b_transposed ? 1 : n, b_col = layout.b_transposed ? k : 1;
  if (other) {
    pack_b(b.data(), b_col, b_row, n, k, 0, (k + gemm_panel() - 1) / gemm_panel(), packed.data);
  } else {
    const int64_t panels = (n + gemm_panel() - 1) / gemm_panel();
    pack_b(b.data(), b_row, b_col, k, n, 0, panels / 2, packed.data);
    pack_b(b.data(), b_row, b_col, k, n, panels / 2, panels, packed.data);
  }
  std::vector<float> result = c;
  const Region region{result.data(), ldc};
  const Gemm g{.a = a.data(),
               .a_row = layout.a_transposed ? 1 : k,
               .a_col = layout.a_transposed ? m : 1,
               .b = layout.b_plain ? b.data() : packed.data,
               .b_transposed = other,
               .b_row = layout.b_plain ? n : 0,
               .c = result.data(),
               .ldc = layout.c_packed ? gemm_panel() : ldc,
               .c_panel = layout.c_packed ? m * gemm_panel() : gemm_panel(),
               .m = m,
               .n = n,
               .k = k,
               .accumulate = layout.accumulate,
               .epilogue = {layout.epilogue ? add_position : nullptr, &region}};
  const int64_t tiles = gemm_tiles(m, n, k);
  if (one_by_one) {
    for (int64_t t = tiles - 1; t >= 0; --t) gemm_run(g, t, t + 1, scratch.data);
  } else {
    gemm_run(g, 0, tiles, scratch.data);
  }
  return result;
}

/// Element (i, j) of panels of m rows.
size_t packed_at(int64_t m, int64_t i, int64_t j) {
  return static_cast<size_t>((j / gemm_panel() * m + i) * gemm_panel() + j % gemm_panel());
}

void check(int64_t m, int64_t n, int64_t k, Layout layout) {
  const int64_t ldc = n + 3;
  const std::vector<float> a = normal_values(m * k, 1), b = normal_values(k * n, 2);
  std::vector<float> c = normal_values(m * ldc + 1, 3);
  for (int64_t i = 0; i < m; ++i) std::fill_n(c.begin() + i * ldc + n, 3, kGuard);
  std::vector<float> result = packed_product(m, n, k, layout, a, b, c, ldc);
  if (layout.epilogue) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) result[i * ldc + j] -= static_cast<float>(1000 * i + j);
    }
  }
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double total = layout.accumulate ? c[i * ldc + j] : 0, magnitude = std::abs(total);
      for (int64_t l = 0; l < k; ++l) {
        const double term = double(a[layout.a_transposed ? l * m + i : i * k + l]) *
                            double(b[layout.b_transposed ? j * k + l : l * n + j]);
        total += term, magnitude += std::abs(term);
      }
      // A float sum of k terms in one chain: k/2 ulp of the magnitude at worst, sqrt(k) in
      // practice.
      ASSERT_NEAR(result[i * ldc + j], total,
                  6e-8 * (std::sqrt(double(k)) + 2) * magnitude +
                      (layout.epilogue ? 1.2e-7 * double(1000 * i + j) : 1e-30))
          << m << "x" << n << "x" << k << " at " << i << "," << j << " layout "
          << layout.a_transposed << layout.b_transposed << layout.accumulate << layout.b_other_use
          << layout.epilogue;
    }
    for (int64_t j = n; j < ldc; ++j) ASSERT_EQ(result[i * ldc + j], kGuard);
  }
}

/// Every `step`-th combination of orders in memory and of accumulation, half with an epilogue.
void check_layouts(int64_t m, int64_t n, int64_t k, int step = 1) {
  for (int bits = static_cast<int>((m + n + k) % step); bits < 16; bits += step) {
    check(m, n, k,
          {.a_transposed = (bits & 1) != 0,
           .b_transposed = (bits & 2) != 0,
           .accumulate = (bits & 4) != 0,
           .b_other_use = (bits & 8) != 0,
           .epilogue = (m + n + bits) % 2 == 0});
  }
}

TEST_P(GemmTest, MatchesTheNaiveProductForEverySmallShape) {
  for (int64_t m = 0; m <= 31; m += 1 + m / 16) {
    for (const int64_t n : {0, 1, 3, 4, 8, 9, 16, 17, 24, 31, 32, 33, 48, 64, 100, 129}) {
      for (const int64_t k : {0, 1, 3, 4, 6, 17, 35}) check_layouts(m, n, k, 3);
    }
  }
}

TEST_P(GemmTest, MatchesTheNaiveProductForLargerShapes) {
  const int64_t shapes[][3] = {{57, 300, 100}, {130, 70, 513},  {1, 512, 512},  {3, 530, 700},
                               {5, 260, 1025}, {200, 24, 31},   {33, 33, 1600}, {40, 168, 200},
                               {300, 180, 70}, {100, 100, 600}, {128, 174, 64}, {129, 48, 64}};
  for (const auto& s : shapes) check_layouts(s[0], s[1], s[2]);
}

TEST_P(GemmTest, OneColumnLyingTogetherIsTheNaiveProduct) {
  for (const int64_t m : {1, 5, 16, 70, 512}) {
    for (const int64_t k : {1, 7, 8, 9, 300}) {
      for (int bits = 0; bits < 8; ++bits) {
        const Layout layout{.a_transposed = true,
                            .accumulate = (bits & 1) != 0,
                            .b_plain = (bits & 2) != 0,
                            .epilogue = (bits & 4) != 0};
        const std::vector<float> a = normal_values(m * k, 1), b = normal_values(k, 2),
                                 c = normal_values(m, 3);
        const std::vector<float> result = packed_product(m, 1, k, layout, a, b, c, 1);
        ASSERT_EQ(result, packed_product(m, 1, k, layout, a, b, c, 1, true));
        for (int64_t i = 0; i < m; ++i) {
          double total = layout.accumulate ? c[i] : 0, magnitude = std::abs(total);
          for (int64_t l = 0; l < k; ++l) {
            const double term = double(a[l * m + i]) * double(b[l]);
            total += term, magnitude += std::abs(term);
          }
          const double offset = layout.epilogue ? 1000.0 * static_cast<double>(i) : 0;
          ASSERT_NEAR(result[i], total + offset,
                      6e-8 * (std::sqrt(double(k)) + 2) * magnitude + 1.2e-7 * offset);
        }
      }
    }
  }
}

TEST_P(GemmTest, ARowMajorRightOperandGivesTheSameBitsAsItsPanels) {
  const int64_t shapes[][3] = {{1, 1, 1},    {5, 70, 600},    {32, 174, 300},   {33, 33, 40},
                               {100, 24, 9}, {512, 180, 200}, {300, 100, 1025}, {10, 530, 33}};
  for (const auto& [m, n, k] : shapes) {
    for (int bits = 0; bits < 8; ++bits) {
      const std::vector<float> a = normal_values(m * k, 1), b = normal_values(k * n, 2),
                               c = normal_values(m * n, 3);
      Layout layout{.a_transposed = (bits & 1) != 0,
                    .accumulate = (bits & 2) != 0,
                    .epilogue = (bits & 4) != 0};
      const std::vector<float> packed = packed_product(m, n, k, layout, a, b, c, n);
      layout.b_plain = true;
      ASSERT_EQ(packed, packed_product(m, n, k, layout, a, b, c, n)) << m << "x" << n << "x" << k;
    }
  }
}

TEST_P(GemmTest, PackedProductsLieWherePackBWouldPutThem) {
  const int64_t shapes[][3] = {{1, 1, 1},    {7, 24, 5},   {28, 31, 40},   {33, 100, 17},
                               {64, 33, 64}, {14, 168, 9}, {100, 300, 600}};
  for (const auto& [m, n, k] : shapes) {
    for (int bits = 0; bits < 8; ++bits) {
      Layout layout{.a_transposed = (bits & 1) != 0,
                    .accumulate = (bits & 2) != 0,
                    .b_other_use = (bits & 4) != 0};
      const std::vector<float> a = normal_values(m * k, 1), b = normal_values(k * n, 2),
                               c = normal_values(m * n, 3);
      const std::vector<float> plain = packed_product(m, n, k, layout, a, b, c, n);
      std::vector<float> panels(static_cast<size_t>(packed_b_floats(m, n)), kGuard);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) panels[packed_at(m, i, j)] = c[i * n + j];
      }
      layout.c_packed = true;
      const std::vector<float> packed = packed_product(m, n, k, layout, a, b, panels, 0);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < (n + gemm_panel() - 1) / gemm_panel() * gemm_panel(); ++j) {
          // The transposed use of B may sum a row-major C in another order.
          ASSERT_NEAR(packed[packed_at(m, i, j)], j < n ? plain[i * n + j] : kGuard,
                      layout.b_other_use && j < n ? 3e-7 * static_cast<double>(k) : 0)
              << m << "x" << n << "x" << k << " at " << i << "," << j << " layout " << bits;
        }
      }
    }
  }
}

TEST_P(GemmTest, AnyPartitionOfTilesGivesTheSameBits) {
  const int64_t shapes[][3] = {{1, 512, 512},  {32, 512, 512}, {100, 300, 1100}, {2, 40, 600},
                               {40, 600, 100}, {64, 174, 300}, {120, 30, 500}};
  for (const auto& s : shapes) {
    for (int bits = 0; bits < 8; ++bits) {
      const std::vector<float> a = normal_values(s[0] * s[2], 1), b = normal_values(s[1] * s[2], 2),
                               c(s[0] * s[1]);
      const Layout layout{.a_transposed = (bits & 1) != 0,
                          .b_other_use = (bits & 2) != 0,
                          .epilogue = (bits & 4) != 0};
      EXPECT_EQ(packed_product(s[0], s[1], s[2], layout, a, b, c, s[1]),
                packed_product(s[0], s[1], s[2], layout, a, b, c, s[1], true));
    }
  }
}

TEST_P(GemmTest, LargeProductsHaveEnoughTilesForThreads) {
  EXPECT_GE(gemm_tiles(1024, 512, 512), 16);
  EXPECT_GE(gemm_tiles(32, 512, 512), 8);
  EXPECT_GE(gemm_tiles(512, 512, 1024), 8);
  EXPECT_GE(gemm_tiles(1, 512, 512), 4);
  EXPECT_EQ(gemm_tiles(1, 24, 24), 1);
  EXPECT_EQ(gemm_tiles(0, 24, 24), 0);
  EXPECT_EQ(gemm_tiles(24, 0, 24), 0);
}

TEST_P(GemmTest, GeneralStridesWork) {
  // Neither stride is 1: every second element of both matrices.
  const int64_t m = 17, n = 37, k = 19;
  const std::vector<float> a = normal_values(2 * m * k, 1), b = normal_values(2 * k * n, 2);
  Buffer packed(packed_b_floats(k, n)), scratch(gemm_scratch_floats(m, n, k, true, false));
  pack_b(b.data(), 2 * n, 2, k, n, 0, (n + gemm_panel() - 1) / gemm_panel(), packed.data);
  std::vector<float> c(m * n);
  gemm_run(
      {a.data(), 2 * k, 2, packed.data, false, 0, c.data(), n, gemm_panel(), m, n, k, false, {}}, 0,
      gemm_tiles(m, n, k), scratch.data);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double total = 0;
      for (int64_t l = 0; l < k; ++l) total += double(a[i * 2 * k + 2 * l]) * b[l * 2 * n + 2 * j];
      ASSERT_NEAR(c[i * n + j], total, 1e-5);
    }
  }
}

}  // namespace
}  // namespace nd::simd
