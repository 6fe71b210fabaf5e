#include "io/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "base/error.h"
#include "io/format.h"

namespace nd::io {

static_assert(std::endian::native == std::endian::little,
              "the file format is little-endian and read in place");

void fail(const std::string& path, const std::string& what) {
  nlohmann::ordered_json details = {{"path", path}};
  throw Error(Code::file, "[file] \"" + path + "\": " + what,
              details.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

namespace {

class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    // Without O_NONBLOCK opening a named pipe would wait for a writer, perhaps for ever.
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
    struct stat status {};
    std::string problem;
    if (::fstat(file, &status) != 0) {
      problem = std::string("cannot be read: ") + std::strerror(errno);
    } else if (!S_ISREG(status.st_mode)) {
      problem = "is no regular file";
    } else if (status.st_size < 8) {
      problem = "is truncated: it has " + std::to_string(status.st_size) +
                " bytes, expected at least the 8 of the header's length";
    } else {
      size_ = static_cast<size_t>(status.st_size);
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (data_ == MAP_FAILED) problem = std::string("cannot be mapped: ") + std::strerror(errno);
    }
    ::close(file);
    if (!problem.empty()) fail(path, problem);
  }
  ~Mapping() { ::munmap(data_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  void* data_ = MAP_FAILED;
  size_t size_ = 0;
};

/// Parses the header; a name given twice, which a JSON library would silently merge, is damage.
nlohmann::json parse_header(const std::string& path, std::string_view text) {
  std::set<std::string> names;
  std::string repeated;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::key && depth == 1 &&
        !names.insert(value.get<std::string>()).second) {
      repeated = value.get<std::string>();
    }
    return true;
  };
  nlohmann::json header;
  try {
    header = nlohmann::json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception& e) {
    fail(path, std::string("the header is no valid JSON: ") + e.what());
  }
  if (!header.is_object()) fail(path, "the header is no JSON object");
  if (!repeated.empty()) fail(path, "the header names \"" + repeated + "\" twice");
  return header;
}

/// A size or offset: a non-negative JSON integer below 2^63.
int64_t read_size(const std::string& path, const std::string& place, const nlohmann::json& value) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    fail(path,
         place + " is " +
             value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 64) +
             ", expected a non-negative integer");
  }
  return value.get<int64_t>();
}

template <typename To, typename From>
std::vector<To> converted(std::span<const std::byte> bytes) {
  std::vector<To> out(bytes.size() / sizeof(From));
  if constexpr (std::is_same_v<To, From>) {
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  } else {
    for (size_t i = 0; i < out.size(); ++i) {
      From value;
      std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
      out[i] = static_cast<To>(value);
    }
  }
  return out;
}

}  // namespace

int64_t TensorView::elements() const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

struct SafetensorsFile::Impl {
  std::string path;
  Mapping mapping;
  std::map<std::string, std::string> metadata;
  std::map<std::string, TensorView> tensors;

  explicit Impl(const std::string& p) : path(p), mapping(p) {
    const auto file = mapping.bytes();
    uint64_t header_size = 0;
    std::memcpy(&header_size, file.data(), 8);
    if (header_size > kMaxHeader) {
      fail(path, "states a header of " + std::to_string(header_size) + " bytes, expected at most " +
                     std::to_string(kMaxHeader));
    }
    if (header_size > file.size() - 8) {
      fail(path, "is truncated: the header has " + std::to_string(header_size) +
                     " bytes, the file " + std::to_string(file.size() - 8) + " after its first 8");
    }
    const std::string_view text(reinterpret_cast<const char*>(file.data()) + 8,
                                static_cast<size_t>(header_size));
    // The JSON library takes a zero byte for the end of the text and would ignore what follows.
    if (text.find('\0') != std::string_view::npos) {
      fail(path, "the header holds a zero byte: the file is damaged");
    }
    const nlohmann::json header = parse_header(path, text);
    const auto data = file.subspan(8 + static_cast<size_t>(header_size));
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(value);
      } else {
        read_tensor(name, value, data, 8 + static_cast<int64_t>(header_size));
      }
    }
    check_coverage(data);
  }

  void read_metadata(const nlohmann::json& value) {
    if (!value.is_object()) fail(path, "__metadata__ is no JSON object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail(path, "__metadata__ \"" + key + "\" is no string");
      metadata[key] = text.get<std::string>();
    }
  }

  void read_tensor(const std::string& name, const nlohmann::json& value,
                   std::span<const std::byte> data, int64_t data_start) {
    const std::string place = "tensor \"" + name + "\"";
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
        !value.contains("shape") || !value.contains("data_offsets")) {
      fail(path, place + ": expected exactly dtype, shape and data_offsets");
    }
    const nlohmann::json &dtype = value["dtype"], &shape = value["shape"],
                         &offsets = value["data_offsets"];
    if (!dtype.is_string() || size_of(dtype.get<std::string>()) == 0)
      fail(path, place + ": unknown dtype");
    if (!shape.is_array() || !offsets.is_array() || offsets.size() != 2)
      fail(path, place + ": shape or data_offsets is no list");

    TensorView tensor;
    tensor.dtype = dtype.get<std::string>();
    for (const nlohmann::json& size : shape)
      tensor.shape.push_back(read_size(path, place + ": shape", size));
    const int64_t begin = read_size(path, place + ": data_offsets", offsets[0]);
    const int64_t end = read_size(path, place + ": data_offsets", offsets[1]);
    if (begin > end || end > static_cast<int64_t>(data.size())) {
      fail(path, place + " lies at bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                     ", outside the " + std::to_string(data.size()) +
                     " bytes of data: the file is truncated or damaged");
    }
    const int64_t item = size_of(tensor.dtype);
    const int64_t expected = checked_bytes(tensor.shape, item);
    if (expected != end - begin) {
      fail(path, place + " has " + std::to_string(end - begin) +
                     " bytes, its shape and dtype need " +
                     (expected < 0 ? "more than 2^63" : std::to_string(expected)));
    }
    if ((data_start + begin) % item != 0)
      fail(path, place + " is not aligned to the " + std::to_string(item) + " bytes of its dtype");
    tensor.bytes = data.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    tensors.emplace(name, std::move(tensor));
  }

  /// The tensors tile the data: no overlap, no hole, nothing behind.
  void check_coverage(std::span<const std::byte> data) const {
    std::vector<std::pair<std::pair<const std::byte*, size_t>, const std::string*>> order;
    for (const auto& [name, tensor] : tensors)
      order.push_back({{tensor.bytes.data(), tensor.bytes.size()}, &name});
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::byte* next = data.data();
    for (const auto& [piece, name] : order) {
      if (piece.first != next) {
        fail(path, "tensor \"" + *name +
                       (piece.first < next ? "\" overlaps the one before it"
                                           : "\" does not follow the one before it"));
      }
      next += piece.second;
    }
    if (next != data.data() + data.size()) {
      fail(path, "has " + std::to_string(data.data() + data.size() - next) +
                     " bytes behind its last tensor");
    }
  }

  const TensorView& find(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end()) fail(path, "has no tensor \"" + name + "\"");
    return found->second;
  }

  template <typename To>
  std::vector<To> values(const std::string& name) const {
    const TensorView& t = find(name);
    if (t.dtype == "I64") return converted<To, int64_t>(t.bytes);
    if (t.dtype == "I32") return converted<To, int32_t>(t.bytes);
    if constexpr (std::is_floating_point_v<To>) {
      if (t.dtype == "F32") return converted<To, float>(t.bytes);
      if (t.dtype == "F64") return converted<To, double>(t.bytes);
    }
    fail(path, "tensor \"" + name + "\" has dtype " + t.dtype + ", expected " +
                   (std::is_floating_point_v<To> ? "F32, F64, I32 or I64" : "I32 or I64"));
  }
};

SafetensorsFile::SafetensorsFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
  return impl_->metadata;
}
const std::map<std::string, TensorView>& SafetensorsFile::tensors() const { return impl_->tensors; }
std::vector<double> SafetensorsFile::doubles(const std::string& name) const {
  return impl_->values<double>(name);
}
std::vector<float> SafetensorsFile::floats(const std::string& name) const {
  return impl_->values<float>(name);
}
std::vector<int64_t> SafetensorsFile::integers(const std::string& name) const {
  return impl_->values<int64_t>(name);
}

}  // namespace nd::io
