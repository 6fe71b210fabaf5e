// Parameters, gradients and optimiser state are flat buffers that share one table: an optimiser
// step is one pass over them, a checkpoint one blob. Every tensor starts on a 64-byte boundary;
// padding lanes stay zero.
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
    void operator()(float* p) const;
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

/// One row of the table.
struct ParameterEntry {
  std::string name;
  Shape shape;
  int64_t offset = 0;  ///< in floats, a multiple of 16
  int64_t size = 0;    ///< in floats, without padding
  bool trainable = true;
};

/// Where each parameter of a network lies in the flat buffers. Trainable entries come first.
class ParameterTable {
 public:
  ParameterTable() = default;
  explicit ParameterTable(const std::vector<ParameterDecl>& decls);
  const std::vector<ParameterEntry>& entries() const { return entries_; }
  const ParameterEntry* find(std::string_view name) const;  ///< nullptr when absent
  int64_t total() const { return total_; }  ///< floats in a flat buffer, padding included
  int64_t trainable_total() const {
    return trainable_total_;
  }                                 ///< the leading part that an optimiser touches
  int64_t trainable_count() const;  ///< parameters without padding

 private:
  std::vector<ParameterEntry> entries_;
  int64_t total_ = 0, trainable_total_ = 0;
};

/// Fills `values` (size `table.total()`) with the initial values declared by the graph, from
/// Philox(seed). A tensor's draws depend on its name and the seed only, never on what else the
/// network holds.
void initialise_parameters(const std::vector<ParameterDecl>& decls, const ParameterTable& table,
                           uint64_t seed, std::span<float> values);

}  // namespace nd
