// Quantile losses (Koenker and Bassett, 1978): one output per quantile.
#include "losses/list.h"
#include "ops/ops.h"

namespace nd {
namespace {

Var quantile_loss(Graph& graph, const Options& options, const LossInputs& in, bool) {
  const Observed o = observed(graph, in);
  return weighted_mean(pinball(o.y - o.y_hat, graph.constant(options.number("q"))), in);
}

/// The quantiles of several as a constant [Q].
Var quantile_row(Graph& graph, const Options& options) {
  std::vector<double> quantiles = level_columns(options).quantiles;
  const Shape shape = Shape::fixed({static_cast<int64_t>(quantiles.size())});
  return graph.constant(shape, std::move(quantiles));
}

/// The reference means to average over quantiles, and adds them up.
Var mean_over_quantiles(Var total, Var quantiles, bool compat) {
  return compat ? total : total / static_cast<double>(quantiles.shape().row());
}

Var huber_quantile_loss(Graph& graph, const Options& options, const LossInputs& in, bool) {
  const Observed o = observed(graph, in);
  const double q = options.number("q"), delta = options.number("delta");
  const Var below = huber(relu(o.y - o.y_hat), delta), above = huber(relu(o.y_hat - o.y), delta);
  return weighted_mean(below * q + above * (1 - q), in);
}

Var huber_mq_loss(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const Observed o = observed(graph, in);
  const Var quantiles = quantile_row(graph, options);
  // One of the two terms of the pinball loss is 0, so its Huber function is that of their sum.
  const Var losses = huber(pinball(o.y - o.y_hat, quantiles), options.number("delta"));
  return mean_over_quantiles(weighted_mean(losses, in), quantiles, compat);
}

Var scrps(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const Observed o = observed(graph, in);
  const Var quantiles = quantile_row(graph, options);
  const Var losses = sum_all(pinball(o.y - o.y_hat, quantiles) * in.weight);
  const Var size = compat ? sum_all(abs(in.y)) + 1e-5 : sum_all(abs(o.y) * in.weight);
  const Var inverse = compat ? graph.constant(1.0) / size : inverse_or_zero(graph, size);
  return mean_over_quantiles(losses, quantiles, compat) * inverse * 2.0;
}

ParamSpec q_param() {
  return {.name = "q",
          .type = ParamType::number,
          .doc = "The quantile to forecast.",
          .minimum = 0,
          .maximum = 1,
          .open_minimum = true,
          .open_maximum = true};
}

std::vector<std::string> mq_names(const Options& o) { return level_columns(o).suffixes; }
std::vector<double> mq_quantiles(const Options& o) { return level_columns(o).quantiles; }
std::vector<double> own_quantile(const Options& o) { return {o.number("q")}; }

}  // namespace

Var mq_loss(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const Observed o = observed(graph, in);
  const Var quantiles = quantile_row(graph, options);
  return mean_over_quantiles(weighted_mean(pinball(o.y - o.y_hat, quantiles), in), quantiles,
                             compat);
}

ParamSpec levels_param() {
  return {.name = "levels",
          .type = ParamType::number_list,
          .default_json = "[80,90]",
          .doc = "Coverage of each prediction interval in percent; the median comes with them.",
          .minimum = 0,
          .maximum = 100,
          .open_minimum = true,
          .open_maximum = true,
          .single = true};
}

ParamSpec quantiles_param() {
  return {.name = "quantiles",
          .type = ParamType::number_list,
          .default_json = "null",
          .doc = "Quantiles to forecast, instead of levels.",
          .minimum = 0,
          .maximum = 1,
          .open_minimum = true,
          .open_maximum = true,
          .nullable = true,
          .single = true};
}

ForecastColumns level_columns(const Options& options) {
  return options.is_null("quantiles") ? columns_of_levels(options.numbers("levels"))
                                      : columns_of_quantiles(options.numbers("quantiles"));
}

const LossSpec kQuantileLoss = {
    .name = "QuantileLoss",
    .summary = "Pinball loss of one quantile.",
    .formula = "WM(max(q·(y - ŷ), (q - 1)·(y - ŷ)))",
    .params = {q_param(), horizon_weight_param()},
    .output_names =
        [](const Options& o) {
          return std::vector<std::string>{"_ql" + number_text(o.number("q"), true)};
        },
    .quantiles = own_quantile,
    .build = quantile_loss,
};

const LossSpec kMqLoss = {
    .name = "MQLoss",
    .summary =
        "Pinball loss of several quantiles at once: a median and prediction intervals from one "
        "network.",
    .formula = "mean over q of WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))",
    .params = {levels_param(), quantiles_param(), horizon_weight_param()},
    .output_names = mq_names,
    .quantiles = mq_quantiles,
    .build = mq_loss,
};

const LossSpec kHuberQLoss = {
    .name = "HuberQLoss",
    .summary =
        "Pinball loss of one quantile, rounded near 0 so that outliers weigh no more than "
        "large errors.",
    .formula = "WM(q·hub((y - ŷ)₊) + (1 - q)·hub((ŷ - y)₊)), hub as in HuberLoss",
    .params = {q_param(), huber_delta_param(), horizon_weight_param()},
    .output_names =
        [](const Options& o) {
          return std::vector<std::string>{"_q" + number_text(o.number("q"), true) + "_d" +
                                          number_text(o.number("delta"), true)};
        },
    .quantiles = own_quantile,
    .build = huber_quantile_loss,
};

const LossSpec kHuberMqLoss = {
    .name = "HuberMQLoss",
    .summary = "Huber's function of the pinball loss of several quantiles at once.",
    .formula = "mean over q of WM(hub(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))), hub as in HuberLoss",
    .params = {levels_param(), quantiles_param(), huber_delta_param(), horizon_weight_param()},
    .output_names = mq_names,
    .quantiles = mq_quantiles,
    .build = huber_mq_loss,
};

const LossSpec kScrps = {
    .name = "sCRPS",
    .summary =
        "Scaled continuous ranked probability score over some quantiles (Rangapuram et al., "
        "2021): validates, does not train.",
    .formula = "2·mean over q of Σw·max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)) / Σw·|y|",
    .params = {levels_param(), quantiles_param(), horizon_weight_param()},
    .output_names = mq_names,
    .quantiles = mq_quantiles,
    .build = scrps,
    .trainable = false,
};

}  // namespace nd
