// What N-BEATS and N-HiTS share: the doubly residual loop over blocks, the dense network inside a
// block, and the checks and names that follow from them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/spec.h"

namespace nd {

/// What one block answers: its explanation of the past [B, L] and its part of the forecast [B, H,
/// Q].
struct BlockOut {
  Var backcast, forecast;
};

/// The loop of Oreshkin et al. (2020), fig. 1: newest value first, each block sees what the earlier
/// ones left unexplained, forecasts add up over the last observed value. `block(residual, i)`
/// builds block i.
Var residual_forecast(const BuildArgs& args, int64_t blocks,
                      const std::function<BlockOut(Var, int64_t)>& block);

/// Linear, then Linear + activation (+ dropout while training) per row of `mlp_units`, then Linear
/// to n_theta; layer names `<name>.layers.<i>` count activations and dropouts, as in the reference.
Var block_network(const BuildArgs& args, Var x, int64_t n_theta, const std::string& name);

/// Parameters of block_network: mlp_units, dropout_prob_theta, activation.
ParamSpec mlp_units_param();
ParamSpec dropout_prob_theta_param();
ParamSpec activation_param();

/// E0010 when list options differ in length or consecutive mlp_units do not fit together.
void check_equal_lengths(const BuildArgs& args,
                         const std::vector<std::pair<std::string_view, size_t>>& lengths);

/// "blocks.<i>"
std::string block_name(int64_t i);
/// Names under which the reference repeats a block's single PReLU weight, for blocks 0 … blocks-1.
std::vector<std::pair<std::string, std::string>> prelu_aliases(const Options& options,
                                                               int64_t blocks);

}  // namespace nd
