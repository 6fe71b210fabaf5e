// Quantile losses (Koenker and Bassett, 1978): one output per quantile.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "losses/list.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// Shortest text that reads back as the number, with ".0" where Python writes one (`point`).
std::string text_of(double value, bool point) {
  char buffer[40];
  std::string text(
      buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr);
  return point && text.find('.') == std::string::npos ? text + ".0" : text;
}

std::vector<double> distinct(const std::vector<double>& values) {
  std::vector<double> result;
  for (const double v : values)
    if (std::find(result.begin(), result.end(), v) == result.end()) result.push_back(v);
  return result;
}

struct Outputs {
  std::vector<double> quantiles;
  std::vector<std::string> names;
};

/// Median first, then the bounds of all intervals in ascending order.
Outputs outputs_of_levels(const std::vector<double>& levels) {
  std::vector<std::pair<double, std::string>> bounds;
  for (const double level : levels) {
    bounds.emplace_back((50 - level / 2) / 100, "-lo-" + text_of(level, false));
    bounds.emplace_back((50 + level / 2) / 100, "-hi-" + text_of(level, false));
  }
  std::stable_sort(bounds.begin(), bounds.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Outputs out{{0.5}, {"-median"}};
  for (auto& [quantile, name] : bounds) {
    out.quantiles.push_back(quantile);
    out.names.push_back(std::move(name));
  }
  return out;
}

Outputs outputs_of_quantiles(const std::vector<double>& quantiles) {
  Outputs out{quantiles, {}};
  for (const double q : quantiles) {
    const double level =
        std::nearbyint((q < 0.5 ? 100 - 200 * q : 100 - 200 * (1 - q)) * 100) / 100;
    out.names.push_back(q == 0.5 ? "-median" : (q < 0.5 ? "-lo-" : "-hi-") + text_of(level, true));
  }
  return out;
}

Outputs mq_outputs(const Options& options) {
  return options.is_null("quantiles")
             ? outputs_of_levels(distinct(options.numbers("levels")))
             : outputs_of_quantiles(distinct(options.numbers("quantiles")));
}

Var quantile_loss(Graph& graph, const Options& options, const LossInputs& in, bool) {
  const Observed o = observed(graph, in);
  return weighted_mean(pinball(o.y - o.y_hat, graph.constant(options.number("q"))), in);
}

/// The quantiles of several as a constant [Q].
Var quantile_row(Graph& graph, const Options& options) {
  std::vector<double> quantiles = mq_outputs(options).quantiles;
  const Shape shape = Shape::fixed({static_cast<int64_t>(quantiles.size())});
  return graph.constant(shape, std::move(quantiles));
}

/// The reference means to average over quantiles, and adds them up.
Var mean_over_quantiles(Var total, Var quantiles, bool compat) {
  return compat ? total : total / static_cast<double>(quantiles.shape().row());
}

Var mq_loss(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const Observed o = observed(graph, in);
  const Var quantiles = quantile_row(graph, options);
  return mean_over_quantiles(weighted_mean(pinball(o.y - o.y_hat, quantiles), in), quantiles,
                             compat);
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

std::vector<std::string> mq_names(const Options& o) { return mq_outputs(o).names; }
std::vector<double> mq_quantiles(const Options& o) { return mq_outputs(o).quantiles; }
std::vector<double> own_quantile(const Options& o) { return {o.number("q")}; }

}  // namespace

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

const LossSpec kQuantileLoss = {
    .name = "QuantileLoss",
    .summary = "Pinball loss of one quantile.",
    .formula = "WM(max(q·(y - ŷ), (q - 1)·(y - ŷ)))",
    .params = {q_param(), horizon_weight_param()},
    .output_names =
        [](const Options& o) {
          return std::vector<std::string>{"_ql" + text_of(o.number("q"), true)};
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
          return std::vector<std::string>{"_q" + text_of(o.number("q"), true) + "_d" +
                                          text_of(o.number("delta"), true)};
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
