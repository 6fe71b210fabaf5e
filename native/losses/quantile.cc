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

Var mq_loss(Graph& graph, const Options& options, const LossInputs& in, bool compat) {
  const Observed o = observed(graph, in);
  auto quantiles = mq_outputs(options).quantiles;
  const auto Q = static_cast<int64_t>(quantiles.size());
  const Var total = weighted_mean(
      pinball(o.y - o.y_hat, graph.constant(Shape::fixed({Q}), std::move(quantiles))), in);
  return compat ? total : total / static_cast<double>(Q);
}

}  // namespace

const LossSpec kQuantileLoss = {
    .name = "QuantileLoss",
    .summary = "Pinball loss of one quantile.",
    .formula = "WM(max(q·(y - ŷ), (q - 1)·(y - ŷ)))",
    .params = {{.name = "q",
                .type = ParamType::number,
                .doc = "The quantile to forecast.",
                .minimum = 0,
                .maximum = 1,
                .open_minimum = true,
                .open_maximum = true},
               horizon_weight_param()},
    .output_names =
        [](const Options& o) {
          return std::vector<std::string>{"_ql" + text_of(o.number("q"), true)};
        },
    .quantiles = [](const Options& o) { return std::vector<double>{o.number("q")}; },
    .build = quantile_loss,
};

const LossSpec kMqLoss = {
    .name = "MQLoss",
    .summary =
        "Pinball loss of several quantiles at once: a median and prediction intervals from one "
        "network.",
    .formula = "mean over q of WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))",
    .params = {{.name = "levels",
                .type = ParamType::number_list,
                .default_json = "[80,90]",
                .doc =
                    "Coverage of each prediction interval in percent; the median comes with them.",
                .minimum = 0,
                .maximum = 100,
                .open_minimum = true,
                .open_maximum = true,
                .single = true},
               {.name = "quantiles",
                .type = ParamType::number_list,
                .default_json = "null",
                .doc = "Quantiles to forecast, instead of levels.",
                .minimum = 0,
                .maximum = 1,
                .open_minimum = true,
                .open_maximum = true,
                .nullable = true,
                .single = true},
               horizon_weight_param()},
    .output_names = [](const Options& o) { return mq_outputs(o).names; },
    .quantiles = [](const Options& o) { return mq_outputs(o).quantiles; },
    .build = mq_loss,
};

}  // namespace nd
