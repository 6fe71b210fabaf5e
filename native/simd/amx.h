// The matrix unit of recent x86 servers (AMX): products of 16 x 32 by 32 x 16 tiles of bfloat16
// into float sums, one instruction each. Highway does not know it, and Linux gives it to processes
// that ask; everything about that is here.
#pragma once

#include <cstdint>

namespace nd::simd {

/// Lines (rows of A, columns of B) and k of a packed tile; two successive k lie in one 32-bit
/// element.
inline constexpr int64_t kTileLines = 16, kTileDepth = 32, kTileElements = 256;

/// C[rows, columns] = (add ? C : 0) + A·B on packed tiles. A tile of A is [line][k / 2], one of B
/// is [k / 2][line]; strips of 16 lines follow each other, each `depth` tiles long, padded with
/// zeros. In three parts, a tile is three: an element is their sum.
struct Bf16Block {
  const float *a, *b;  ///< elements are pairs of bfloat16, the even k in the low half
  int64_t depth;
  float* c;  ///< C(i,j) = c[i*ldc + j/panel*c_panel + j%panel], panel = gemm_panel()
  int64_t ldc, c_panel;
  int64_t rows, columns;
  bool add;
  int parts = 1;  ///< or 3: the products of parts that matter in single precision are summed
};

/// Whether processor and kernel have AMX with bfloat16.
bool amx_present();
/// Whether this process may use it: asks the kernel once, at the first call. From then on every
/// thread that does has 8 KiB more state.
bool amx_usable();
/// For tests: false keeps to what Highway offers.
void select_amx(bool wanted);
/// The block by AMX; only where amx_usable(), with panels of 32.
void amx_multiply(const Bf16Block& block);
/// A block in three parts of one strip of A (all 16 rows exist in C, which is row-major and not
/// added to) and a multiple of 64 columns.
void amx_multiply_strip(const Bf16Block& block);

}  // namespace nd::simd
