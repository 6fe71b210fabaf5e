// Frozen parameters: those of a network that a fit leaves as they are. No gradient is computed for
// them and no optimiser touches them.
#pragma once

#include <string>
#include <vector>

#include "graph/parameters.h"
#include "train/optimizer.h"

namespace nd::train {

/// The floats of a flat buffer that belong to trainable parameters whose names are not among
/// `frozen`: as few ranges as possible, ascending, each beginning at a cache line.
std::vector<FlatRange> learning_ranges(const ParameterTable& table,
                                       const std::vector<std::string>& frozen);

/// Whether `name` is one of `frozen`.
bool is_frozen(const std::vector<std::string>& frozen, const std::string& name);

}  // namespace nd::train
