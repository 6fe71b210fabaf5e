// The safetensors format (u64 header length, JSON header, raw little-endian row-major data):
// reading from a memory map with every offset checked before use, and deterministic atomic writing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nd::io {

/// One tensor inside an open file.
struct TensorView {
  std::string dtype;  ///< "F32", "F64", "I64", "I32", …
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
  int64_t elements() const;
};

/// A memory-mapped file. Throws E0006 naming the path and what is wrong: not there, truncated,
/// header larger than the file or 100 MB, zero bytes in it, invalid JSON, overlapping, out-of-range
/// or unaligned tensors, unknown dtype, size ≠ shape.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  const std::map<std::string, std::string>& metadata() const;
  const std::map<std::string, TensorView>& tensors() const;
  /// Values of an F32, F64, I32, I64 tensor as doubles / floats; throws E0006 when absent.
  std::vector<double> doubles(const std::string& name) const;
  std::vector<float> floats(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A tensor to be written.
struct TensorData {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Same input, same bytes: tensors sorted by dtype (64-bit first) then name, metadata keys sorted,
/// header padded to 8. Written to a temporary file beside `path`, flushed (fsync), renamed over it,
/// directory flushed: a kill leaves the old file or the new, and perhaps the temporary one, which
/// the next write to the same path removes.
void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const TensorData> tensors);

/// 32 hexadecimal digits of XXH3-128 over `bytes`: detects damage, no protection against forgery.
std::string digest(std::span<const std::byte> bytes);

/// Atomic replacement of any file, as write_safetensors does it.
void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> pieces);

}  // namespace nd::io
