// What reader and writer of the safetensors format share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nd::io {

inline constexpr uint64_t kMaxHeader =
    100'000'000;  // of the reference implementation of the format

/// Bytes of an element.
struct DtypeSize {
  std::string_view name;
  int64_t bytes;
};
inline constexpr DtypeSize kDtypes[] = {
    {"F64", 8},  {"I64", 8}, {"U64", 8}, {"F32", 4},  {"I32", 4}, {"U32", 4}, {"F16", 2},
    {"BF16", 2}, {"I16", 2}, {"U16", 2}, {"BOOL", 1}, {"I8", 1},  {"U8", 1}};

/// 0 when unknown.
inline int64_t size_of(std::string_view dtype) {
  for (const DtypeSize& d : kDtypes) {
    if (d.name == dtype) return d.bytes;
  }
  return 0;
}

/// Elements of `shape` times `bytes`, or -1 when negative or beyond 2^63.
inline int64_t checked_bytes(std::span<const int64_t> shape, int64_t bytes) {
  int64_t total = bytes;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(total, size, &total)) return -1;
  }
  return total;
}

/// Throws E0006: `[file] "path": what`.
[[noreturn]] void fail(const std::string& path, const std::string& what);

}  // namespace nd::io
