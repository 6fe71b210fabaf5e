// How large the gradients of a fit were: numbers that say which weights hardly learn and which of
// them are about to blow up. They are data of the fit; nothing here prints.
#pragma once

#include <cstdint>
#include <vector>

namespace nd::train {

/// Euclidean norms below and above which a gradient is worth a warning.
inline constexpr double kVanishingNorm = 1e-7, kExplodingNorm = 100;

/// That the gradient of a weight vanished, or exploded: all steps at which it did, together.
struct GradientWarning {
  int64_t weight = 0;  ///< index into the entries of the network's ParameterTable
  bool exploding = false;
  int64_t first_step = 0, last_step = 0;  ///< from 1
  int64_t steps = 0;                      ///< how many
  double norm = 0;                        ///< the smallest, or the largest
};

struct GradientHistory {
  std::vector<int64_t> weights;           ///< entries of the table that learn, ascending
  std::vector<int64_t> steps;             ///< those of the training history that were monitored
  std::vector<double> norms;              ///< [steps, weights], before clipping
  std::vector<GradientWarning> warnings;  ///< of all steps, in the order of their first ones
};

}  // namespace nd::train
