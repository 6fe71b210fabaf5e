#include "models/residual_blocks.h"

#include "base/error.h"
#include "nn/linear.h"
#include "ops/ops.h"

namespace nd {
namespace {

/// Modules that one row of mlp_units puts into the reference's Sequential: Linear, activation and
/// maybe Dropout.
int64_t modules_per_row(const Options& options) {
  return options.number("dropout_prob_theta") > 0 ? 3 : 2;
}

std::string layer_name(const std::string& block, int64_t index) {
  return block + ".layers." + std::to_string(index);
}

void check_units(const BuildArgs& a, const std::vector<std::vector<int64_t>>& units) {
  for (size_t i = 0; i < units.size(); ++i) {
    const std::string row =
        "[" + a.graph.place() + "] received mlpUnits whose row " + std::to_string(i);
    if (units[i].size() != 2)
      throw Error(Code::config,
                  row + " has " + std::to_string(units[i].size()) + " numbers, expected [in, out]",
                  R"({"option":"mlpUnits"})");
    if (i > 0 && units[i - 1][1] != units[i][0])
      throw Error(Code::config,
                  row + " starts with " + std::to_string(units[i][0]) + ", expected " +
                      std::to_string(units[i - 1][1]) +
                      ", the size with which the row before it ends",
                  R"({"option":"mlpUnits"})");
  }
}

}  // namespace

Var residual_forecast(const BuildArgs& a, int64_t blocks,
                      const std::function<BlockOut(Var, int64_t)>& block) {
  const int64_t L = a.geometry.input_size;
  const Var y = a.in.insample_y;                                          // [B, L]
  const Var seen = reverse(a.in.insample_mask, 1);                        // [B, L]
  Var residual = reverse(y, 1);                                           // [B, L], newest first
  Var forecast = reshape(slice(y, 1, L - 1, L), Shape::batched({1, 1}));  // [B, 1, 1], last value
  for (int64_t i = 0; i < blocks; ++i) {
    const BlockOut out = block(residual, i);
    if (i + 1 < blocks) residual = (residual - out.backcast) * seen;
    forecast = forecast + out.forecast;  // [B, H, Q]
  }
  return forecast;
}

Var block_network(const BuildArgs& a, Var x, int64_t n_theta, const std::string& name) {
  const auto units = a.options.matrix("mlp_units");
  const double dropout_probability = a.options.number("dropout_prob_theta");
  const std::string activation = a.options.choice("activation");
  const int64_t step = modules_per_row(a.options);
  check_units(a, units);

  // The first layer has no activation: so it is in the reference, and so are its weights.
  Var hidden = linear(a.graph, x, units[0][0], layer_name(name, 0));
  int64_t index = 1;
  for (const auto& row : units) {
    hidden = linear(a.graph, hidden, row[1], layer_name(name, index));
    hidden = activate(a.graph, hidden, activation, layer_name(name, 2));
    if (a.phase == Phase::train && dropout_probability > 0)
      hidden = dropout(hidden, dropout_probability);
    index += step;
  }
  return linear(a.graph, hidden, n_theta, layer_name(name, index));
}

ParamSpec mlp_units_param() {
  return {.name = "mlp_units",
          .type = ParamType::integer_matrix,
          .default_json = "[[512,512],[512,512],[512,512]]",
          .doc =
              "Sizes [in, out] of the dense layers inside each block; a row starts with the size "
              "with which the one before it ends.",
          .minimum = 1,
          .maximum = 1048576};
}

ParamSpec dropout_prob_theta_param() {
  return {.name = "dropout_prob_theta",
          .type = ParamType::number,
          .default_json = "0",
          .doc = "Probability with which training zeroes an activation inside a block.",
          .minimum = 0,
          .maximum = 1,
          .open_maximum = true};
}

ParamSpec activation_param() {
  const auto names = activation_names();
  return {.name = "activation",
          .type = ParamType::choice,
          .default_json = "\"ReLU\"",
          .doc = "Activation after each dense layer of a block.",
          .choices = {names.begin(), names.end()}};
}

void check_equal_lengths(const BuildArgs& a,
                         const std::vector<std::pair<std::string_view, size_t>>& lengths) {
  const auto& [first, expected] = lengths.front();
  for (const auto& [name, length] : lengths)
    if (length != expected)
      throw Error(Code::config,
                  "[" + a.graph.place() + "] received " + camel_case(name) + " with " +
                      std::to_string(length) + " elements and " + camel_case(first) + " with " +
                      std::to_string(expected) + ", expected one element per stack in each",
                  R"({"option":")" + camel_case(name) + R"("})");
}

std::string block_name(int64_t i) { return "blocks." + std::to_string(i); }

std::vector<std::pair<std::string, std::string>> prelu_aliases(const Options& options,
                                                               int64_t blocks) {
  std::vector<std::pair<std::string, std::string>> aliases;
  if (options.choice("activation") != "PReLU") return aliases;
  const auto rows = static_cast<int64_t>(options.matrix("mlp_units").size());
  for (int64_t i = 0; i < blocks; ++i)
    for (int64_t row = 1; row < rows; ++row)
      aliases.emplace_back(
          layer_name(block_name(i), 2 + row * modules_per_row(options)) + ".weight",
          layer_name(block_name(i), 2) + ".weight");
  return aliases;
}

}  // namespace nd
