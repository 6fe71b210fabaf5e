// Dense layers and activations as functions over ops. Parameter names and initial distributions are
// those of torch, so that the reference's checkpoints load without a map.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// y = x·Wᵀ + b over the last axis: parameters `<name>.weight` [out, in] and `<name>.bias` [out],
/// both starting uniform in ±1/√in; without the latter when `bias` is false.
Var linear(Graph& graph, Var x, int64_t out_features, const std::string& name, bool bias = true);

/// ReLU, Softplus, Tanh, SELU, LeakyReLU, PReLU, Sigmoid: the names that the reference accepts.
std::span<const std::string_view> activation_names();
/// The longer list that decoders of recurrent and convolutional networks accept. Of the reference's
/// list without GLU and Threshold, with which the reference fails, and RReLU.
std::vector<std::string_view> decoder_activation_names();

/// One of these names, elementwise. Only PReLU has a parameter: `<name>.weight` [1], 0.25 at
/// the start; the same name in several calls shares it. Throws E0010 for another name.
Var activate(Graph& graph, Var x, std::string_view activation, const std::string& name);

}  // namespace nd
