// Every primitive op, by name. Explicit, so that a test can prove that each has a shape rule, a
// gradient or the reason why not, a kernel in every backend and a row in the op test table.
#pragma once

#include "ops/op.h"

// clang-format off
#define ND_OPS(X)                                                             \
  X(Add) X(Sub) X(Mul) X(Div) X(Maximum) X(Minimum) X(Greater) X(Where)       \
  X(Neg) X(Abs) X(Sign) X(Exp) X(Log) X(Sqrt)                                 \
  X(Tanh) X(Sigmoid) X(Relu) X(Softplus)                                      \
  X(MatMul) X(Sum)                                                            \
  X(Reshape) X(Detach) X(Transpose) X(Slice) X(Concat) X(Reverse) X(Pad) X(Broadcast) \
  X(MaxPool1d) X(MaxPool1dGradient) X(MovingAverage) X(MovingAverageGradient) \
  X(TopK) X(Gather) X(ScatterAdd) X(DelayAggregate) X(DelayCorrelate)         \
  X(Dropout) X(Fused) X(MatMulFused)                                         \
  X(Gelu) X(GeluGradient) X(Softmax) X(SoftmaxGradient)                       \
  X(LayerNorm) X(LayerNormGradient) X(Unfold) X(Fold) X(BatchMatMul)          \
  X(ColumnMoments) X(BatchNorm) X(BatchNormGradient)                          \
  X(Attention) X(AttentionGradient) X(Part) X(Lstm) X(LstmGradient)
// clang-format on

namespace nd {
#define ND_DECLARE_OP(Name) extern const OpDef k##Name;
ND_OPS(ND_DECLARE_OP)
#undef ND_DECLARE_OP
}  // namespace nd
