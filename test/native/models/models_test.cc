#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/philox.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "models/network.h"
#include "nn/batch.h"
#include "ops/op.h"

namespace nd {
namespace {

using nlohmann::json;
using reference::Tensor;

constexpr int64_t kWindows = 3;
const json kUnits = {{6, 5}, {5, 6}};

struct Case {
  std::string name, model;
  json options;
  Geometry geometry = {.input_size = 7, .horizon = 5};
  json loss = "MSE";
};

json with(json options, const json& more) {
  options.update(more);
  return options;
}

std::vector<Case> cases() {
  const Geometry exogenous = {.input_size = 7, .horizon = 5, .futr = 2, .hist = 3, .stat = 2};
  const json mq = {{"type", "MQLoss"}, {"levels", {80}}};
  const json nbeats = {{"mlpUnits", kUnits}, {"activation", "Tanh"}};
  const json one_stack = {{"nBlocks", {1}}, {"mlpUnits", kUnits}};
  std::vector<Case> all = {
      {"mlp", "MLP", {{"hiddenSize", 6}}},
      {"mlp-exogenous-mq", "MLP", {{"hiddenSize", 6}, {"numLayers", 1}}, exogenous, mq},
      {"dlinear-mq", "DLinear", {{"movingAvgWindow", 3}}, {.input_size = 7, .horizon = 5}, mq},
      {"nlinear-mq", "NLinear", json::object(), {.input_size = 7, .horizon = 5}, mq},
      {"nbeats", "NBEATS", nbeats},
      {"nbeats-mq", "NBEATS", nbeats, {.input_size = 7, .horizon = 5}, mq},
      {"nbeats-shared", "NBEATS", with(nbeats, {{"nBlocks", {2, 2, 2}}, {"sharedWeights", true}})},
      {"nhits", "NHITS", {{"mlpUnits", kUnits}}},
      {"nhits-exogenous-mq",
       "NHITS",
       {{"mlpUnits", kUnits}, {"nPoolKernelSize", {3, 2, 1}}},
       exogenous,
       mq},
      {"nhits-average-nearest",
       "NHITS",
       {{"mlpUnits", kUnits}, {"poolingMode", "AvgPool1d"}, {"interpolationMode", "nearest"}},
       exogenous},
      {"nhits-cubic",
       "NHITS",
       {{"mlpUnits", kUnits}, {"interpolationMode", "cubic"}, {"nFreqDownsample", {2, 2, 1}}}},
  };
  const json patches = {{"hiddenSize", 8}, {"nHeads", 2},     {"linearHiddenSize", 6},
                        {"patchLen", 4},   {"stride", 2},     {"encoderLayers", 2},
                        {"dropout", 0},    {"fcDropout", 0.5}};
  all.push_back({"patchtst", "PatchTST", patches});
  all.push_back({"patchtst-mq",
                 "PatchTST",
                 with(patches, {{"revinAffine", true}, {"revinSubtractLast", false}}),
                 {.input_size = 7, .horizon = 5},
                 mq});
  all.push_back({"patchtst-norm-first", "PatchTST",
                 with(patches, {{"resAttention", false},
                                {"batchNormalization", true},
                                {"revin", false},
                                {"patchLen", 100},
                                {"learnPosEmbed", false}})});
  const json mixer = {{"nSeries", 3}, {"ffDim", 4}, {"dropout", 0}};
  all.push_back({"tsmixer", "TSMixer", mixer});
  all.push_back({"tsmixer-mq", "TSMixer", mixer, {.input_size = 7, .horizon = 5}, mq});
  all.push_back({"tsmixer-plain", "TSMixer", with(mixer, {{"revin", false}, {"nBlock", 1}})});
  const json autoformer = {{"hiddenSize", 6},      {"nHead", 4},   {"convHiddenSize", 5},
                           {"movingAvgWindow", 3}, {"dropout", 0}, {"factor", 2}};
  all.push_back({"autoformer", "Autoformer", autoformer});  // odd lengths: 7 and 4 + 5
  all.push_back({"autoformer-exogenous-mq",
                 "Autoformer",
                 with(autoformer, {{"activation", "relu"}, {"decoderLayers", 2}}),
                 {.input_size = 8, .horizon = 5, .futr = 2},
                 mq});
  all.push_back({"autoformer-cut-memory", "Autoformer",
                 with(autoformer, {{"encoderLayers", 1}, {"decoderInputSizeMultiplier", 0.1}})});
  for (const char* basis :
       {"legendre", "chebyshev", "changepoint", "piecewise_linear", "linear_hat", "spline"})
    all.push_back({std::string("nbeats-") + basis, "NBEATS",
                   with(one_stack, {{"stackTypes", {"trend"}}, {"basis", basis}, {"nBasis", 4}})});
  for (const char* activation : {"ReLU", "Softplus", "SELU", "LeakyReLU", "PReLU", "Sigmoid"})
    all.push_back({std::string("nbeats-") + activation, "NBEATS",
                   with(one_stack, {{"stackTypes", {"identity"}}, {"activation", activation}})});
  return all;
}

Network network(const Case& c) {
  const ModelSpec& spec = find_model(c.model);
  return Network(spec, Options(c.options, spec.params, c.name), c.geometry, Loss(c.loss));
}

/// Numbers in [-1, 1), a function of their place only.
Tensor noise(int64_t size, uint32_t stream) {
  Tensor values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] =
        2.0 * philox_uniform({.seed = 11, .stream = Stream::sampling, .substream = stream}, i) - 1;
  return values;
}

reference::Arguments arguments(const Network& net) {
  const Geometry& g = net.geometry();
  const int64_t L = g.input_size, H = g.horizon, rows = kWindows * g.series;
  reference::Arguments args;
  args.windows = kWindows;
  args.inputs = {{io_names::kInsampleY, noise(rows * L, 1)},
                 {io_names::kInsampleMask, Tensor(static_cast<size_t>(rows * L), 1.0)},
                 {io_names::kOutsampleY, noise(rows * H, 2)},
                 {io_names::kWeight, Tensor(static_cast<size_t>(rows * H), 1.0)},
                 {io_names::kInverseSum, {1.0 / static_cast<double>(rows * H - 1)}}};
  if (spans_batch(net.train_graph())) {
    args.inputs[kWindowMask] = Tensor(static_cast<size_t>(kWindows), 1.0);
    args.inputs[kInverseWindows] = {1.0 / static_cast<double>(kWindows)};
  }
  args.inputs[io_names::kInsampleMask][0] = 0;  // a window whose history begins late
  args.inputs[io_names::kInsampleY][0] = 0;
  args.inputs[io_names::kWeight].back() = 0;  // a horizon that is partly unobserved
  if (g.futr > 0) args.inputs[io_names::kFutrExog] = noise(kWindows * (L + H) * g.futr, 3);
  if (g.hist > 0) args.inputs[io_names::kHistExog] = noise(kWindows * L * g.hist, 4);
  if (g.stat > 0) args.inputs[io_names::kStatExog] = noise(kWindows * g.stat, 5);
  std::vector<float> values(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 3, values);
  for (const ParameterEntry& e : net.table().entries()) {
    const std::vector<float> weights = net.table().read(values, e);
    args.parameters[e.name] = Tensor(weights.begin(), weights.end());
  }
  return args;
}

double loss_of(const Graph& graph, const reference::Arguments& args) {
  return reference::evaluate(graph, args).at(io_names::kLoss).at(0);
}

bool detaches(const Graph& graph) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& node) {
    return node.op != nullptr && node.op->name == "detach";
  });
}

TEST(Models, GradientsAgreeWithDifferences) {
  constexpr double kStep = 1e-5;
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Network net = network(c);
    const Graph graph = net.train_graph(true);
    reference::Arguments args = arguments(net);
    const auto out = reference::evaluate(graph, args);
    EXPECT_EQ(out.at(io_names::kForecast).size(),
              static_cast<size_t>(kWindows * net.geometry().series * 5 * net.loss().outputs()));
    const auto check = [&](Tensor& values, const Tensor& gradient, const std::string& name) {
      ASSERT_EQ(values.size(), gradient.size()) << name;
      const size_t stride = std::max<size_t>(1, values.size() / 4);
      for (size_t i = 0; i < values.size(); i += stride) {
        const double kept = values[i];
        values[i] = kept + kStep;
        const double up = loss_of(graph, args);
        values[i] = kept - kStep;
        const double down = loss_of(graph, args);
        values[i] = kept;
        EXPECT_NEAR(gradient[i], (up - down) / (2 * kStep), 1e-6) << name << "[" << i << "]";
      }
    };
    for (const ParameterEntry& e : net.table().entries())
      if (e.trainable) check(args.parameters[e.name], out.at("grad." + e.name), e.name);
    // Statistics that a network takes of its input as constants are none to a difference.
    if (!detaches(net.infer_graph()))
      check(args.inputs[io_names::kInsampleY], out.at("grad.insample_y"), "insample_y");
  }
}

TEST(Models, FusionChangesNoValue) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Network net = network(c);
    const Graph graph = net.train_graph(true);
    const Graph fused =
        fuse_epilogues(fuse_elementwise(optimise(graph, reference::evaluate_constant)));
    const reference::Arguments args = arguments(net);
    const auto expected = reference::evaluate(graph, args), got = reference::evaluate(fused, args);
    ASSERT_EQ(expected.size(), got.size());
    for (const auto& [name, values] : expected) {
      const Tensor& same = got.at(name);
      ASSERT_EQ(values.size(), same.size()) << name;
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_NEAR(values[i], same[i], 1e-12 * std::max(1.0, std::abs(values[i]))) << name;
    }
  }
}

TEST(Models, OneBatchIsLearntByHeart) {
  for (const Case& c : cases()) {
    if (c.loss != "MSE" || c.name.starts_with("nbeats-")) continue;
    SCOPED_TRACE(c.name);
    const Network net = network(c);
    const Graph graph = net.train_graph();
    reference::Arguments args = arguments(net);
    std::map<std::string, Tensor> mean, square;
    double first = 0, last = 0;
    for (int step = 1; step <= 400; ++step) {
      const auto out = reference::evaluate(graph, args);
      last = out.at(io_names::kLoss).at(0);
      if (step == 1) first = last;
      for (const ParameterEntry& e : net.table().entries()) {
        if (!e.trainable) continue;
        Tensor &m = mean[e.name], &v = square[e.name];
        const Tensor& g = out.at("grad." + e.name);
        m.resize(g.size()), v.resize(g.size());
        for (size_t i = 0; i < g.size(); ++i) {
          m[i] = 0.9 * m[i] + 0.1 * g[i];
          v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
          args.parameters[e.name][i] -= 0.01 * (m[i] / (1 - std::pow(0.9, step))) /
                                        (std::sqrt(v[i] / (1 - std::pow(0.99, step))) + 1e-8);
        }
      }
    }
    EXPECT_LT(last, 0.01 * first);
  }
}

TEST(Models, TheOrderOfTheHistoryMatters) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Network net = network(c);
    const Graph graph = net.infer_graph();
    reference::Arguments args = arguments(net);
    for (const char* name : {io_names::kOutsampleY, io_names::kWeight, io_names::kInverseSum,
                             kWindowMask, kInverseWindows})
      args.inputs.erase(name);
    const Tensor before = reference::evaluate(graph, args).at(io_names::kForecast);
    Tensor& y = args.inputs[io_names::kInsampleY];
    const auto length = static_cast<size_t>(c.geometry.input_size);
    for (size_t first = 0; first < y.size(); first += length) std::swap(y[first + 2], y[first + 4]);
    EXPECT_NE(reference::evaluate(graph, args).at(io_names::kForecast), before);
  }
}

TEST(Models, PhasesShareParameters) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Network net = network(c);
    const Graph infer = net.infer_graph(), train = net.train_graph();
    ASSERT_EQ(infer.parameters().size(), train.parameters().size());
    for (size_t i = 0; i < infer.parameters().size(); ++i)
      EXPECT_EQ(infer.parameters()[i].name, train.parameters()[i].name);
  }
}

std::vector<std::string> parameter_names(const Network& net) {
  std::vector<std::string> names;
  for (const auto& decl : net.declarations()) names.push_back(decl.name);
  return names;
}

TEST(Models, ParameterNamesAreTheReferences) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(parameter_names(network({"mlp", "MLP", {{"hiddenSize", 4}}})),
            (Names{"mlp.0.weight", "mlp.0.bias", "mlp.1.weight", "mlp.1.bias", "out.weight",
                   "out.bias"}));
  EXPECT_EQ(parameter_names(network({"nlinear", "NLinear", json::object()})),
            (Names{"linear.weight", "linear.bias"}));
  EXPECT_EQ(parameter_names(network({"dlinear", "DLinear", json::object()})),
            (Names{"linear_trend.weight", "linear_trend.bias", "linear_season.weight",
                   "linear_season.bias"}));
  const json mixer = {{"nSeries", 2}, {"nBlock", 1}};
  Names names = {"norm.affine_weight", "norm.affine_bias"};
  for (const char* layer :
       {"temporal_mixer.temporal_norm", "temporal_mixer.temporal_lin", "feature_mixer.feature_norm",
        "feature_mixer.feature_lin_1", "feature_mixer.feature_lin_2"}) {
    for (const char* kind : {".weight", ".bias", ".running_mean", ".running_var"}) {
      if (std::string(layer).find("lin") != std::string::npos && std::string(kind).size() > 7)
        continue;
      names.push_back("mixing_layers.0." + std::string(layer) + kind);
    }
  }
  names.insert(names.end(), {"out.weight", "out.bias"});
  EXPECT_EQ(parameter_names(network({"tsmixer", "TSMixer", mixer})), names);
  const json trend = {
      {"stackTypes", {"trend"}}, {"nBlocks", {1}}, {"mlpUnits", kUnits}, {"activation", "PReLU"}};
  EXPECT_EQ(parameter_names(network({"nbeats", "NBEATS", trend})),
            (Names{"blocks.0.layers.0.weight", "blocks.0.layers.0.bias", "blocks.0.layers.1.weight",
                   "blocks.0.layers.1.bias", "blocks.0.layers.2.weight", "blocks.0.layers.3.weight",
                   "blocks.0.layers.3.bias", "blocks.0.layers.5.weight", "blocks.0.layers.5.bias",
                   "blocks.0.basis.backcast_basis", "blocks.0.basis.forecast_basis"}));
  const json dropping = {{"mlpUnits", kUnits},         {"dropoutProbTheta", 0.1},
                         {"stackTypes", {"identity"}}, {"nBlocks", {1}},
                         {"nPoolKernelSize", {2}},     {"nFreqDownsample", {2}}};
  EXPECT_EQ(parameter_names(network({"nhits", "NHITS", dropping})),
            (Names{"blocks.0.layers.0.weight", "blocks.0.layers.0.bias", "blocks.0.layers.1.weight",
                   "blocks.0.layers.1.bias", "blocks.0.layers.4.weight", "blocks.0.layers.4.bias",
                   "blocks.0.layers.7.weight", "blocks.0.layers.7.bias"}));
}

TEST(Models, OutputsOfMultivariateModelsAreRowsBySeries) {
  // The raw output holds all series of the first quantile, then of the second. With the reference's
  // layout the same numbers are read series by series.
  const ModelSpec& spec = find_model("TSMixer");
  const json options = {{"nSeries", 2}, {"nBlock", 0}, {"revin", false}};
  const Geometry geometry = {.input_size = 4, .horizon = 3};
  const json mq = {{"type", "MQLoss"}, {"levels", {80}}};
  const auto forecast = [&](bool compat) {
    const Network net(spec, Options(options, spec.params, "tsmixer"), geometry, Loss(mq, compat));
    return reference::evaluate(net.infer_graph(), arguments(net)).at(io_names::kForecast);
  };
  const Tensor right = forecast(false), mixed = forecast(true);
  const size_t H = 3, N = 2, Q = 3;
  ASSERT_EQ(right.size(), kWindows * N * H * Q);
  for (size_t b = 0; b < kWindows; ++b)
    for (size_t h = 0; h < H; ++h)
      for (size_t q = 0; q < Q; ++q)
        for (size_t n = 0; n < N; ++n) {
          const size_t raw = q * N + n;
          EXPECT_EQ(right[((b * N + n) * H + h) * Q + q],
                    mixed[((b * N + raw / Q) * H + h) * Q + raw % Q]);
        }
}

TEST(Models, AliasesCoverWhatTheReferenceRepeats) {
  const json shared = {{"stackTypes", {"trend", "identity"}},
                       {"nBlocks", {2, 1}},
                       {"mlpUnits", kUnits},
                       {"sharedWeights", true},
                       {"activation", "PReLU"}};
  const Network net = network({"nbeats", "NBEATS", shared});
  const auto aliases = net.aliases();
  const auto target = [&](const std::string& name) {
    const auto found = std::find_if(aliases.begin(), aliases.end(),
                                    [&](const auto& a) { return a.first == name; });
    return found == aliases.end() ? "" : found->second;
  };
  EXPECT_EQ(target("blocks.1.layers.0.weight"), "blocks.0.layers.0.weight");
  EXPECT_EQ(target("blocks.1.basis.forecast_basis"), "blocks.0.basis.forecast_basis");
  EXPECT_EQ(target("blocks.0.layers.4.weight"), "blocks.0.layers.2.weight");
  EXPECT_EQ(target("blocks.1.layers.4.weight"), "blocks.0.layers.2.weight");
  EXPECT_EQ(target("blocks.2.layers.4.weight"), "blocks.2.layers.2.weight");
  EXPECT_EQ(target("blocks.2.layers.0.weight"), "");
  EXPECT_TRUE(network({"mlp", "MLP", {{"hiddenSize", 4}}}).aliases().empty());
}

TEST(Nhits, DropoutIsDrawnInTrainingOnly) {
  const Network net =
      network({"nhits", "NHITS", {{"mlpUnits", kUnits}, {"dropoutProbTheta", 0.5}}});
  reference::Arguments args = arguments(net);
  const auto forecast = [&](const Graph& graph, uint32_t step) {
    args.step = step;
    return reference::evaluate(graph, args).at(io_names::kForecast);
  };
  const Graph train = net.train_graph(), still = net.train_graph(false, Phase::infer);
  EXPECT_EQ(forecast(train, 1), forecast(train, 1));
  EXPECT_NE(forecast(train, 1), forecast(train, 2));
  EXPECT_EQ(forecast(still, 1), forecast(still, 2));
}

TEST(Nlinear, ShiftsWithItsInput) {
  const Network net = network({"nlinear", "NLinear", json::object()});
  reference::Arguments args = arguments(net);
  const Graph graph = net.train_graph();
  const Tensor before = reference::evaluate(graph, args).at(io_names::kForecast);
  for (double& y : args.inputs[io_names::kInsampleY]) y += 3;
  const Tensor after = reference::evaluate(graph, args).at(io_names::kForecast);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i] + 3, 1e-12);
}

Error refusal(const Case& c) {
  try {
    network(c);
  } catch (const Error& e) {
    return e;
  }
  return Error(Code::internal, "accepted");
}

TEST(Models, RefusalsSayWhatWasExpected) {
  const Geometry one_step = {.input_size = 7, .horizon = 1};
  const json mq = {{"type", "MQLoss"}};
  const auto expect = [](const Case& c, Code code, const std::string& message) {
    const Error error = refusal(c);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_EQ(error.message(), message);
  };
  expect({"nbeats", "NBEATS", json::object(), one_step}, Code::config,
         "[nbeats] received stackTypes with \"trend\" and horizon = 1, expected a horizon of at "
         "least 2 or \"identity\" stacks only");
  EXPECT_EQ(refusal({"nbeats",
                     "NBEATS",
                     {{"stackTypes", {"identity"}}, {"nBlocks", {1}}, {"mlpUnits", kUnits}},
                     one_step})
                .message(),
            "accepted");
  expect({"nbeats", "NBEATS", {{"dropoutProbTheta", 0.1}}}, Code::config,
         "[nbeats] received dropoutProbTheta above 0, which N-BEATS does not support (nor does the "
         "reference); expected 0");
  expect({"nbeats", "NBEATS", {{"nBlocks", {1}}}}, Code::config,
         "[nbeats] received nBlocks with 1 elements and stackTypes with 3, expected one element "
         "per stack in each");
  expect({"nbeats", "NBEATS", {{"basis", "spline"}}}, Code::config,
         "[nbeats] received nBasis = 2 with basis \"spline\", expected at least 3");
  expect({"nhits", "NHITS", {{"nPoolKernelSize", {2, 2}}}}, Code::config,
         "[nhits] received nPoolKernelSize with 2 elements and stackTypes with 3, expected one "
         "element per stack in each");
  expect(
      {"nhits", "NHITS", {{"interpolationMode", "cubic-2"}}, {.input_size = 7, .horizon = 5}, mq},
      Code::config,
      "[nhits] received interpolationMode = \"cubic-2\" with a loss of 5 outputs, expected "
      "\"linear\" or \"nearest\": cubic needs a loss with one output");
  expect({"nhits", "NHITS", {{"mlpUnits", {{8, 8}, {4, 8}}}}}, Code::config,
         "[nhits] received mlpUnits whose row 1 starts with 4, expected 8, the size with which the "
         "row before it ends");
  expect({"nhits", "NHITS", {{"mlpUnits", {{8, 8, 8}}}}}, Code::config,
         "[nhits] received mlpUnits whose row 0 has 3 numbers, expected [in, out]");
  expect({"dlinear", "DLinear", {{"movingAvgWindow", 4}}}, Code::config,
         "[dlinear] received movingAvgWindow = 4, expected an odd number: a centred average needs "
         "as many steps before as after");
  expect({"dlinear", "DLinear", json::object(), {.input_size = 7, .horizon = 5, .hist = 2}},
         Code::features,
         "[dlinear] received 2 historic exogenous column(s), expected none: DLinear does not use "
         "them");
  expect({"patchtst", "PatchTST", {{"hiddenSize", 12}, {"nHeads", 5}}}, Code::config,
         "[patchtst] received hiddenSize = 12 with nHeads = 5, expected a multiple of nHeads");
  expect({"autoformer", "Autoformer", {{"movingAvgWindow", 4}}}, Code::config,
         "[autoformer] received movingAvgWindow = 4, expected an odd number: a centred average "
         "needs as many steps before as after");
  expect({"autoformer", "Autoformer", {{"decoderInputSizeMultiplier", 0.9}}}, Code::config,
         "[autoformer] received a decoder that sees 7 of 7 input steps, expected fewer: "
         "ceil(inputSize*decoderInputSizeMultiplier)");
  expect({"autoformer", "Autoformer", {{"hiddenSize", 3}}}, Code::config,
         "[autoformer] received nHead = 4 with hiddenSize = 3, expected at most one head per unit");
  expect(
      {"autoformer", "Autoformer", {{"factor", 4}}}, Code::config,
      "[autoformer] received factor = 4 for a series of 7 steps, expected floor(factor*ln(steps)) "
      "from 1 to 6");
  expect({"mlp", "MLP", json::object(), {.input_size = 7, .horizon = 0}}, Code::horizon,
         "[mlp] received horizon = 0, expected at least 1");
  expect({"mlp", "MLP", json::object(), {.input_size = 0, .horizon = 5}}, Code::config,
         "[mlp] received inputSize = 0, expected at least 1");
  expect({"mlp",
          "MLP",
          {{"hiddenSize", 4}},
          {.input_size = 7, .horizon = 5},
          {{"type", "MAE"}, {"horizonWeight", {1, 1}}}},
         Code::config,
         "[mlp] received horizonWeight with 2 numbers, expected one per step of the horizon of 5");
  expect({"mlp",
          "MLP",
          {{"hiddenSize", 4}},
          {.input_size = 7, .horizon = 5},
          {{"type", "MASE"}, {"seasonality", 12}}},
         Code::config,
         "[mase] received seasonality = 12 with inputSize = 7, expected an inputSize above the "
         "seasonality: the scale is a mean over pairs inside the input");
}

}  // namespace
}  // namespace nd
