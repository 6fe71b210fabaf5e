#include "simd/gemm_bf16.h"

#include <bit>
#include <memory>

#include "simd/amx.h"
#include "simd/every_target.h"

namespace nd::simd {
namespace {

/// With the matrix unit, where there is one, and without.
class GemmBf16Test : public EveryTarget {
 protected:
  void TearDown() override {
    select_amx(true);
    EveryTarget::TearDown();
  }
  template <class Check>
  void with_and_without_amx(const Check& check) {
    for (const bool amx : {true, false}) {
      select_amx(amx);
      check();
      if (!amx_present()) return;
    }
  }
};
ND_FOR_EVERY_TARGET(GemmBf16Test);

constexpr float kGuard = 777.0f;

float rounded(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u);
}

enum class Right { packed, packed_transpose, plain, plain_transpose };

struct Layout {
  bool a_transposed = false;
  Right right = Right::packed;
  bool accumulate = false, c_packed = false, epilogue = false;
};

struct Free {
  void operator()(float* p) const { std::free(p); }
};
using Floats = std::unique_ptr<float[], Free>;

/// Exactly as many as promised, so that sanitizers see what is read or written beyond.
Floats aligned(int64_t floats) {
  return Floats(static_cast<float*>(
      std::aligned_alloc(64, static_cast<size_t>((floats * 4 + 127) / 64 * 64))));
}

int64_t panels(int64_t columns) { return (columns + gemm_panel() - 1) / gemm_panel(); }

/// A product of random matrices, and the naive sum of the rounded operands beside it.
struct Product {
  int64_t m, n, k;
  Layout layout;
  std::vector<float> a, b, c;  ///< [m, k], [k, n], [m, n], or as the layout has it
  int64_t ldc;

  Product(int64_t m, int64_t n, int64_t k, Layout layout)
      : m(m),
        n(n),
        k(k),
        layout(layout),
        a(normal_values(static_cast<size_t>(m * k), 1)),
        b(normal_values(static_cast<size_t>(k * n), 2)),
        c(static_cast<size_t>(layout.c_packed ? packed_b_floats(m, n) : m * (n + 3)), kGuard),
        ldc(n + 3) {
    const std::vector<float> old = normal_values(static_cast<size_t>(m * n), 3);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c[at(i, j)] = old[i * n + j];
  }
  bool b_transposed() const {
    return layout.right == Right::packed_transpose || layout.right == Right::plain_transpose;
  }
  size_t at(int64_t i, int64_t j) const {
    const int64_t p = gemm_panel();
    return static_cast<size_t>(layout.c_packed ? (j / p * m + i) * p + j % p : i * ldc + j);
  }
  static void add_position(const void* opaque, int64_t row, int64_t rows, int64_t column,
                           int64_t columns) {
    const auto& [product, c] = *static_cast<const std::pair<const Product*, float*>*>(opaque);
    for (int64_t i = row; i < row + rows; ++i)
      for (int64_t j = column; j < column + columns; ++j)
        c[product->at(i, j)] += static_cast<float>(100 * i + j);
  }

  std::vector<float> run(bool one_by_one = false) const {
    const bool packed = layout.right == Right::packed || layout.right == Right::packed_transpose;
    Floats panelled = aligned(b_transposed() ? packed_b_floats(n, k) : packed_b_floats(k, n));
    if (packed && b_transposed()) pack_b(b.data(), k, 1, n, k, 0, panels(k), panelled.get());
    if (packed && !b_transposed()) pack_b(b.data(), n, 1, k, n, 0, panels(n), panelled.get());
    Floats scratch = aligned(gemm_bf16_scratch_floats(m, n, k));
    std::vector<float> result = c;
    const std::pair<const Product*, float*> context{this, result.data()};
    const Gemm g{.a = a.data(),
                 .a_row = layout.a_transposed ? 1 : k,
                 .a_col = layout.a_transposed ? m : 1,
                 .b = packed ? panelled.get() : b.data(),
                 .b_transposed = b_transposed(),
                 .b_row = packed           ? 0
                          : b_transposed() ? k
                                           : n,
                 .c = result.data(),
                 .ldc = layout.c_packed ? gemm_panel() : ldc,
                 .c_panel = layout.c_packed ? m * gemm_panel() : gemm_panel(),
                 .m = m,
                 .n = n,
                 .k = k,
                 .accumulate = layout.accumulate,
                 .epilogue = {layout.epilogue ? add_position : nullptr, &context}};
    const int64_t tiles = gemm_bf16_tiles(m, n);
    if (one_by_one) {
      for (int64_t t = tiles - 1; t >= 0; --t) gemm_bf16_run(g, t, t + 1, scratch.get());
    } else {
      gemm_bf16_run(g, 0, tiles, scratch.get());
    }
    return result;
  }

  void check() const {
    std::vector<float> result = run();
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double total = layout.accumulate ? c[at(i, j)] : 0, magnitude = std::abs(total);
        for (int64_t l = 0; l < k; ++l) {
          const double term = double(rounded(a[layout.a_transposed ? l * m + i : i * k + l])) *
                              double(rounded(b[b_transposed() ? j * k + l : l * n + j]));
          total += term, magnitude += std::abs(term);
        }
        const double moved = layout.epilogue ? static_cast<double>(100 * i + j) : 0;
        ASSERT_NEAR(result[at(i, j)], total + moved,
                    6e-8 * (std::sqrt(double(k)) + 2) * magnitude + 1.2e-7 * moved + 1e-30)
            << m << "x" << n << "x" << k << " at " << i << "," << j << " right "
            << static_cast<int>(layout.right) << " layout " << layout.a_transposed
            << layout.accumulate << layout.c_packed << layout.epilogue;
        result[at(i, j)] = c[at(i, j)];
      }
    }
    ASSERT_EQ(result, c);  // nothing else was written
  }
};

/// Every `step`-th combination of layouts.
template <class Check>
void for_layouts(int64_t start, int step, const Check& check) {
  for (int bits = static_cast<int>(start % step); bits < 64; bits += step) {
    check(Layout{.a_transposed = (bits & 1) != 0,
                 .right = static_cast<Right>(bits >> 1 & 3),
                 .accumulate = (bits & 8) != 0,
                 .c_packed = (bits & 16) != 0,
                 .epilogue = (bits & 32) != 0 && (bits & 16) == 0});
  }
}

TEST_P(GemmBf16Test, MatchesTheNaiveProductOfRoundedOperands) {
  with_and_without_amx([] {
    for (const int64_t m : {1, 5, 16, 17, 33, 48}) {
      for (const int64_t n : {1, 7, 16, 33, 65}) {
        for (const int64_t k : {1, 2, 31, 64, 70}) {
          for_layouts(m + n + k, 17, [&](Layout layout) { Product(m, n, k, layout).check(); });
        }
      }
    }
  });
}

TEST_P(GemmBf16Test, MatchesTheNaiveProductForLargerShapes) {
  const int64_t shapes[][3] = {{140, 40, 1030}, {40, 530, 60}, {200, 100, 24}};
  with_and_without_amx([&] {
    for (const auto& [m, n, k] : shapes)
      for_layouts(m, 13, [&](Layout layout) { Product(m, n, k, layout).check(); });
  });
}

TEST_P(GemmBf16Test, AnyPartitionOfTilesGivesTheSameBits) {
  const int64_t shapes[][3] = {{100, 70, 1100}, {33, 600, 40}, {300, 40, 64}};
  with_and_without_amx([&] {
    for (const auto& [m, n, k] : shapes) {
      for_layouts(n, 5, [&](Layout layout) {
        const Product product(m, n, k, layout);
        ASSERT_EQ(product.run(), product.run(true));
      });
    }
  });
}

TEST_P(GemmBf16Test, RoundsToTheNearestEvenAndKeepsWhatIsNotFinite) {
  const float ulp = 0x1p-7f, inf = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<float, float>> cases = {{1 + ulp / 2, 1},
                                                      {1 + ulp / 2 + 0x1p-23f, 1 + ulp},
                                                      {1 + 1.5f * ulp, 1 + 2 * ulp},
                                                      {-1 - ulp / 2, -1},
                                                      {0, 0},
                                                      {inf, inf},
                                                      {-inf, -inf},
                                                      {3.39e38f, 3.3895314e38f},
                                                      {3.4028235e38f, inf},
                                                      {0.1f, 0.10009765625f}};
  const Product product(32, 32, 1, {});
  with_and_without_amx([&] {
    for (const auto& [from, to] : cases) {
      Product p = product;
      p.a.assign(p.a.size(), from);
      p.b.assign(p.b.size(), 1.0f);
      // Zeros that pad k would make NaN of an infinity if A were not padded as well.
      EXPECT_EQ(p.run()[p.at(3, 5)], to) << from;
    }
    Product p = product;
    p.b.assign(p.b.size(), 1.0f);
    for (const uint32_t bits : {0x7FC00000u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0x7F800001u}) {
      p.a.assign(p.a.size(), std::bit_cast<float>(bits));
      EXPECT_TRUE(std::isnan(p.run()[p.at(3, 5)])) << bits;
    }
  });
}

TEST_P(GemmBf16Test, CutsTheLongerSide) {
  EXPECT_GE(gemm_bf16_tiles(1024, 512), 16);
  EXPECT_GE(gemm_bf16_tiles(32, 512), 16);
  EXPECT_EQ(gemm_bf16_tiles(1, 24), 1);
  EXPECT_EQ(gemm_bf16_tiles(0, 24), 0);
  EXPECT_EQ(gemm_bf16_tiles(24, 0), 0);
}

}  // namespace
}  // namespace nd::simd
