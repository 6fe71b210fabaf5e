// PatchTST (Nie et al., ICLR 2023): patches of the history are the tokens of a transformer encoder.
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "models/list.h"
#include "models/params.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "ops/attention.h"
#include "ops/ops.h"

namespace nd {
namespace {

constexpr double kRevinEps = 1e-5;

// Reversible instance normalisation (Kim et al., ICLR 2022) of one window, by its last value or its
// mean; statistics count as constants, the last value does not.
class RevIn {
 public:
  RevIn(const BuildArgs& a, Var y) {
    const int64_t L = a.geometry.input_size;
    const Var average = mean(y, {1}, true);
    const Var centred = y - average;
    deviation_ = detach(sqrt(mean(centred * centred, {1}, true) + kRevinEps));  // [B, 1]
    origin_ = a.options.boolean("revin_subtract_last") ? slice(y, 1, L - 1, L) : detach(average);
    if (!a.options.boolean("revin_affine")) return;
    const auto parameter = [&](const char* name, double value) {
      return a.graph.parameter(
          {std::string("model.revin_layer.") + name, Shape::fixed({1}), Init::fill(value)});
    };
    weight_ = parameter("affine_weight", 1);
    bias_ = parameter("affine_bias", 0);
  }
  Var apply(Var y) const {
    const Var x = (y - origin_) / deviation_;
    return weight_.valid() ? x * weight_ + bias_ : x;
  }
  Var revert(Var x) const {
    const Var y = weight_.valid() ? (x - bias_) / (weight_ + kRevinEps * kRevinEps) : x;
    return y * deviation_ + origin_;
  }

 private:
  Var deviation_, origin_, weight_, bias_;
};

class Encoder {
 public:
  explicit Encoder(const BuildArgs& a)
      : a_(a),
        hidden_(a.options.integer("hidden_size")),
        heads_(a.options.integer("n_heads")),
        dropout_(probability("dropout")) {
    if (hidden_ % heads_ != 0)
      throw Error(Code::config, "[patchtst] received hiddenSize = " + std::to_string(hidden_) +
                                    " with nHeads = " + std::to_string(heads_) +
                                    ", expected a multiple of nHeads");
  }

  double probability(const char* option) const {
    return a_.phase == Phase::train ? a_.options.number(option) : 0.0;
  }

  Var layer(Var x, const std::string& name) {
    const bool norm_first = a_.options.boolean("batch_normalization");
    const auto normalise = [&](Var v, const char* which) {
      return batch_norm(a_.graph, v, name + which, a_.phase == Phase::train);
    };
    if (norm_first) x = normalise(x, ".norm_attn.1");
    x = x + dropout(attend(x, name + ".self_attn"), dropout_);
    x = normalise(x, norm_first ? ".norm_ffn.1" : ".norm_attn.1");
    x = x + dropout(feed_forward(x, name + ".ff"), dropout_);
    return norm_first ? x : normalise(x, ".norm_ffn.1");
  }

 private:
  Var attend(Var x, const std::string& name) {
    const int64_t depth = hidden_ / heads_;
    const double scale = 1 / std::sqrt(static_cast<double>(depth));
    // Stored by the reference although it follows from the sizes.
    const Var stored = a_.graph.parameter(
        {name + ".sdp_attn.scale", Shape{}, Init::fill(scale), /*trainable=*/false});
    const bool residual = a_.options.boolean("res_attention");
    const Var q = linear(a_.graph, x, hidden_, name + ".W_Q");
    const Var k = linear(a_.graph, x, hidden_, name + ".W_K");
    const Var v = linear(a_.graph, x, hidden_, name + ".W_V");
    if (!residual) pairs_.clear();
    pairs_.push_back({residual ? q * stored : q * scale, k});
    const Var mixed =
        attention(pairs_, v, {.heads = heads_, .dropout = probability("attn_dropout")});
    return dropout(linear(a_.graph, mixed, hidden_, name + ".to_out.0"), dropout_);
  }

  Var feed_forward(Var x, const std::string& name) const {
    const Var wide = linear(a_.graph, x, a_.options.integer("linear_hidden_size"), name + ".0");
    const Var active = a_.options.choice("activation") == "gelu" ? gelu(wide) : relu(wide);
    return linear(a_.graph, dropout(active, dropout_), hidden_, name + ".3");
  }

  const BuildArgs& a_;
  int64_t hidden_, heads_;
  double dropout_;
  std::vector<QueryKey> pairs_;  // of the layers so far: their scores add up
};

Var build(const BuildArgs& a) {
  const int64_t L = a.geometry.input_size, H = a.geometry.horizon, Q = a.geometry.outputs;
  const int64_t stride = a.options.integer("stride");
  const int64_t length = std::min(L + stride, a.options.integer("patch_len"));
  const int64_t hidden = a.options.integer("hidden_size");
  Encoder encoder(a);

  Var y = a.in.insample_y;  // [B, L]
  std::optional<RevIn> norm;
  if (a.options.boolean("revin")) y = norm.emplace(a, y).apply(y);
  const Var end = broadcast(slice(y, 1, L - 1, L), Shape::batched({stride}));
  const Var patches = unfold(concat({y, end}, 1), 1, length, stride);  // [B, n, length]
  const int64_t n = patches.shape().dims[0];

  const Var embedded = linear(a.graph, patches, hidden, "model.backbone.W_P");
  const Var position =
      a.graph.parameter({"model.backbone.W_pos", Shape::fixed({n, hidden}), Init::uniform(0.02),
                         a.options.boolean("learn_pos_embed")});
  Var x = dropout(embedded + position, encoder.probability("dropout"));  // [B, n, D]
  for (int64_t i = 0; i < a.options.integer("encoder_layers"); ++i)
    x = encoder.layer(x, "model.backbone.encoder.layers." + std::to_string(i));

  const Var flat = reshape(transpose(x, {0, 2, 1}), Shape::batched({hidden * n}));
  Var forecast = dropout(linear(a.graph, flat, H * Q, "model.head.linear"),
                         encoder.probability("head_dropout"));  // [B, H·Q]
  if (norm) forecast = norm->revert(forecast);
  return reshape(forecast, Shape::batched({H, Q}));  // [B, H, Q]
}

}  // namespace

const ModelSpec kPatchTst = {
    .name = "PatchTST",
    .family = "transformer",
    .paper =
        "Nie, Nguyen, Sinthong, Kalagnanam, \"A Time Series is Worth 64 Words: Long-term "
        "Forecasting with Transformers\", ICLR 2023, https://arxiv.org/abs/2211.14730",
    .summary =
        "Overlapping patches of the history are the tokens of a transformer encoder; a linear head "
        "forecasts from all of them.",
    .params =
        {
            integer("encoder_layers", "3", "Number of encoder layers.", 128),
            integer("n_heads", "16", "Attention heads; must divide hiddenSize."),
            integer("hidden_size", "128", "Width of embedding and encoder."),
            integer("linear_hidden_size", "256", "Units of each layer's feed-forward block."),
            probability("dropout", "0.2",
                        "Share of units dropped in training: embedding, attention output, "
                        "feed-forward blocks and residual branches."),
            probability("fc_dropout", "0.2", "Has no effect, as in the reference."),
            probability("head_dropout", "0.0", "Share of forecasts dropped in training."),
            probability("attn_dropout", "0.0", "Share of attention weights dropped in training."),
            integer("patch_len", "16", "Steps per patch, at most inputSize + stride."),
            integer("stride", "8", "Steps from patch to patch; the end is padded by as many."),
            boolean("revin", "true", "Normalise each window by itself and undo it at the end."),
            boolean("revin_affine", "false", "Learn scale and shift of that normalisation."),
            boolean("revin_subtract_last", "true",
                    "Subtract the last value of the window instead of its mean."),
            {.name = "activation",
             .type = ParamType::choice,
             .default_json = "\"gelu\"",
             .doc = "Of the feed-forward blocks; gelu is the exact one.",
             .choices = {"gelu", "relu"}},
            boolean("res_attention", "true",
                    "Add each layer's attention scores to those of the next layer."),
            boolean("batch_normalization", "false",
                    "Normalise before attention and feed-forward block instead of after; it is "
                    "batch normalisation either way, as in the reference."),
            boolean("learn_pos_embed", "true", "Train the position embedding."),
        },
    .capabilities = {},
    .train_defaults = {{"max_steps", "5000"}, {"learning_rate", "0.0001"}},
    .build = build,
};

}  // namespace nd
