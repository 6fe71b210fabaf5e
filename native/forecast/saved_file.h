// The format of saved models, without what they mean: a safetensors file whose metadata and tensors
// are covered by digests, read with every type and shape checked.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace nd::forecast {

using Metadata = std::map<std::string, std::string>;

/// JSON as it stands in metadata; text that is not UTF-8 is replaced.
std::string text_of(const nlohmann::ordered_json& value);

/// Tensors to be written, with owned storage where there is no buffer to point to.
class TensorList {
 public:
  void view(std::string name, const char* dtype, std::vector<int64_t> shape,
            std::span<const std::byte> bytes);
  void own(std::string name, const char* dtype, std::vector<int64_t> shape,
           std::span<const std::byte> bytes);
  template <class T>
  void own(std::string name, const char* dtype, std::vector<int64_t> shape,
           const std::vector<T>& values) {
    own(std::move(name), dtype, std::move(shape), std::as_bytes(std::span(values)));
  }
  const std::vector<io::TensorData>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& digests() const { return digests_; }

 private:
  std::deque<std::vector<std::byte>> storage_;
  std::vector<io::TensorData> tensors_;
  std::map<std::string, std::string> digests_;
};

/// Adds format, version and digests to `metadata` and writes the file.
void write_saved_file(const std::string& path, Metadata metadata, const TensorList& list);

/// A file whose digests have been checked, and its parsed metadata.
class SavedFile {
 public:
  /// `described`: one of importCheckpoint, which nothing has saved yet; it has no digests.
  explicit SavedFile(const std::string& path, bool described = false);

  nlohmann::json parse(const char* key) const;
  nlohmann::ordered_json parse_ordered(const char* key) const;
  bool has_metadata(const char* key) const { return file_.metadata().count(key) > 0; }

  /// The tensor after its type and shape have been checked; shape {-1} = any one-dimensional one.
  const io::TensorView& require(const std::string& name, const char* dtype,
                                const std::vector<int64_t>& shape) const;
  template <class T>
  std::vector<T> read(const std::string& name, const char* dtype,
                      const std::vector<int64_t>& shape) {
    const io::TensorView& tensor = require(name, dtype, shape);
    std::vector<T> values(tensor.bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
    used_.insert(name);
    return values;
  }
  std::string note() const;
  bool has(const std::string& name) const { return file_.tensors().count(name) > 0; }
  void refuse_unused() const;
  /// Throws E0006: `[load] path: what`.
  [[noreturn]] void refuse(const std::string& what) const;
  const std::string& path() const { return path_; }

 private:
  const std::string& text(const std::string& key) const;
  void check_format() const;
  void check_tensors(const nlohmann::json& digests) const;

  std::string path_;
  io::SafetensorsFile file_;
  std::set<std::string> used_;
};

/// The metadata key of save()'s note; may be absent.
inline constexpr char kNote[] = "note";

}  // namespace nd::forecast
