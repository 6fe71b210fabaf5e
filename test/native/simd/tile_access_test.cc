// What sanitizers are told of tile instructions; there is nothing to see in other builds.
#include "simd/tile_access.h"

#include <gtest/gtest.h>

#if defined(ND_TELLS_ADDRESS)

#include <sanitizer/common_interface_defs.h>

#include <vector>

#include "simd/amx.h"

namespace nd::simd {
namespace {

/// The product of one tile of each operand, of which B has `floats`.
void multiply_with_b_of(size_t floats) {
  const std::vector<float> a(kTileElements), b(floats);
  std::vector<float> c(kTileLines * kTileLines);
  Bf16Block block{};
  block.a = a.data();
  block.b = b.data();
  block.depth = 1;
  block.c = c.data();
  block.ldc = block.rows = block.columns = kTileLines;
  amx_multiply(block);
}

TEST(TileAccessDeathTest, ATileBeyondItsBufferIsReported) {
  if (!amx_usable()) GTEST_SKIP() << "this processor has no AMX";
  multiply_with_b_of(kTileElements);
  EXPECT_DEATH(
      {
        // Not to the file where the findings of a whole run are counted.
        __sanitizer_set_report_path("stderr");
        multiply_with_b_of(kTileElements - 1);
      },
      "heap-buffer-overflow");
}

}  // namespace
}  // namespace nd::simd

#endif
