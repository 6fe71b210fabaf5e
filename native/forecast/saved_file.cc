#include "forecast/saved_file.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kFormat[] = "neuro-divergent";
constexpr int64_t kFormatVersion = 1;

/// One digest over all metadata but the digests themselves.
std::string metadata_digest(const Metadata& metadata) {
  std::string all;
  for (const auto& [key, value] : metadata) {
    if (key != "digests") all += key + '\0' + value + '\0';
  }
  return io::digest(std::as_bytes(std::span(all)));
}

}  // namespace

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void TensorList::view(std::string name, const char* dtype, std::vector<int64_t> shape,
                      std::span<const std::byte> bytes) {
  digests_[name] = io::digest(bytes);
  tensors_.push_back({std::move(name), dtype, std::move(shape), bytes});
}

void TensorList::own(std::string name, const char* dtype, std::vector<int64_t> shape,
                     std::span<const std::byte> bytes) {
  storage_.emplace_back(bytes.begin(), bytes.end());
  view(std::move(name), dtype, std::move(shape), storage_.back());
}

void write_saved_file(const std::string& path, Metadata metadata, const TensorList& list) {
  metadata["format"] = kFormat;
  metadata["format_version"] = std::to_string(kFormatVersion);
  metadata["package_version"] = kPackageVersion;
  ordered_json digests;
  digests["metadata"] = metadata_digest(metadata);
  digests["tensors"] = list.digests();
  metadata["digests"] = text_of(digests);
  io::write_safetensors(path, metadata, list.tensors());
}

void SavedFile::refuse(const std::string& what) const {
  throw Error(Code::file, "[load] " + path_ + ": " + what);
}

SavedFile::SavedFile(const std::string& path, bool described) : path_(path), file_(path) {
  if (described) return;
  check_format();
  const json digests = parse("digests");
  const auto expected = digests.find("metadata");
  if (expected == digests.end() || !expected->is_string() ||
      *expected != metadata_digest(file_.metadata())) {
    refuse("the metadata does not match its digest; the file is damaged");
  }
  check_tensors(digests);
}

json SavedFile::parse(const char* key) const {
  const json value = json::parse(text(key), nullptr, false);
  if (!value.is_object() && !value.is_array())
    refuse(std::string("the metadata \"") + key + "\" is not valid JSON");
  return value;
}
ordered_json SavedFile::parse_ordered(const char* key) const {
  ordered_json value = ordered_json::parse(text(key), nullptr, false);
  if (value.is_discarded()) refuse(std::string("the metadata \"") + key + "\" is not valid JSON");
  return value;
}

const io::TensorView& SavedFile::require(const std::string& name, const char* dtype,
                                         const std::vector<int64_t>& shape) const {
  const auto found = file_.tensors().find(name);
  if (found == file_.tensors().end()) refuse("the tensor " + name + " is missing");
  const io::TensorView& tensor = found->second;
  const bool fits =
      shape == std::vector<int64_t>{-1} ? tensor.shape.size() == 1 : tensor.shape == shape;
  if (tensor.dtype != dtype || !fits)
    refuse("the tensor " + name + " has an unexpected type or shape");
  return tensor;
}
std::string SavedFile::note() const {
  const auto found = file_.metadata().find(kNote);
  return found == file_.metadata().end() ? "" : found->second;
}

void SavedFile::refuse_unused() const {
  for (const auto& [name, tensor] : file_.tensors()) {
    if (used_.count(name) == 0) refuse("holds the unexpected tensor " + name);
  }
}

const std::string& SavedFile::text(const std::string& key) const {
  const auto found = file_.metadata().find(key);
  if (found == file_.metadata().end()) refuse("the metadata \"" + key + "\" is missing");
  return found->second;
}

/// Before any digest: a later version may compute them differently.
void SavedFile::check_format() const {
  const auto format = file_.metadata().find("format");
  if (format == file_.metadata().end() || format->second != kFormat) {
    refuse(
        "this is no file saved by neuro-divergent (metadata \"format\" is not "
        "\"neuro-divergent\"); to "
        "import weights of another library use loadWeights()");
  }
  const std::string& version_text = text("format_version");
  int64_t version = 0;
  const auto [end, status] =
      std::from_chars(version_text.data(), version_text.data() + version_text.size(), version);
  if (status != std::errc() || end != version_text.data() + version_text.size() || version < 1) {
    refuse("received format_version \"" + version_text + "\", expected a whole number from 1");
  }
  if (version > kFormatVersion) {
    const auto writer = file_.metadata().find("package_version");
    refuse("has format version " + version_text + ", and this version (" + kPackageVersion +
           ") reads up to " + std::to_string(kFormatVersion) + "; install neuro-divergent " +
           (writer == file_.metadata().end() ? "that wrote it" : writer->second) + " or later");
  }
}

void SavedFile::check_tensors(const json& digests) const {
  const auto expected = digests.find("tensors");
  if (expected == digests.end() || !expected->is_object())
    refuse("the digests of the tensors are missing");
  for (const auto& [name, digest] : expected->items()) {
    if (!has(name)) refuse("the tensor " + name + " is missing");
  }
  for (const auto& [name, tensor] : file_.tensors()) {
    const auto found = expected->find(name);
    if (found == expected->end() || !found->is_string() || *found != io::digest(tensor.bytes)) {
      refuse("the tensor " + name + " does not match its digest; the file is damaged");
    }
  }
}

}  // namespace nd::forecast
