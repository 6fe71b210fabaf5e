// Operands of products on packed tiles (simd/amx.h), for one target: how they lie in memory, and
// the walk over their tiles. What becomes of a tile's floats is a `Form`: a struct with kParts, the
// tiles that a tile of floats turns into, and tile<kWhole>(source, line, k, out), which writes
// them with rows that run along the operand's inner index; `kWhole` says that no element lies
// beyond an edge. Per-target header, included once for each target.
#if defined(ND_SIMD_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ND_SIMD_TILES_INL_H_
#undef ND_SIMD_TILES_INL_H_
#else
#define ND_SIMD_TILES_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/amx.h"
#include "simd/gemm.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using Bits = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int64_t kPanel = 2 * kLanes;
constexpr int64_t kTileVectors = kTileLines / kLanes;
constexpr int64_t kCut = 32;  // rows or columns of a tile of C: two strips

HWY_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Part of C that one thread computes, and how it is cut further.
struct Region {
  int64_t row, row_end, column, column_end;
};

/// Tiles [begin, end) of C. The longer side of C is cut, so that the operand that every thread
/// packs is the smaller one.
HWY_INLINE Region region_of(const Gemm& g, int64_t begin, int64_t end) {
  if (g.m >= g.n) return {begin * kCut, HWY_MIN(g.m, end * kCut), 0, g.n};
  return {0, g.m, begin * kCut, HWY_MIN(g.n, end * kCut)};
}

HWY_INLINE int64_t region_tiles(int64_t m, int64_t n) {
  return m == 0 || n == 0 ? 0 : ceil_div(HWY_MAX(m, n), kCut);
}

/// An operand as it lies: element (o, i) = at[i/kPanel*panel + o*stride + i%kPanel], where i runs
/// along k and o along lines, or the other way round.
struct Source {
  const float* at;
  int64_t stride, panel;
  int64_t outers, inners;
  bool k_inner;
};

HWY_INLINE Source source_a(const Gemm& g) {
  if (g.a_col == 1) return {g.a, g.a_row, kPanel, g.m, g.k, true};
  return {g.a, g.a_col, kPanel, g.k, g.m, false};
}

HWY_INLINE Source source_b(const Gemm& g) {
  const bool packed = g.b_row == 0;
  const int64_t outers = g.b_transposed ? g.n : g.k, inners = g.b_transposed ? g.k : g.n;
  return {
      g.b,           packed ? kPanel : g.b_row, packed ? outers * kPanel : kPanel, outers, inners,
      g.b_transposed};
}

/// Where an element lies, or would.
HWY_INLINE const float* element(const Source& s, int64_t outer, int64_t inner) {
  return s.at + inner / kPanel * s.panel + outer * s.stride + inner % kPanel;
}

/// `inner` begins a vector. Zeros beyond the edges, unless all of it exists.
template <bool kWhole>
HWY_INLINE V load(const Source& s, int64_t outer, int64_t inner) {
  const D d;
  const float* p = element(s, outer, inner);
  if constexpr (kWhole) return hn::LoadU(d, p);
  if (outer >= s.outers || inner >= s.inners) return hn::Zero(d);
  return hn::LoadN(d, p, static_cast<size_t>(HWY_MIN(kLanes, s.inners - inner)));
}

HWY_INLINE void transpose_tile(const float* in, float* out) {
  const D d;
  for (int64_t v = 0; v < kTileVectors; ++v) {
    const float* row[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) row[i] = in + (v * kLanes + i) * kTileLines;
    for (int64_t c = 0; c < kTileLines; c += 4) {
      V column[4];
      transpose_four(d, row, c, column);
      for (int64_t q = 0; q < 4; ++q)
        hn::StoreU(column[q], d, out + (c + q) * kTileLines + v * kLanes);
    }
  }
}

/// One tile of B (kPairs) or A.
template <class Form, bool kPairs>
HWY_INLINE void pack_tile(const Source& s, int64_t line, int64_t k, float* out) {
  alignas(64) float turned[Form::kParts * kTileElements];
  const bool turns = s.k_inner == kPairs;
  const int64_t outer_end = s.k_inner ? line + kTileLines : k + kTileDepth,
                inner_end = s.k_inner ? k + kTileDepth : line + kTileLines;
  float* to = turns ? turned : out;
  if (outer_end <= s.outers && inner_end <= s.inners) {
    Form::template tile<true>(s, line, k, to);
  } else {
    Form::template tile<false>(s, line, k, to);
  }
  if (!turns) return;
  for (int p = 0; p < Form::kParts; ++p)
    transpose_tile(turned + p * kTileElements, out + p * kTileElements);
}

/// Lines [begin, end) and `depth` tiles from k0 on, as strips; returns their end.
template <class Form, bool kPairs>
float* pack_strips(const Source& s, int64_t begin, int64_t end, int64_t k0, int64_t depth,
                   float* out) {
  constexpr int64_t kFloats = Form::kParts * kTileElements;
  const int64_t strips = ceil_div(end - begin, kTileLines);
  // Along memory.
  const int64_t outer = s.k_inner ? strips : depth, inner = s.k_inner ? depth : strips;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t strip = s.k_inner ? o : i, t = s.k_inner ? i : o;
      pack_tile<Form, kPairs>(s, begin + strip * kTileLines, k0 + t * kTileDepth,
                              out + (strip * depth + t) * kFloats);
    }
  }
  return out + strips * depth * kFloats;
}

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
