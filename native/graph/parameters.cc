#include "graph/parameters.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "base/error.h"
#include "base/philox.h"
#include "simd/gemm.h"
#include "simd/random.h"

namespace nd {

namespace {
constexpr size_t kAlignment = 64;
constexpr int64_t kLanes = kAlignment / sizeof(float);
constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

int64_t padded(int64_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

// FNV-1a: a stable number for a tensor's name, so that its draws do not depend on its neighbours.
uint32_t name_hash(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash;
}

// Draw `index` of a standard normal family, from two uniform ones (Box and Muller, 1958).
double normal(const PhiloxKey& key, uint64_t index) {
  const double radius = std::sqrt(-2 * std::log(1 - double{philox_uniform(key, 2 * index)}));
  return radius * std::cos(2 * M_PI * philox_uniform(key, 2 * index + 1));
}
}  // namespace

// Large buffers ask for huge pages: a pass over weights, gradients and moments is bound by page
// walks otherwise. They are mappings of their own, zero without being written: whoever uses a part
// first, on whatever thread, pays for its pages, and what nobody uses costs nothing.
FloatBuffer::Memory FloatBuffer::allocate(size_t bytes, bool fill_with_zeros) {
#ifdef __linux__
  if (bytes >= 2 * kHugePage) {
    const size_t kept = round_up(bytes, kHugePage), mapped = kept + kHugePage;
    void* memory =
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    auto* const begin = static_cast<std::byte*>(memory);
    const size_t before = round_up(reinterpret_cast<uintptr_t>(begin), kHugePage) -
                          reinterpret_cast<uintptr_t>(begin);
    if (before > 0) munmap(begin, before);
    if (before < kHugePage) munmap(begin + before + kept, kHugePage - before);
    madvise(begin + before, kept, MADV_HUGEPAGE);  // a hint: what it returns does not matter
    return Memory(reinterpret_cast<float*>(begin + before), Free(kept));
  }
#endif
  const size_t rounded = round_up(std::max<size_t>(bytes, 1), kAlignment);
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  if (fill_with_zeros) std::memset(memory, 0, bytes);
  return Memory(static_cast<float*>(memory), Free());
}

FloatBuffer::FloatBuffer(size_t size) : data_(allocate(size * sizeof(float), true)), size_(size) {}

FloatBuffer::FloatBuffer(const FloatBuffer& other)
    : data_(allocate(other.size_ * sizeof(float), false)), size_(other.size_) {
  if (size_ > 0) std::memcpy(data(), other.data(), size_ * sizeof(float));
}

FloatBuffer& FloatBuffer::operator=(const FloatBuffer& other) {
  if (this == &other) return *this;
  if (size_ != other.size_) return *this = FloatBuffer(other);
  if (size_ > 0) std::memcpy(data(), other.data(), size_ * sizeof(float));
  return *this;
}

void FloatBuffer::zero() {
  if (size_ > 0) std::memset(data(), 0, size_ * sizeof(float));
}

void FloatBuffer::Free::operator()(float* p) const {
#ifdef __linux__
  if (mapped > 0) {
    munmap(p, mapped);
    return;
  }
#endif
  std::free(p);
}

PanelForm ParameterEntry::form() const {
  const int64_t rows = shape.dims[0], columns = shape.dims[1];
  return layout == Layout::matmul ? PanelForm{columns, rows, 1, columns}
                                  : PanelForm{rows, columns, columns, 1};
}

void unpack_panels(const float* packed, const PanelForm& form, int64_t panel, float* canonical) {
  // Blocks of rows of B, so that both sides stay in the cache whichever axis is contiguous.
  constexpr int64_t kRows = 16;
  for (int64_t first = 0; first < form.n; first += panel, packed += form.k * panel) {
    const int64_t columns = std::min(panel, form.n - first);
    for (int64_t begin = 0; begin < form.k; begin += kRows) {
      const int64_t end = std::min(form.k, begin + kRows);
      for (int64_t j = 0; j < columns; ++j) {
        float* out = canonical + (first + j) * form.column;
        for (int64_t i = begin; i < end; ++i) out[i * form.row] = packed[i * panel + j];
      }
    }
  }
}

ParameterTable::ParameterTable(const std::vector<ParameterDecl>& decls) {
  for (const bool trainable : {true, false}) {
    for (const ParameterDecl& decl : decls) {
      if (decl.trainable != trainable) continue;
      ParameterEntry entry{.name = decl.name,
                           .shape = decl.shape,
                           .offset = total_,
                           .size = decl.shape.row(),
                           .extent = decl.shape.row(),
                           .trainable = trainable,
                           .layout = decl.layout,
                           .units = decl.units};
      if (decl.layout != Layout::canonical) {
        check_internal(decl.shape.dims.size() == 2, "a weight of a matrix product has two axes");
        entry.panel = simd::gemm_panel();
        const PanelForm form = entry.form();
        entry.extent = simd::packed_b_floats(form.k, form.n);
      }
      total_ += padded(entry.extent);
      entries_.push_back(std::move(entry));
    }
    if (trainable) trainable_total_ = total_;
  }
}

const ParameterEntry* ParameterTable::find(std::string_view name) const {
  const auto it =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.name == name; });
  return it == entries_.end() ? nullptr : &*it;
}

std::vector<float> ParameterTable::read(std::span<const float> flat,
                                        const ParameterEntry& entry) const {
  check_internal(entry.offset + entry.extent <= static_cast<int64_t>(flat.size()),
                 "parameter buffer size");
  const float* from = flat.data() + entry.offset;
  if (!entry.packed()) return {from, from + entry.size};
  std::vector<float> values(static_cast<size_t>(entry.size));
  unpack_panels(from, entry.form(), entry.panel, values.data());
  return values;
}

void ParameterTable::write(std::span<float> flat, const ParameterEntry& entry,
                           std::span<const float> values) const {
  check_internal(entry.offset + entry.extent <= static_cast<int64_t>(flat.size()) &&
                     entry.size == static_cast<int64_t>(values.size()),
                 "parameter buffer size");
  float* to = flat.data() + entry.offset;
  if (!entry.packed()) {
    std::copy(values.begin(), values.end(), to);
    return;
  }
  check_internal(entry.panel == simd::gemm_panel(), "a table of the dispatched CPU target");
  const PanelForm form = entry.form();
  simd::pack_b(values.data(), form.row, form.column, form.k, form.n, 0,
               (form.n + entry.panel - 1) / entry.panel, to);
}

int64_t ParameterTable::trainable_count() const {
  int64_t count = 0;
  for (const ParameterEntry& e : entries_) count += e.trainable ? e.size : 0;
  return count;
}

void initialise_parameters(const std::vector<ParameterDecl>& decls, const ParameterTable& table,
                           uint64_t seed, std::span<float> values) {
  check_internal(static_cast<int64_t>(values.size()) == table.total(), "parameter buffer size");
  for (const ParameterDecl& decl : decls) {
    const ParameterEntry* entry = table.find(decl.name);
    check_internal(entry != nullptr, "a declared parameter in the table");
    std::vector<float> out(static_cast<size_t>(entry->size));
    const PhiloxKey key{
        .seed = seed, .stream = Stream::initialise, .substream = name_hash(decl.name)};
    switch (decl.init.kind) {
      case Init::Kind::uniform:
        simd::uniform(key, decl.init.bound, out.data(), entry->size);
        break;
      case Init::Kind::normal:
        for (size_t i = 0; i < out.size(); ++i)
          out[i] = static_cast<float>(normal(key, static_cast<uint64_t>(i)) * decl.init.bound);
        break;
      case Init::Kind::fill:
        std::fill(out.begin(), out.end(), static_cast<float>(decl.init.bound));
        break;
      case Init::Kind::values:
        for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(decl.init.values[i]);
        break;
    }
    table.write(values, *entry, out);
  }
}

}  // namespace nd
