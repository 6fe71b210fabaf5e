// Parameters, gradients and optimiser state are flat buffers that share one table: an optimiser
// step is one pass over them, a checkpoint one blob. Every tensor starts on a 64-byte boundary;
// padding lanes stay zero. Weights of matrix products live in the panels that the product reads
// (simd::pack_b) for their whole life, their gradients and moments too, so no step packs anything.
// Who needs to see a tensor in canonical order (files, imports, tests) goes through read and write.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// 64-byte aligned floats, zero-filled.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(size_t size);
  FloatBuffer(const FloatBuffer& other);
  FloatBuffer(FloatBuffer&& other) noexcept = default;
  FloatBuffer& operator=(const FloatBuffer& other);
  FloatBuffer& operator=(FloatBuffer&& other) noexcept = default;
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<float> span() { return {data_.get(), size_}; }
  std::span<const float> span() const { return {data_.get(), size_}; }
  void zero();

 private:
  struct Free {
    Free() : mapped(0) {}
    explicit Free(size_t bytes) : mapped(bytes) {}
    void operator()(float* p) const;
    size_t mapped;  // bytes of a mapping of its own; 0: from the heap
  };
  using Memory = std::unique_ptr<float[], Free>;
  static Memory allocate(size_t bytes, bool fill_with_zeros);

  Memory data_;
  size_t size_ = 0;
};

/// The right operand B [k, n] that a packed weight is: B(i, j) = canonical[i*row + j*column].
struct PanelForm {
  int64_t k, n, row, column;
};

/// One row of the table.
struct ParameterEntry {
  std::string name;
  Shape shape;
  int64_t offset = 0;  ///< in floats, a multiple of 16
  int64_t size = 0;    ///< elements, without padding
  int64_t extent = 0;  ///< floats that it takes in the buffer, the lanes of a ragged panel included
  bool trainable = true;
  Layout layout = Layout::canonical;
  bool units = false;  ///< of ParameterDecl
  int64_t panel = 0;   ///< columns of a panel; 0 where the floats lie in canonical order

  bool packed() const { return panel > 0; }
  PanelForm form() const;  ///< of a packed entry
};

/// Where each parameter of a network lies in the flat buffers. Trainable entries come first. The
/// width of a panel is that of the CPU target dispatched when the table is made.
class ParameterTable {
 public:
  ParameterTable() = default;
  explicit ParameterTable(const std::vector<ParameterDecl>& decls);
  const std::vector<ParameterEntry>& entries() const { return entries_; }
  const ParameterEntry* find(std::string_view name) const;  ///< nullptr when absent
  /// The tensor of `entry` in canonical order, from a flat buffer.
  std::vector<float> read(std::span<const float> flat, const ParameterEntry& entry) const;
  /// Writes a tensor (`entry.size` floats in canonical order) into a flat buffer; padding lanes
  /// become zero.
  void write(std::span<float> flat, const ParameterEntry& entry,
             std::span<const float> values) const;
  int64_t total() const { return total_; }  ///< floats in a flat buffer, padding included
  int64_t trainable_total() const {
    return trainable_total_;
  }                                 ///< the leading part that an optimiser touches
  int64_t trainable_count() const;  ///< parameters without padding

 private:
  std::vector<ParameterEntry> entries_;
  int64_t total_ = 0, trainable_total_ = 0;
};

/// Takes B apart again: canonical order from panels of `panel` columns.
void unpack_panels(const float* packed, const PanelForm& form, int64_t panel, float* canonical);

/// Fills `values` (size `table.total()`) with the initial values declared by the graph, from
/// Philox(seed). A tensor's draws depend on its name and the seed only, never on what else the
/// network holds.
void initialise_parameters(const std::vector<ParameterDecl>& decls, const ParameterTable& table,
                           uint64_t seed, std::span<float> values);

}  // namespace nd
