#include "simd/amx.h"

#include <atomic>

#if defined(__x86_64__) && defined(__linux__) && (defined(__clang__) || __GNUC__ >= 11)
#define ND_AMX 1
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "simd/tile_access.h"
#endif

namespace nd::simd {

namespace {

std::atomic<bool> wanted{true};

}  // namespace

void select_amx(bool use) { wanted = use; }

#ifdef ND_AMX

namespace {

// arch_prctl(2) and the number of the tile data among the processor's states.
constexpr long kGetSupported = 0x1021, kRequestPermission = 0x1023, kTileData = 18;

constexpr int64_t kSide = kTileLines;
constexpr int64_t kPanel = 32;  // gemm_panel() of every processor with AMX
constexpr int64_t kLineBytes = 64;

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes[16] = {};
  uint8_t rows[16] = {};
};

// The compiler does not know that tile instructions read and write memory.
inline void fence() { asm volatile("" ::: "memory"); }

struct Place {
  float* c;
  int64_t rows, columns;  ///< that exist
  bool whole() const { return rows >= kSide && columns >= kSide; }
};

Place place(const Bf16Block& block, int64_t row, int64_t column) {
  return {block.c + row * block.ldc + column / kPanel * block.c_panel + column % kPanel,
          std::min(kSide, block.rows - row), std::min(kSide, block.columns - column)};
}

// Brings the part of C that comes next into the cache, a few lines with every step of k: C is
// written faster than memory would follow.
class Fetch {
 public:
  Fetch(const Bf16Block& block, int64_t row, int64_t column) : ldc_(block.ldc) {
    row += 2 * kSide;
    if (row >= block.rows) {
      row = 0;
      column += 2 * kSide;
    }
    if (column >= block.columns) return;
    next_ = place(block, row, column).c;
    left_ = std::min(2 * kSide, block.rows - row);
    at_once_ = (left_ + block.depth - 1) / block.depth;
  }
  void some() {
    for (int64_t i = std::min(at_once_, left_); i > 0; --i, --left_, next_ += ldc_) {
      __builtin_prefetch(next_, 1);
      __builtin_prefetch(next_ + kSide, 1);
    }
  }

 private:
  const float* next_ = nullptr;
  int64_t ldc_, left_ = 0, at_once_ = 0;
};

// A tile at the edge of C goes through a buffer.
void copy_in(const Place& p, int64_t ldc, float* buffer) {
  for (int64_t i = 0; i < p.rows; ++i) std::copy_n(p.c + i * ldc, p.columns, buffer + i * kSide);
}
void copy_out(const float* buffer, const Place& p, int64_t ldc) {
  for (int64_t i = 0; i < p.rows; ++i) std::copy_n(buffer + i * kSide, p.columns, p.c + i * ldc);
}

}  // namespace

bool amx_present() {
  static const bool present = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned kBf16 = 1u << 22, kTiles = 1u << 24;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
    if ((d & kBf16) == 0 || (d & kTiles) == 0) return false;
    uint64_t states = 0;
    return syscall(SYS_arch_prctl, kGetSupported, &states) == 0 && (states >> kTileData & 1) != 0;
  }();
  return present;
}

bool amx_usable() {
  static const bool granted =
      amx_present() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return granted && wanted.load(std::memory_order_relaxed);
}

// Tiles are written as numbers because the instructions take no variables. 0–3 are sums of C,
// 4 and 5 are of A, 6 and 7 of B.
#define ND_LOAD_SUM(tile, p)               \
  if (!block.add) {                        \
    _tile_zero(tile);                      \
  } else if ((p).whole()) {                \
    ND_TILE_LOAD(tile, (p).c, ldc_bytes)   \
  } else {                                 \
    copy_in(p, block.ldc, buffer);         \
    fence();                               \
    ND_TILE_LOAD(tile, buffer, kLineBytes) \
  }
#define ND_STORE_SUM(tile, p)               \
  if ((p).whole()) {                        \
    ND_TILE_STORE(tile, (p).c, ldc_bytes)   \
  } else {                                  \
    ND_TILE_STORE(tile, buffer, kLineBytes) \
    fence();                                \
    copy_out(buffer, p, block.ldc);         \
  }

// Both strips of A (or of B) at once.
#define ND_LOAD_A(offset)                        \
  ND_TILE_LOAD(4, a0 + t + (offset), kLineBytes) \
  ND_TILE_LOAD(5, a1 + t + (offset), kLineBytes)
#define ND_LOAD_B(offset)                        \
  ND_TILE_LOAD(6, b0 + t + (offset), kLineBytes) \
  ND_TILE_LOAD(7, b1 + t + (offset), kLineBytes)
#define ND_MULTIPLY()      \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  _tile_dpbf16ps(2, 5, 6); \
  _tile_dpbf16ps(3, 5, 7);

namespace {

__attribute__((target("amx-tile"))) void configure() {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.bytes[t] = kLineBytes;
    config.rows[t] = kSide;
  }
  fence();
  _tile_loadconfig(&config);
}

template <int kParts>
__attribute__((target("amx-tile,amx-bf16"))) void multiply(const Bf16Block& block) {
  constexpr int64_t kStep = kParts * kTileElements;
  configure();
  alignas(64) float buffer[kTileElements] = {};
  const int64_t ldc_bytes = block.ldc * static_cast<int64_t>(sizeof(float));
  const int64_t strip = block.depth * kStep;
  for (int64_t column = 0; column < block.columns; column += 2 * kSide) {
    const float* b0 = block.b + column / kSide * strip;
    const bool two_columns = column + kSide < block.columns;
    for (int64_t row = 0; row < block.rows; row += 2 * kSide) {
      const float* a0 = block.a + row / kSide * strip;
      const bool two_rows = row + kSide < block.rows;
      // A strip that does not exist is computed as the one before it, and not stored.
      const float *a1 = a0 + (two_rows ? strip : 0), *b1 = b0 + (two_columns ? strip : 0);
      const Place p00 = place(block, row, column);
      const Place p01 = two_columns ? place(block, row, column + kSide) : p00;
      const Place p10 = two_rows ? place(block, row + kSide, column) : p00;
      const Place p11 = two_rows && two_columns ? place(block, row + kSide, column + kSide) : p00;
      ND_LOAD_SUM(0, p00)
      ND_LOAD_SUM(1, p01)
      ND_LOAD_SUM(2, p10)
      ND_LOAD_SUM(3, p11)
      Fetch fetch(block, row, column);
      for (int64_t t = 0; t < strip; t += kStep) {
        fetch.some();
        if (kParts == 1 && !two_rows) {
          ND_TILE_LOAD(4, a0 + t, kLineBytes)
          ND_LOAD_B(0)
          _tile_dpbf16ps(0, 4, 6);
          _tile_dpbf16ps(1, 4, 7);
        } else if constexpr (kParts == 1) {
          ND_LOAD_A(0)
          ND_LOAD_B(0)
          ND_MULTIPLY()
        } else {
          // Parts 0, 1, 2 of either operand weigh 1, 2^-8, 2^-16: products below 2^-16 are dropped.
          // In this order one operand changes at a time, and the largest product comes last.
          ND_LOAD_A(2 * kTileElements)
          ND_LOAD_B(0)
          ND_MULTIPLY()
          ND_LOAD_A(kTileElements)
          ND_MULTIPLY()
          ND_LOAD_B(kTileElements)
          ND_MULTIPLY()
          ND_LOAD_A(0)
          ND_MULTIPLY()
          ND_LOAD_B(2 * kTileElements)
          ND_MULTIPLY()
          ND_LOAD_B(0)
          ND_MULTIPLY()
        }
      }
      ND_STORE_SUM(0, p00)
      if (two_columns) {
        ND_STORE_SUM(1, p01)
      }
      if (two_rows) {
        ND_STORE_SUM(2, p10)
      }
      if (two_rows && two_columns) {
        ND_STORE_SUM(3, p11)
      }
    }
  }
  fence();
  _tile_release();
}

}  // namespace

// Sums 0–3 of neighbouring strips of columns, 4–6 the parts of A, 7 one part of B.
#define ND_WITH_B(sum, part) ND_TILE_LOAD(7, b + (sum)*strip + t + (part)*kTileElements, kLineBytes)
#define ND_STRIP_PART_2(sum) \
  ND_WITH_B(sum, 2)          \
  _tile_dpbf16ps(sum, 4, 7);
#define ND_STRIP_PART_1(sum) \
  ND_WITH_B(sum, 1)          \
  _tile_dpbf16ps(sum, 5, 7); \
  _tile_dpbf16ps(sum, 4, 7);
#define ND_STRIP_PART_0(sum) \
  ND_WITH_B(sum, 0)          \
  _tile_dpbf16ps(sum, 6, 7); \
  _tile_dpbf16ps(sum, 5, 7); \
  _tile_dpbf16ps(sum, 4, 7);
#define ND_FOUR(what) what(0) what(1) what(2) what(3)

__attribute__((target("amx-tile,amx-bf16"))) void amx_multiply_strip(const Bf16Block& block) {
  constexpr int64_t kStep = 3 * kTileElements;
  configure();
  const int64_t ldc_bytes = block.ldc * static_cast<int64_t>(sizeof(float));
  const int64_t strip = block.depth * kStep;
  const float *a = block.a, *b = block.b;
  for (int64_t column = 0; column < block.columns; column += 4 * kSide, b += 4 * strip) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t t = 0; t < strip; t += kStep) {
      ND_TILE_LOAD(4, a + t, kLineBytes)
      ND_TILE_LOAD(5, a + t + kTileElements, kLineBytes)
      ND_TILE_LOAD(6, a + t + 2 * kTileElements, kLineBytes)
      ND_FOUR(ND_STRIP_PART_2)
      ND_FOUR(ND_STRIP_PART_1)
      ND_FOUR(ND_STRIP_PART_0)
    }
    float* c = block.c + column;
    ND_TILE_STORE(0, c, ldc_bytes)
    ND_TILE_STORE(1, c + kSide, ldc_bytes)
    ND_TILE_STORE(2, c + 2 * kSide, ldc_bytes)
    ND_TILE_STORE(3, c + 3 * kSide, ldc_bytes)
  }
  fence();
  _tile_release();
}

void amx_multiply(const Bf16Block& block) {
  block.parts == 1 ? multiply<1>(block) : multiply<3>(block);
}

#undef ND_LOAD_SUM
#undef ND_STORE_SUM
#undef ND_LOAD_A
#undef ND_LOAD_B
#undef ND_MULTIPLY
#undef ND_WITH_B
#undef ND_STRIP_PART_0
#undef ND_STRIP_PART_1
#undef ND_STRIP_PART_2
#undef ND_FOUR

#else

bool amx_present() { return false; }
bool amx_usable() { return false; }
void amx_multiply(const Bf16Block&) {}
void amx_multiply_strip(const Bf16Block&) {}

#endif

}  // namespace nd::simd
