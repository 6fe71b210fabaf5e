#include "nn/rnn.h"

#include <cmath>

#include "base/error.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// x [B, T, n] at its last step, [B, n].
Var last_step(Var x) {
  const int64_t T = x.shape().dims[0], n = x.shape().dims[1];
  return reshape(slice(x, 1, T - 1, T), Shape::batched({n}, x.shape().batch));
}

}  // namespace

LstmStack lstm_stack(Graph& graph, Var x, const LstmOptions& options, const std::string& name,
                     bool training, const std::vector<LstmState>& first) {
  const int64_t U = options.hidden_size, P = options.projection > 0 ? options.projection : U;
  check_internal(x.shape().dims.size() == 2, "lstm_stack: x is [B, T, in]");
  const Init init = Init::uniform(1.0 / std::sqrt(static_cast<double>(U)));
  LstmStack stack{x, {}};
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    const auto parameter = [&](const char* kind, std::vector<int64_t> dims) {
      const bool units = dims.size() == 2;
      return graph.parameter({.name = name + "." + kind + "_l" + std::to_string(layer),
                              .shape = Shape::fixed(std::move(dims)),
                              .init = init,
                              .units = units});
    };
    const Var w_ih = parameter("weight_ih", {4 * U, stack.h.shape().dims.back()});
    LstmOperands operands{.x = stack.h, .w_ih = w_ih, .w_hh = parameter("weight_hh", {4 * U, P})};
    if (options.bias) {
      const Var b_ih = parameter("bias_ih", {4 * U});
      operands.bias = b_ih + parameter("bias_hh", {4 * U});
    }
    if (options.projection > 0) operands.w_hr = parameter("weight_hr", {P, U});
    if (!first.empty()) {
      operands.h0 = first[static_cast<size_t>(layer)].h;
      operands.c0 = first[static_cast<size_t>(layer)].c;
    }
    const LstmResult result = lstm(operands, training);
    stack.last.push_back({last_step(result.h), last_step(result.c)});
    stack.h = result.h;
    if (training && layer + 1 < options.layers) stack.h = dropout(stack.h, options.dropout);
  }
  return stack;
}

}  // namespace nd
