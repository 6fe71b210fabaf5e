// Recurrent layers as functions over ops. Parameter names, layouts and initial distributions are
// those of torch (`<name>.weight_ih_l0` …), so that the reference's checkpoints load without a map.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// What torch.nn.LSTM takes, batch first and in one direction.
struct LstmOptions {
  int64_t hidden_size = 0;  ///< U
  int64_t layers = 1;
  bool bias = true;
  double dropout = 0;      ///< of the outputs of every layer but the last, in training
  int64_t projection = 0;  ///< P, size of h; 0: none, P = U
};

/// State of one layer between two steps.
struct LstmState {
  Var h;  ///< [B, P]
  Var c;  ///< [B, U]
};

/// What a stack of layers gives: h of the last layer at every step [B, T, P], and the state of
/// every layer after the last step.
struct LstmStack {
  Var h;
  std::vector<LstmState> last;
};

/// A stack of LSTM layers over x [B, T, in], from the states `first` (empty: zeros). Parameters
/// `<name>.weight_ih_l{k}` [4U, in], `weight_hh_l{k}` [4U, P], `bias_ih_l{k}`, `bias_hh_l{k}` [4U]
/// and, with a projection, `weight_hr_l{k}` [P, U], all uniform in ±1/√U.
LstmStack lstm_stack(Graph& graph, Var x, const LstmOptions& options, const std::string& name,
                     bool training, const std::vector<LstmState>& first = {});

}  // namespace nd
