#include "model_text.h"

#include <charconv>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "io/format.h"
#include "io/safetensors.h"

namespace nd::fuzz {

namespace {

using nlohmann::ordered_json;
constexpr int64_t kMostBytes = 1 << 20;

/// The text up to the next `separator`, which is taken too.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

template <class T>
std::string filled(std::string_view values, int64_t bytes) {
  std::vector<T> pattern;
  while (!values.empty()) pattern.push_back(number<T>(take(values, ' ')));
  if (pattern.empty()) pattern.push_back(T(1));
  std::string out;
  for (int64_t i = 0; i < bytes / static_cast<int64_t>(sizeof(T)); ++i) {
    const T value = pattern[static_cast<size_t>(i) % pattern.size()];
    out.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  return out;
}

struct Tensor {
  std::string dtype, bytes;
  std::vector<int64_t> shape;
};

std::string content(std::string_view dtype, std::string_view values, int64_t bytes) {
  if (dtype == "F64") return filled<double>(values, bytes);
  if (dtype == "F32") return filled<float>(values, bytes);
  if (dtype == "I64") return filled<int64_t>(values, bytes);
  return std::string(static_cast<size_t>(bytes), '\0');
}

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string digest_of(std::string_view bytes) {
  return io::digest(std::as_bytes(std::span(bytes)));
}

}  // namespace

std::vector<uint8_t> model_bytes(std::string_view text) {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
  int64_t total = 0;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string key(take(line, ' '));
    if (key != "tensor") {
      metadata[key] = line;
      continue;
    }
    const std::string name(take(line, ' '));
    Tensor tensor;
    tensor.dtype = take(line, ' ');
    std::string_view shape = take(line, ' ');
    while (!shape.empty()) tensor.shape.push_back(number<int64_t>(take(shape, ',')));
    const int64_t bytes = io::checked_bytes(tensor.shape, io::size_of(tensor.dtype));
    if (bytes < 0 || (total += bytes) > kMostBytes) return {};
    tensor.bytes = content(tensor.dtype, line, bytes);
    tensors[name] = std::move(tensor);
  }

  std::string all;
  metadata.erase("digests");
  // What the format turns into valid UTF-8 must be digested as it will be read.
  metadata = ordered_json::parse(text_of(ordered_json(metadata)));
  for (const auto& [key, value] : metadata) all += key + '\0' + value + '\0';
  ordered_json digests = {{"metadata", digest_of(all)}, {"tensors", ordered_json::object()}};
  for (const auto& [name, tensor] : tensors) digests["tensors"][name] = digest_of(tensor.bytes);
  metadata["digests"] = text_of(digests);

  ordered_json header;
  header["__metadata__"] = metadata;
  std::string data;
  for (const int64_t item : {8, 4, 2, 1}) {  // aligned without gaps: large elements first
    for (const auto& [name, tensor] : tensors) {
      if (io::size_of(tensor.dtype) != item) continue;
      const size_t begin = data.size();
      data += tensor.bytes;
      header[name] = {
          {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
    }
  }
  std::string head = text_of(header);
  head.resize((head.size() + 7) / 8 * 8, ' ');
  const uint64_t size = head.size();
  std::vector<uint8_t> file(8 + head.size() + data.size());
  std::memcpy(file.data(), &size, 8);
  std::memcpy(file.data() + 8, head.data(), head.size());
  if (!data.empty()) std::memcpy(file.data() + 8 + head.size(), data.data(), data.size());
  return file;
}

}  // namespace nd::fuzz
