// A plain multilayer perceptron over everything that is known, flattened.
#include "models/list.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var build(const BuildArgs& a) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const int64_t F = a.geometry.futr, X = a.geometry.hist;

  std::vector<Var> known = {a.in.insample_y};                                    // [B, L]
  if (X > 0) known.push_back(reshape(a.in.hist_exog, Shape::batched({L * X})));  // [B, L·X]
  if (F > 0)
    known.push_back(reshape(a.in.futr_exog, Shape::batched({(L + H) * F})));  // [B, (L+H)·F]
  if (a.geometry.stat > 0) known.push_back(a.in.stat_exog);                   // [B, S]
  Var hidden = known.size() > 1 ? concat(known, 1) : known[0];

  for (int64_t i = 0; i < a.options.integer("num_layers"); ++i)
    hidden =
        relu(linear(a.graph, hidden, a.options.integer("hidden_size"), "mlp." + std::to_string(i)));
  return reshape(linear(a.graph, hidden, H * Q, "out"), Shape::batched({H, Q}));  // [B, H, Q]
}

}  // namespace

const ModelSpec kMlp = {
    .name = "MLP",
    .family = "multilayer perceptron",
    .paper =
        "Rosenblatt, \"Principles of Neurodynamics\", 1961; Rumelhart, Hinton, Williams, "
        "\"Learning "
        "representations by back-propagating errors\", Nature 323, 1986, "
        "https://doi.org/10.1038/323533a0",
    .summary =
        "Dense layers with ReLU over the flattened history and exogenous inputs; a fast, strong "
        "baseline.",
    .params =
        {
            {.name = "num_layers",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Number of hidden layers.",
             .minimum = 1,
             .maximum = 1000},
            {.name = "hidden_size",
             .type = ParamType::integer,
             .default_json = "1024",
             .doc = "Units of each hidden layer.",
             .minimum = 1,
             .maximum = 1048576},
        },
    .capabilities = {.futr = true, .hist = true, .stat = true},
    .train_defaults = {{"inference_windows_batch_size", "-1"}},
    .build = build,
};

}  // namespace nd
