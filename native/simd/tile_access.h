// Tells sanitizers what tile instructions read and write. To a compiler they are assembly or opaque
// builtins, so without this a tile that reaches beyond its buffer, or that two threads write, would
// go unseen. Nothing in any other build.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ND_TELLS_ADDRESS 1
#elif __has_feature(thread_sanitizer)
#define ND_TELLS_THREAD 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ND_TELLS_ADDRESS 1
#elif defined(__SANITIZE_THREAD__)
#define ND_TELLS_THREAD 1
#endif

#if defined(ND_TELLS_ADDRESS)
#include <sanitizer/asan_interface.h>
#elif defined(ND_TELLS_THREAD)
extern "C" {
void __tsan_read_range(void* begin, unsigned long bytes);
void __tsan_write_range(void* begin, unsigned long bytes);
}
#endif

namespace nd::simd {

/// A tile register holds this many lines of 64 bytes.
inline constexpr int kTileRegisterLines = 16, kTileRegisterBytes = 64;

/// A whole tile is read from (or written to, `kWrites`) lines that are `stride` bytes apart.
template <bool kWrites>
inline void tell_tile([[maybe_unused]] const void* at, [[maybe_unused]] int64_t stride) {
#if defined(ND_TELLS_ADDRESS) || defined(ND_TELLS_THREAD)
  for (int line = 0; line < kTileRegisterLines; ++line) {
    char* begin = const_cast<char*>(static_cast<const char*>(at)) + line * stride;
#if defined(ND_TELLS_ADDRESS)
    // An access that is instrumented, at the first byte that may not be touched: the usual report.
    auto* bad = static_cast<volatile char*>(__asan_region_is_poisoned(begin, kTileRegisterBytes));
    if (bad != nullptr && kWrites) *bad = 0;
    if (bad != nullptr && !kWrites) (void)*bad;
#else
    (kWrites ? __tsan_write_range : __tsan_read_range)(begin, kTileRegisterBytes);
#endif
  }
#endif
}

/// _tile_loadd and _tile_stored, told.
#define ND_TILE_LOAD(tile, at, stride)      \
  ::nd::simd::tell_tile<false>(at, stride); \
  _tile_loadd(tile, at, stride);
#define ND_TILE_STORE(tile, at, stride)    \
  ::nd::simd::tell_tile<true>(at, stride); \
  _tile_stored(tile, at, stride);

}  // namespace nd::simd
