// Autoformer (Wu et al., NeurIPS 2021): a transformer that splits its values into trend and
// seasonal part at every layer and attends to whole delayed series instead of single steps.
#include <cmath>

#include "base/error.h"
#include "models/list.h"
#include "models/params.h"
#include "nn/autocorrelation.h"
#include "nn/conv.h"
#include "nn/decomposition.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// Steps of the history that the decoder sees again.
int64_t label_length(const BuildArgs& a) {
  const double share = a.options.number("decoder_input_size_multiplier");
  const int64_t L = a.geometry.input_size;
  const auto length = static_cast<int64_t>(std::ceil(static_cast<double>(L) * share));
  if (length < L) return length;
  throw Error(Code::config,
              "[autoformer] received a decoder that sees " + std::to_string(length) + " of " +
                  std::to_string(L) +
                  " input steps, expected fewer: ceil(inputSize*decoderInputSizeMultiplier)",
              R"({"option":"decoderInputSizeMultiplier"})");
}

class Layers {
 public:
  explicit Layers(const BuildArgs& a)
      : a_(a),
        hidden_(a.options.integer("hidden_size")),
        window_(a.options.integer("moving_avg_window")),
        dropout_(a.phase == Phase::train ? a.options.number("dropout") : 0) {
    check_moving_average_window(a.graph, window_);
  }

  Decomposition split(Var x) const { return decompose(x, window_, 1); }

  Var embed(Var y, Var marks, const std::string& name) const {
    return data_embedding(a_.graph, y, marks, hidden_, dropout_, name);
  }

  Var encode(Var x, const std::string& name) const {
    // A decomposition of which only the rest is kept takes out what is constant over time.
    x = split(x + attend(x, x, name + ".attention", /*centred=*/true)).rest;
    return split(x + feed_forward(x, name)).rest;
  }

  /// x becomes its seasonal part; the trends taken out on the way are returned as [B, T, Q].
  Var decode(Var& x, Var memory, const std::string& name) const {
    Var trend;
    const auto keep_rest = [&](Var sum) {
      const Decomposition parts = split(sum);
      x = parts.rest;
      trend = trend.valid() ? trend + parts.trend : parts.trend;
    };
    keep_rest(x + attend(x, x, name + ".self_attention"));
    keep_rest(x + attend(x, memory, name + ".cross_attention"));
    keep_rest(x + feed_forward(x, name));
    return circular_conv3(a_.graph, trend, a_.geometry.outputs, conv_init(hidden_, 3),
                          name + ".projection");
  }

  /// Layer normalisation, then the mean over time is taken out; its bias with it, which therefore
  /// is declared for the file only.
  Var normalise(Var x, const std::string& name) const {
    const Shape features = Shape::fixed({hidden_});
    const Var weight = a_.graph.parameter({name + ".layernorm.weight", features, Init::fill(1)});
    a_.graph.parameter({name + ".layernorm.bias", features, Init::fill(0)});
    x = layer_norm(x) * weight;
    return x - mean(x, {1}, true);
  }

 private:
  Var attend(Var x, Var memory, const std::string& name, bool centred = false) const {
    const AutoCorrelationOptions options{.heads = a_.options.integer("n_head"),
                                         .factor = a_.options.integer("factor"),
                                         .training = a_.phase == Phase::train,
                                         .centred = centred};
    return dropout(auto_correlation(a_.graph, x, memory, options, name), dropout_);
  }

  Var feed_forward(Var x, const std::string& name) const {
    const int64_t width = a_.options.integer("conv_hidden_size");
    const Var wide = pointwise_conv(a_.graph, x, width, name + ".conv1");
    const Var active = a_.options.choice("activation") == "gelu" ? gelu(wide) : relu(wide);
    return dropout(pointwise_conv(a_.graph, dropout(active, dropout_), hidden_, name + ".conv2"),
                   dropout_);
  }

  const BuildArgs& a_;
  int64_t hidden_, window_;
  double dropout_;
};

Var build(const BuildArgs& a) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const int64_t label = label_length(a);
  const Layers layers(a);
  const Var y = a.in.insample_y;  // [B, L]
  Var past, recent;               // what is known about each step
  if (a.geometry.futr > 0) {
    past = slice(a.in.futr_exog, 1, 0, L);
    recent = slice(a.in.futr_exog, 1, L - label, L + H);
  }

  Var memory = layers.embed(y, past, "enc_embedding");  // [B, L, D]
  for (int64_t i = 0; i < a.options.integer("encoder_layers"); ++i)
    memory = layers.encode(memory, "encoder.attn_layers." + std::to_string(i));
  memory = layers.normalise(memory, "encoder.norm");

  // The decoder goes on from the seasonal part with zeros, from the trend with the mean.
  const auto [rest, level] = layers.split(y);
  const auto extended = [&](Var part, Var ahead) {
    return concat({slice(part, 1, L - label, L), broadcast(ahead, Shape::batched({H}))}, 1);
  };
  const Var season = extended(rest, a.graph.constant(0.0));  // [B, label + H]
  Var trend = reshape(extended(level, mean(y, {1}, true)), Shape::batched({label + H, 1}));
  Var x = layers.embed(season, recent, "dec_embedding");  // [B, label + H, D]
  for (int64_t i = 0; i < a.options.integer("decoder_layers"); ++i)
    trend = trend + layers.decode(x, memory, "decoder.layers." + std::to_string(i));
  x = layers.normalise(x, "decoder.norm");

  const auto ahead = [&](Var v) { return slice(v, 1, label, label + H); };
  return broadcast(ahead(trend) + linear(a.graph, ahead(x), Q, "decoder.projection"),
                   Shape::batched({H, Q}));  // [B, H, Q]
}

}  // namespace

const ModelSpec kAutoformer = {
    .name = "Autoformer",
    .family = "transformer",
    .paper =
        "Wu, Xu, Wang, Long, \"Autoformer: Decomposition Transformers with Auto-Correlation for "
        "Long-Term Series Forecasting\", NeurIPS 2021, https://arxiv.org/abs/2106.13008",
    .summary =
        "A transformer that separates trend and seasonal part at every layer and, instead of "
        "attending to single steps, averages the series at the delays at which it resembles "
        "itself.",
    .params =
        {
            {.name = "decoder_input_size_multiplier",
             .type = ParamType::number,
             .default_json = "0.5",
             .doc = "Share of the input, rounded up to steps, that the decoder sees again.",
             .minimum = 0,
             .maximum = 1,
             .open_minimum = true,
             .open_maximum = true},
            integer("hidden_size", "128", "Width of embeddings, encoder and decoder."),
            {.name = "dropout",
             .type = ParamType::number,
             .default_json = "0.05",
             .doc = "Share of units dropped in training: embeddings, attention outputs and "
                    "feed-forward blocks.",
             .minimum = 0,
             .maximum = 1,
             .open_maximum = true},
            integer("factor", "3",
                    "A series of T steps is averaged at floor(factor*ln T) of its delays.", 1000),
            integer("n_head", "4",
                    "Attention heads, at most hiddenSize. They share their delays, so their number "
                    "matters only where it does not divide hiddenSize and units are left over."),
            integer("conv_hidden_size", "32", "Units of each layer's feed-forward block."),
            {.name = "activation",
             .type = ParamType::choice,
             .default_json = "\"gelu\"",
             .doc = "Of the feed-forward blocks; gelu is the exact one.",
             .choices = {"gelu", "relu"}},
            integer("encoder_layers", "2", "Number of encoder layers.", 128),
            integer("decoder_layers", "1", "Number of decoder layers.", 128),
            integer("moving_avg_window", "25",
                    "Length of the centred moving average in steps, an odd number.", 1000001),
        },
    .capabilities = {.futr = true},
    .train_defaults = {{"max_steps", "5000"}, {"learning_rate", "0.0001"}},
    .build = build,
};

}  // namespace nd
