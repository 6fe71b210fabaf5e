// The products of recurrent kernels on a matrix unit, every float in three parts (gemm_split.cc) or
// rounded to bfloat16: one strip of rows, and a weight that was split when it changed. Per target;
// used by simd/rnn.cc.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/rnn_split.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/gemm_bf16-inl.h"
#include "simd/gemm_split-inl.h"
#include "simd/rnn-inl.h"
#include "simd/rnn.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3_SPR

static_assert(kRecurrentRows == kTileLines && kGroup == 4 * kTileLines);

int64_t row_tiles(int64_t k, bool rounded) {
  const int64_t parts = rounded ? Rounded::kParts : Split::kParts;
  return amx_usable() ? ceil_div(k, kTileDepth) * parts * kTileElements : 0;
}

int64_t weight_tiles(int64_t k, int64_t n, int64_t parts, bool rounded) {
  return groups_of(n, parts) * kSide * row_tiles(k, rounded);
}

void split_weight(const float* packed, int64_t k, int64_t n, int64_t parts, bool rounded,
                  float* tiles) {
  const auto pack = rounded ? pack_strips<Rounded, true> : pack_strips<Split, true>;
  for (int64_t g = 0; g < groups_of(n, parts); ++g) {
    const Source group{packed + g * k * kGroup, kGroup, kPanel, k, kGroup, false};
    tiles = pack(group, 0, kGroup, 0, ceil_div(k, kTileDepth), tiles);
  }
}

void split_product(const float* a, int64_t a_row, int64_t k, const float* tiles, bool rounded,
                   int64_t columns, float* c, int64_t c_row, float* scratch) {
  const auto pack = rounded ? pack_strips<Rounded, false> : pack_strips<Split, false>;
  Bf16Block block{};
  block.depth = ceil_div(k, kTileDepth);
  pack({a, a_row, kPanel, kTileLines, k, true}, 0, kTileLines, 0, block.depth, scratch);
  block.a = scratch;
  block.b = tiles;
  block.c = c;
  block.ldc = c_row;
  block.c_panel = kPanel;
  block.rows = kTileLines;
  block.columns = columns;
  (rounded ? amx_multiply : amx_multiply_strip)(block);
}

#else

int64_t row_tiles(int64_t, bool) { return 0; }
int64_t weight_tiles(int64_t, int64_t, int64_t, bool) { return 0; }
void split_weight(const float*, int64_t, int64_t, int64_t, bool, float*) {}
void split_product(const float*, int64_t, int64_t, const float*, bool, int64_t, float*, int64_t,
                   float*) {}

#endif

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nd::simd {

HWY_EXPORT(weight_tiles);
HWY_EXPORT(split_weight);

int64_t recurrent_split_floats(int64_t k, int64_t n, int64_t parts, bool rounded) {
  return HWY_DYNAMIC_DISPATCH(weight_tiles)(k, n, parts, rounded);
}
void split_recurrent(const float* packed, int64_t k, int64_t n, int64_t parts, bool rounded,
                     float* split) {
  HWY_DYNAMIC_DISPATCH(split_weight)(packed, k, n, parts, rounded, split);
}

}  // namespace nd::simd
#endif  // HWY_ONCE
