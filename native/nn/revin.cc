#include "nn/revin.h"

#include "ops/ops.h"

namespace nd {

RevIn::RevIn(Graph& graph, Var x, const RevInOptions& options) : floor_(options.affine_floor) {
  const int64_t axis = options.time_axis, steps = x.shape().size(axis, 1);
  const Var mean = detach(nd::mean(x, {axis}, /*keep=*/true)), centred = detach(x) - mean;
  shift_ = options.subtract_last ? slice(x, axis, steps - 1, steps) : mean;
  deviation_ = sqrt(nd::mean(centred * centred, {axis}, /*keep=*/true) + options.eps);
  if (options.affine_prefix.empty()) return;
  const auto parameter = [&](const char* name, double start) {
    return graph.parameter({options.affine_prefix + name, options.affine_shape, Init::fill(start)});
  };
  weight_ = parameter("affine_weight", 1);
  bias_ = parameter("affine_bias", 0);
}

Var RevIn::normalise(Var x) const {
  const Var y = (x - shift_) / deviation_;
  return weight_.valid() ? y * weight_ + bias_ : y;
}

Var RevIn::restore(Var forecast) const {
  const Var y =
      weight_.valid() ? (forecast - bias_) / (floor_ == 0 ? weight_ : weight_ + floor_) : forecast;
  return y * deviation_ + shift_;
}

}  // namespace nd
