// Reversible instance normalisation (Kim et al., ICLR 2022): each window is normalised by its own
// statistics over time before the network and its forecast brought back after it, so that a shift
// of level between training and use does not matter.
#pragma once

#include <string>

#include "ops/graph.h"

namespace nd {

struct RevInOptions {
  int64_t time_axis = 1;       ///< counted with the batch axis as 0
  bool subtract_last = false;  ///< centre on the last step instead of the mean
  /// Learned scale and shift: parameters `<prefix>affine_weight` and `<prefix>affine_bias` of
  /// `affine_shape`, which broadcasts against the window; "" = none.
  std::string affine_prefix{};
  Shape affine_shape{};
  double affine_floor = 0;  ///< added to the scale when it divides
  double eps = 1e-5;        ///< added to the variance
};

/// The normalisation of one window, kept for its inverse.
class RevIn {
 public:
  /// Statistics of x [B, …]: mean (or last step) and biased deviation over time. No derivative
  /// passes through them, apart from the last step.
  RevIn(Graph& graph, Var x, const RevInOptions& options);
  /// (x - shift) / deviation, then the affine map.
  Var normalise(Var x) const;
  /// The inverse, for a forecast with the window's other axes in the same places.
  Var restore(Var forecast) const;

 private:
  Var shift_, deviation_;  // size 1 along time
  Var weight_, bias_;      // invalid without an affine map
  double floor_;
};

}  // namespace nd
