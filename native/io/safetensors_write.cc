#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/format.h"
#include "io/safetensors.h"

namespace nd::io {

void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const TensorData> tensors) {
  std::vector<const TensorData*> order;
  for (const TensorData& t : tensors) {
    check_internal(size_of(t.dtype) > 0 && checked_bytes(t.shape, size_of(t.dtype)) ==
                                               static_cast<int64_t>(t.bytes.size()),
                   "write_safetensors: bytes of a tensor as its shape and dtype say");
    order.push_back(&t);
  }
  std::sort(order.begin(), order.end(), [](const TensorData* a, const TensorData* b) {
    const int64_t size_a = size_of(a->dtype), size_b = size_of(b->dtype);
    return size_a != size_b ? size_a > size_b
                            : std::pair(a->dtype, a->name) < std::pair(b->dtype, b->name);
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::vector<std::span<const std::byte>> pieces(2);
  uint64_t offset = 0;
  for (const TensorData* t : order) {
    check_internal(!header.contains(t->name), "write_safetensors: distinct names");
    header[t->name] = {{"dtype", t->dtype},
                       {"shape", t->shape},
                       {"data_offsets", {offset, offset + t->bytes.size()}}};
    offset += t->bytes.size();
    pieces.push_back(t->bytes);
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail(path, "cannot be written: a name or metadata text is no valid UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxHeader) {
    fail(path, "cannot be written: its header has " + std::to_string(text.size()) +
                   " bytes, the format allows " + std::to_string(kMaxHeader));
  }
  const uint64_t header_size = text.size();
  pieces[0] = std::as_bytes(std::span(&header_size, 1));
  pieces[1] = std::as_bytes(std::span(text.data(), text.size()));
  write_file_atomically(path, pieces);
}

}  // namespace nd::io
