#include "nn/linear.h"

#include <array>
#include <cmath>

#include "base/error.h"
#include "ops/ops.h"

namespace nd {
namespace {

constexpr std::array<std::string_view, 7> kActivations = {"ReLU",      "Softplus", "Tanh",   "SELU",
                                                          "LeakyReLU", "PReLU",    "Sigmoid"};

constexpr std::array<std::string_view, 12> kDecoderActivations = {
    "ELU",        "SiLU", "Mish",       "GELU",     "Softsign",  "Hardshrink",
    "Softshrink", "CELU", "LogSigmoid", "Hardtanh", "Hardswish", "Identity"};

// Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017: the fixed point of mean 0,
// variance 1.
constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kLeakySlope = 0.01;
constexpr double kPreluStart = 0.25;
constexpr double kShrink = 0.5;  // lambda of Hardshrink and Softshrink

Var negative_part(Graph& graph, Var x) { return minimum(x, graph.constant(0.0)); }

}  // namespace

Var linear(Graph& graph, Var x, int64_t out_features, const std::string& name, bool bias) {
  check_internal(!x.shape().dims.empty(), "linear: the input has no static axis");
  const int64_t in_features = x.shape().dims.back();
  const Init init = Init::uniform(1.0 / std::sqrt(static_cast<double>(in_features)));
  const Var weight = graph.parameter({.name = name + ".weight",
                                      .shape = Shape::fixed({out_features, in_features}),
                                      .init = init,
                                      .layout = Layout::matmul,
                                      .units = true});
  const Var product = matmul(x, weight, false, true);
  if (!bias) return product;
  return product + graph.parameter({name + ".bias", Shape::fixed({out_features}), init});
}

std::span<const std::string_view> activation_names() { return kActivations; }

std::vector<std::string_view> decoder_activation_names() {
  std::vector<std::string_view> names(kActivations.begin(), kActivations.end());
  names.insert(names.end(), kDecoderActivations.begin(), kDecoderActivations.end());
  return names;
}

Var activate(Graph& graph, Var x, std::string_view activation, const std::string& name) {
  if (activation == "ReLU") return relu(x);
  if (activation == "Softplus") return softplus(x);
  if (activation == "Tanh") return tanh(x);
  if (activation == "Sigmoid") return sigmoid(x);
  // The exponential sees min(x, 0) only: e^x would overflow where its branch is not taken.
  if (activation == "SELU")
    return (relu(x) + (exp(negative_part(graph, x)) - 1.0) * kSeluAlpha) * kSeluScale;
  // The slope's side first: at 0 the derivative is the slope, as in torch.
  if (activation == "LeakyReLU") return maximum(x * kLeakySlope, x);
  if (activation == "PReLU") {
    const Var slope =
        graph.parameter({name + ".weight", Shape::fixed({1}), Init::fill(kPreluStart)});
    return relu(x) + slope * negative_part(graph, x);
  }
  if (activation == "Identity") return x;
  if (activation == "ELU" || activation == "CELU")  // CELU with its default alpha of 1
    return relu(x) + (exp(negative_part(graph, x)) - 1.0);
  if (activation == "SiLU") return x * sigmoid(x);
  if (activation == "Mish") return x * tanh(softplus(x));
  if (activation == "GELU") return gelu(x);
  if (activation == "Softsign") return x / (abs(x) + 1.0);
  if (activation == "LogSigmoid") return neg(softplus(neg(x)));
  if (activation == "Hardshrink")
    return where(greater(abs(x), graph.constant(kShrink)), x, graph.constant(0.0));
  if (activation == "Softshrink") return relu(x - kShrink) - relu(neg(x) - kShrink);
  if (activation == "Hardtanh")
    return minimum(maximum(x, graph.constant(-1.0)), graph.constant(1.0));
  if (activation == "Hardswish") return x * (minimum(relu(x + 3.0), graph.constant(6.0)) / 6.0);
  std::string expected;
  for (const std::string_view name : decoder_activation_names())
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  throw Error(Code::config, "[" + graph.place() + "] received activation \"" +
                                std::string(activation) + "\", expected one of " + expected);
}

}  // namespace nd
