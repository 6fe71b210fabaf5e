#include "nn/conv.h"

#include <cmath>

#include "base/error.h"
#include "ops/ops.h"

namespace nd {
namespace {

int64_t channels_of(Var x) {
  check_internal(x.shape().is_batched() && x.shape().dims.size() == 2, "convolution of [B, T, C]");
  return x.shape().dims[1];
}

/// Step t takes the place of step t + 1 (`forward`) or of t - 1, on a ring.
Var rolled(Var x, bool forward) {
  const int64_t T = x.shape().dims[0];
  if (T == 1) return x;
  if (forward) return concat({slice(x, 1, T - 1, T), slice(x, 1, 0, T - 1)}, 1);
  return concat({slice(x, 1, 1, T), slice(x, 1, 0, 1)}, 1);
}

}  // namespace

Init conv_init(int64_t in_channels, int64_t kernel) {
  return Init::uniform(1.0 / std::sqrt(static_cast<double>(in_channels * kernel)));
}

Var pointwise_conv(Graph& graph, Var x, int64_t out_channels, const std::string& name) {
  const int64_t in = channels_of(x);
  const Var weight = graph.parameter({.name = name + ".weight",
                                      .shape = Shape::fixed({out_channels, in, 1}),
                                      .init = conv_init(in, 1),
                                      .units = true});
  return matmul(x, reshape(weight, Shape::fixed({out_channels, in})), false, true);
}

Var circular_conv3(Graph& graph, Var x, int64_t out_channels, const Init& init,
                   const std::string& name) {
  const int64_t in = channels_of(x);
  const Var weight = graph.parameter({.name = name + ".weight",
                                      .shape = Shape::fixed({out_channels, in, 3}),
                                      .init = init,
                                      .units = true});
  // y[t] = W0·x[t-1] + W1·x[t] + W2·x[t+1]: whichever side is narrower is the one that is shifted.
  if (in <= out_channels) {
    const Var taps = concat({rolled(x, true), x, rolled(x, false)}, 2);  // [B, T, 3·in]
    const Var flat = reshape(transpose(weight, {0, 2, 1}), Shape::fixed({out_channels, 3 * in}));
    return matmul(taps, flat, false, true);
  }
  const Var flat = reshape(transpose(weight, {2, 0, 1}), Shape::fixed({3 * out_channels, in}));
  const Var taps = matmul(x, flat, false, true);  // [B, T, 3·out]
  const auto tap = [&](int64_t i) {
    return slice(taps, 2, i * out_channels, (i + 1) * out_channels);
  };
  return rolled(tap(0), true) + tap(1) + rolled(tap(2), false);
}

}  // namespace nd
