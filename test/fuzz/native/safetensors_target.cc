#include "base/error.h"
#include "io/safetensors.h"
#include "memory_file.h"

namespace nd::fuzz {

namespace {
/// A conversion may refuse the dtype, and nothing else.
template <class Convert>
void try_conversion(const io::TensorView& tensor, Convert convert) {
  try {
    require(static_cast<int64_t>(convert().size()) == tensor.elements(), "a value per element");
  } catch (const Error& error) {
    if (error.code() != Code::file) throw;
  }
}
}  // namespace

void safetensors(Bytes bytes) {
  const MemoryFile memory(bytes);
  const io::SafetensorsFile file(memory.path());
  size_t total = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    total += tensor.bytes.size();
    io::digest(tensor.bytes);  // reads every byte
    try_conversion(tensor, [&] { return file.doubles(name); });
    try_conversion(tensor, [&] { return file.floats(name); });
    try_conversion(tensor, [&] { return file.integers(name); });
  }
  require(total < bytes.size(), "tensors inside of the file");
}

}  // namespace nd::fuzz
