// How many windows per step train fastest: small batches leave vector units and cores idle, large
// ones leave the caches. The answer is a property of network, data and machine, so it is measured.
#pragma once

#include <optional>
#include <vector>

#include "train/trainer.h"

namespace nd::train {

struct SizeRange {
  int64_t from = 16, to = 256;  ///< windows; 1 <= from <= to
  int64_t steps = 10;           ///< measured per size, after two that are not
};

struct SizeMeasurement {
  int64_t size;  ///< windowsBatchSize
  double windows_per_second;
  double milliseconds_per_step;  ///< the median
  int64_t memory_bytes;          ///< of a step
};

struct SizeResult {
  int64_t suggestion = 0;
  std::vector<SizeMeasurement> measurements;  ///< ascending
  std::optional<int64_t> out_of_memory;       ///< the smallest size for which memory was refused
};

/// The smallest size that reaches nine tenths of the most windows per second: larger ones would
/// only make steps longer. At least one measurement.
int64_t suggested_size(const std::vector<SizeMeasurement>& measurements);

/// Measures from, 2·from, 4·from … up to `to`, each with a copy of `parameters`, until memory is
/// refused; where it is refused for `from` already, halves of it. Throws std::bad_alloc when there
/// is none for a single window. `request` of trial_request().
SizeResult find_batch_size(TrainRequest request, const FloatBuffer& parameters,
                           const SizeRange& range);

}  // namespace nd::train
