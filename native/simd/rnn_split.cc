// The products of recurrent kernels on a matrix unit, every float in three parts (gemm_split.cc):
// one strip of rows, and a weight that was split when it changed. Per target; used by simd/rnn.cc.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/rnn_split.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/rnn-inl.h"
#include "simd/rnn.h"
#if HWY_TARGET == HWY_AVX3_SPR
#include "simd/gemm_split-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3_SPR

static_assert(kRecurrentRows == kTileLines && kGroup == 4 * kTileLines);

int64_t row_tiles(int64_t k) {
  return amx_usable() ? ceil_div(k, kTileDepth) * Split::kParts * kTileElements : 0;
}

int64_t weight_tiles(int64_t k, int64_t n, int64_t parts) {
  return groups_of(n, parts) * kSide * row_tiles(k);
}

void split_weight(const float* packed, int64_t k, int64_t n, int64_t parts, float* tiles) {
  for (int64_t g = 0; g < groups_of(n, parts); ++g) {
    const Source group{packed + g * k * kGroup, kGroup, kPanel, k, kGroup, false};
    tiles = pack_strips<Split, true>(group, 0, kGroup, 0, ceil_div(k, kTileDepth), tiles);
  }
}

void split_product(const float* a, int64_t a_row, int64_t k, const float* tiles, int64_t columns,
                   float* c, int64_t c_row, float* scratch) {
  const int64_t depth = ceil_div(k, kTileDepth);
  pack_strips<Split, false>({a, a_row, kPanel, kTileLines, k, true}, 0, kTileLines, 0, depth,
                            scratch);
  Bf16Block block{};
  block.a = scratch;
  block.b = tiles;
  block.depth = depth;
  block.c = c;
  block.ldc = c_row;
  block.columns = columns;
  amx_multiply_strip(block);
}

#else

int64_t row_tiles(int64_t) { return 0; }
int64_t weight_tiles(int64_t, int64_t, int64_t) { return 0; }
void split_weight(const float*, int64_t, int64_t, int64_t, float*) {}
void split_product(const float*, int64_t, int64_t, const float*, int64_t, float*, int64_t, float*) {
}

#endif

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(weight_tiles);
HWY_EXPORT(split_weight);

int64_t recurrent_split_floats(int64_t k, int64_t n, int64_t parts) {
  return HWY_DYNAMIC_DISPATCH(weight_tiles)(k, n, parts);
}
void split_recurrent(const float* packed, int64_t k, int64_t n, int64_t parts, float* split) {
  HWY_DYNAMIC_DISPATCH(split_weight)(packed, k, n, parts, split);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
