// Weight normalisation (Salimans and Kingma, NeurIPS 2016): every row of a weight matrix is learned
// as a length and a direction, w = g·v/|v|, as by torch.nn.utils.parametrizations.weight_norm. A
// matter of the optimiser alone: networks, files and forecasts have w.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/parameters.h"
#include "simd/weight_norm.h"
#include "train/optimizer.h"

namespace nd::train {

/// Name of the lengths of the rows of a matrix.
std::string length_name(std::string_view matrix);
/// What is learned in place of the trainable parameters of `table`: for each matrix whose rows are
/// units (ParameterEntry::units) its v, and behind all of them the lengths g of its
/// rows. The others are learned as they are. Places and layouts of the former are those of `table`.
ParameterTable weight_norm_table(const ParameterTable& table);

/// Values and gradients of such a table, beside the parameters that the network reads. A row of
/// zeros has no direction: it gets that of its first gradient, and length 0.
class WeightNorm {
 public:
  /// `frozen` parameters are neither read nor written.
  WeightNorm(const ParameterTable& table, const std::vector<std::string>& frozen);

  const ParameterTable& table() const { return table_; }
  /// v, g and all that is no matrix; all zero at the start.
  FloatBuffer& learned() { return learned_; }
  const FloatBuffer& learned() const { return learned_; }
  /// Takes the weights of a network over. Rows that learned() already stands for, to the last bit,
  /// keep their v and g; the others begin with v = w and g = |w|.
  void begin(std::span<const float> parameters, parallel::Team* team);
  /// Gradients with respect to learned(): dg = dw·v/|v| and dv = g/|v| (dw - dg·v/|v|). May give
  /// rows of zeros a direction.
  std::span<const float> gradients(std::span<const float> of_parameters, parallel::Team* team);
  /// w from v and g, and all that is no matrix.
  void write(std::span<float> parameters, parallel::Team* team) const;

 private:
  /// Rows that are worked on together, by one thread.
  struct Group {
    simd::MatrixRows rows;
    int64_t used;             // the rows that are not padding
    int64_t offset, lengths;  // of the first element and of the first row's g
  };
  void add_groups(const ParameterEntry& entry, int64_t lengths);
  template <class Body>
  void for_groups(parallel::Team* team, const Body& body) const;
  void copy_others(const float* from, float* to) const;
  void write_group(const Group& group, float* to) const;
  void begin_group(const Group& group, const float* w);
  void split_group(const Group& group, const float* dw);

  ParameterTable table_;
  std::vector<Group> groups_;
  std::vector<FlatRange> others_;
  int64_t floats_ = 0;  // of all groups
  FloatBuffer learned_, gradients_;
};

}  // namespace nd::train
