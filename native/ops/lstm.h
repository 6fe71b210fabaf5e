// What the LSTM op, its gradient and their kernels agree on: the sizes of one layer and where its
// parts lie in the last axis of their results. A sequence op is one node for all time steps, with a
// backward op of its own; GRU and RNN ops follow the same pattern with other gates.
#pragma once

#include "ops/graph.h"

namespace nd {

/// Sizes and variants of one LSTM layer, as stored in Attrs::ints. Legend: U units, P size of the
/// recurrent output h (= U without projection), I width of x.
struct LstmForm {
  int64_t inputs = 0;        ///< I
  int64_t units = 0;         ///< U
  int64_t outputs = 0;       ///< P
  bool has_bias = false;     ///< a bias of the gates is an operand
  bool projected = false;    ///< h = W_hr·(o ⊙ tanh c) [P] instead of o ⊙ tanh c
  bool has_state = false;    ///< h0 and c0 are operands; otherwise both are zero
  bool keeps_gates = false;  ///< the result holds the activated gates, for the backward pass
  bool has_dc = false;       ///< gradient op only: a derivative by c is an operand

  static LstmForm of(const Attrs& attrs);
  Attrs attrs() const;
  /// Places among the op's operands: x, w_hh, w_ih, then what there is of bias, w_hr, h0 and c0.
  size_t bias_operand() const { return 3; }
  size_t projection_operand() const { return size_t{3} + has_bias; }
  size_t state_operand() const { return projection_operand() + projected; }
  /// Last axis of the result: h (P) | c (U) | i, f, g, o after activation (4U, if kept).
  int64_t width() const { return outputs + units * (keeps_gates ? 5 : 1); }
  /// Last axis of the gradient op's result: derivative by the gates before activation (4U) | by h,
  /// over all paths (P, if projected) | by the previous c (U, with a state).
  int64_t gradient_width() const {
    return 4 * units + (projected ? outputs : 0) + (has_state ? units : 0);
  }
};

}  // namespace nd
