// LSTM: recurrent layers over the history; direct, a dense decoder of the last steps, or recurrent,
// projected to the forecast of the next step, which is read back.
#include "models/list.h"
#include "nn/linear.h"
#include "nn/resample.h"
#include "nn/rnn.h"
#include "ops/ops.h"

namespace nd {
namespace {

// What is known at each of the T steps that the network reads: [B, T, 1 + X + S + F].
Var encoder_input(const BuildArgs& a) {
  const int64_t T = a.in.insample_y.shape().dims[0];
  std::vector<Var> known = {reshape(a.in.insample_y, Shape::batched({T, 1}))};
  if (a.geometry.hist > 0) known.push_back(a.in.hist_exog);
  if (a.geometry.stat > 0)
    known.push_back(broadcast(reshape(a.in.stat_exog, Shape::batched({1, a.geometry.stat})),
                              Shape::batched({T, a.geometry.stat})));
  if (a.geometry.futr > 0) known.push_back(slice(a.in.futr_exog, 1, 0, T));
  return concat(std::move(known), 2);
}

Var decode(const BuildArgs& a, Var x) {
  const int64_t layers = a.options.integer("decoder_layers");
  const std::string activation =
      a.options.is_null("decoder_activation") ? "ReLU" : a.options.choice("decoder_activation");
  // The reference's Sequential: Linear, activation, Dropout, Linear, …
  for (int64_t i = 0; i + 1 < layers; ++i) {
    x = linear(a.graph, x, a.options.integer("decoder_hidden_size"),
               "mlp_decoder.layers." + std::to_string(3 * i));
    x = activate(a.graph, x, activation, "mlp_decoder.activation");
  }
  return linear(a.graph, x, a.geometry.outputs,
                "mlp_decoder.layers." + std::to_string(3 * (layers - 1)));
}

LstmOptions encoder_of(const Options& options) {
  return {.hidden_size = options.integer("encoder_hidden_size"),
          .layers = options.integer("encoder_n_layers"),
          .bias = options.boolean("encoder_bias"),
          .dropout = options.number("encoder_dropout")};
}

std::string state_name(const char* part, int64_t layer) {
  return std::string("hidden.") + part + std::to_string(layer);
}

// The layers themselves give the Q numbers of the next step.
Var build_recurrent(const BuildArgs& a) {
  LstmOptions encoder = encoder_of(a.options);
  encoder.projection = a.geometry.outputs;
  std::vector<LstmState> first;
  for (int64_t k = 0; a.phase == Phase::step && k < encoder.layers; ++k)
    first.push_back({a.graph.input(state_name("h", k), Shape::batched({encoder.projection})),
                     a.graph.input(state_name("c", k), Shape::batched({encoder.hidden_size}))});
  const LstmStack stack = lstm_stack(a.graph, encoder_input(a), encoder, "hist_encoder",
                                     a.phase == Phase::train, first);
  for (int64_t k = 0; a.phase != Phase::train && k < encoder.layers; ++k) {
    const LstmState& last = stack.last[static_cast<size_t>(k)];
    a.graph.output(next_name(state_name("h", k)), last.h);
    a.graph.output(next_name(state_name("c", k)), last.c);
  }
  const int64_t T = stack.h.shape().dims[0];
  return slice(stack.h, 1, T - a.geometry.horizon, T);  // [B, H, Q]
}

bool is_recurrent(const Options& options) { return options.boolean("recurrent"); }

Var build(const BuildArgs& a) {
  if (is_recurrent(a.options)) return build_recurrent(a);
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, F = a.geometry.futr;
  Var hidden = lstm_stack(a.graph, encoder_input(a), encoder_of(a.options), "hist_encoder",
                          a.phase == Phase::train)
                   .h;
  if (H > L) {
    hidden = swap_last_axes(linear(a.graph, swap_last_axes(hidden), H, "upsample_sequence"));
  } else {
    hidden = slice(hidden, 1, L - H, L);
  }
  if (F > 0) hidden = concat({hidden, slice(a.in.futr_exog, 1, L, L + H)}, 2);
  return decode(a, hidden);  // [B, H, Q]
}

std::vector<std::pair<std::string, std::string>> aliases(const Options& options) {
  std::vector<std::pair<std::string, std::string>> names;
  if (is_recurrent(options)) return names;
  for (int64_t i = 0; i + 1 < options.integer("decoder_layers"); ++i)
    names.emplace_back("mlp_decoder.layers." + std::to_string(3 * i + 1) + ".",
                       "mlp_decoder.activation.");
  return names;
}

}  // namespace

const ModelSpec kLstmModel = {
    .name = "LSTM",
    .family = "recurrent",
    .paper =
        "Hochreiter, Schmidhuber, \"Long Short-Term Memory\", Neural Computation 9(8), 1997, "
        "https://doi.org/10.1162/neco.1997.9.8.1735; Sak, Senior, Beaufays, \"Long Short-Term "
        "Memory Recurrent Neural Network Architectures for Large Scale Acoustic Modeling\", "
        "INTERSPEECH 2014",
    .summary =
        "Long short-term memory over the history and a dense decoder for the whole horizon at "
        "once, or one step at a time, each forecast read back.",
    .params =
        {
            {.name = "inference_input_size",
             .type = ParamType::integer,
             .default_json = "null",
             .doc = "Recurrent: number of past steps that are read to forecast; null means "
                    "inputSize.",
             .minimum = -1,
             .maximum = 1000000,
             .nullable = true},
            {.name = "h_train",
             .type = ParamType::integer,
             .default_json = "1",
             .doc = "Recurrent: number of last steps of a training window whose forecasts count "
                    "in the loss.",
             .minimum = 1,
             .maximum = 1000000},
            {.name = "encoder_n_layers",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Number of LSTM layers.",
             .minimum = 1,
             .maximum = 1000},
            {.name = "encoder_hidden_size",
             .type = ParamType::integer,
             .default_json = "128",
             .doc = "Units of each LSTM layer.",
             .minimum = 1,
             .maximum = 65536},
            {.name = "encoder_bias",
             .type = ParamType::boolean,
             .default_json = "true",
             .doc = "Whether the gates have biases."},
            {.name = "encoder_dropout",
             .type = ParamType::number,
             .default_json = "0",
             .doc = "Dropout probability of the outputs of every LSTM layer but the last.",
             .minimum = 0,
             .maximum = 1,
             .open_maximum = true},
            {.name = "context_size",
             .type = ParamType::integer,
             .default_json = "null",
             .doc = "Accepted for the reference's configurations; has no effect.",
             .nullable = true},
            {.name = "decoder_hidden_size",
             .type = ParamType::integer,
             .default_json = "128",
             .doc = "Units of each hidden layer of the decoder.",
             .minimum = 1,
             .maximum = 65536},
            {.name = "decoder_layers",
             .type = ParamType::integer,
             .default_json = "2",
             .doc = "Dense layers of the decoder, the output layer included.",
             .minimum = 1,
             .maximum = 1000},
            {.name = "decoder_activation",
             .type = ParamType::choice,
             .default_json = "null",
             .doc = "Activation of the decoder's hidden layers; null means ReLU.",
             .choices = decoder_activation_names(),
             .nullable = true},
            {.name = "recurrent",
             .type = ParamType::boolean,
             .default_json = "false",
             .doc = "Whether forecasts are made one step at a time, each read as the next input; "
                    "there is no decoder then."},
        },
    .capabilities = {.futr = true, .hist = true, .stat = true, .recurrent = true},
    .train_defaults = {{"windows_batch_size", "128"}, {"scaler_type", "\"robust\""}},
    .build = build,
    .recurrent = is_recurrent,
    .aliases = aliases,
};

}  // namespace nd
