// Implicit quantiles: what the layers of the loss compute, what training draws, and what is
// learned.
#include "losses/implicit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/philox.h"
#include "forecast/forecaster.h"
#include "graph/evaluate.h"
#include "losses/distributions/math.h"
#include "serve/predictor.h"
#include "support/failure.h"
#include "train/panels.h"
#include "train/quantile_draws.h"

namespace nd {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

constexpr int64_t kInput = 4, kHorizon = 2, kCosines = 5;

json loss_json(const char* type) {
  return {{"type", type}, {"cosEmbeddingDim", kCosines}, {"levels", {80}}};
}

double number(uint32_t i) { return 2 * static_cast<double>(philox_uniform({.seed = 6}, i)) - 1; }

/// Parameters, by name, of any size.
reference::Arguments arguments(const Network& network, int64_t windows) {
  reference::Arguments in;
  in.windows = windows;
  uint32_t n = 0;
  for (const ParameterDecl& decl : network.declarations()) {
    reference::Tensor values(static_cast<size_t>(decl.shape.row()));
    for (double& v : values) v = number(n++);
    in.parameters[decl.name] = std::move(values);
  }
  return in;
}

/// The reference's QuantileLayer and output layer, one number at a time.
double quantile_by_hand(const reference::Tensors& p, double own, double q) {
  const auto prelu = [](double x, double slope) { return x > 0 ? x : slope * x; };
  const std::string layer = "loss.quantile_layer.output_layer.";
  double embedding = p.at(layer + "2.bias")[0];
  for (size_t row = 0; row < kCosines; ++row) {
    double hidden = p.at(layer + "0.bias")[row];
    for (size_t i = 0; i < kCosines; ++i)
      hidden += p.at(layer + "0.weight")[row * kCosines + i] *
                std::cos(std::numbers::pi * static_cast<double>(i) * q);
    embedding += p.at(layer + "2.weight")[row] * prelu(hidden, p.at(layer + "1.weight")[0]);
  }
  const double x = own * (1 + embedding);
  return prelu(x * p.at("loss.output_layer.0.weight")[0] + p.at("loss.output_layer.0.bias")[0],
               p.at("loss.output_layer.1.weight")[0]);
}

TEST(ImplicitQuantiles, ForecastAndLossAreThoseOfTheirLayers) {
  for (const char* type : {"IQLoss", "HuberIQLoss"}) {
    SCOPED_TRACE(type);
    const Network network = testing::network("NLinear", {}, kInput, kHorizon, loss_json(type));
    const Network plain = testing::network("NLinear", {}, kInput, kHorizon);
    const auto quantiles = network.loss().trained_quantiles();
    const size_t M = quantiles.size(), windows = 3, steps = windows * kHorizon;
    ASSERT_EQ(M, 99U);
    reference::Arguments in = arguments(network, windows);
    const auto fill = [&](const char* name, size_t size, uint32_t from) {
      reference::Tensor values(size);
      for (size_t i = 0; i < size; ++i) values[i] = number(from + static_cast<uint32_t>(i));
      return in.inputs[name] = values;
    };
    fill(io_names::kInsampleY, windows * kInput, 1000);
    in.inputs[io_names::kInsampleMask] = reference::Tensor(windows * kInput, 1.0);
    const auto own = reference::evaluate(plain.infer_graph(), in).at(io_names::kForecast);
    const auto forecast = reference::evaluate(network.infer_graph(), in).at(io_names::kForecast);
    ASSERT_EQ(forecast.size(), steps * M);
    for (size_t i = 0; i < steps; ++i)
      for (size_t m = 0; m < M; m += 7)
        EXPECT_NEAR(forecast[i * M + m], quantile_by_hand(in.parameters, own[i], quantiles[m]),
                    1e-12);

    const auto y = fill(io_names::kOutsampleY, steps, 2000);
    in.inputs[io_names::kWeight] = {1, 2, 0, 1, 1, 0.5};
    in.inputs[io_names::kInverseSum] = {1 / 5.5};
    reference::Tensor levels(steps), cosines(steps * kCosines);
    double expected = 0;
    for (size_t i = 0; i < steps; ++i) {
      levels[i] = 0.1 + 0.15 * static_cast<double>(i);
      quantile_cosines(levels[i], std::span(cosines).subspan(i * kCosines, kCosines));
      const double e = y[i] - quantile_by_hand(in.parameters, own[i], levels[i]);
      const double size = std::abs(e), hub = size <= 1 ? e * e / 2 : size - 0.5,
                   share = e > 0 ? levels[i] : 1 - levels[i];
      const double one = share * (std::string(type) == "IQLoss" ? size : hub);
      expected += one * in.inputs.at(io_names::kWeight)[i] / 5.5;
    }
    in.inputs[io_names::kQuantileLevel] = levels;
    in.inputs[io_names::kQuantileCosines] = cosines;
    const auto trained = reference::evaluate(network.train_graph(), in);
    EXPECT_NEAR(trained.at(io_names::kLoss)[0], expected, 1e-12);
    // The gradient of every parameter beside differences.
    for (const ParameterDecl& decl : network.declarations()) {
      const auto& gradient = trained.at("grad." + decl.name);
      for (size_t i = 0; i < gradient.size(); i += 3) {
        const auto at = [&](double step) {
          reference::Arguments moved = in;
          moved.parameters[decl.name][i] += step;
          return reference::evaluate(network.train_graph(), moved).at(io_names::kLoss)[0];
        };
        EXPECT_NEAR(gradient[i], (at(1e-6) - at(-1e-6)) / 2e-6, 1e-7) << decl.name;
      }
    }
  }
}

TEST(ImplicitQuantiles, CosinesAreThose) {
  Values cosines(64);
  for (const double q : {0.0, 0.013, 0.5, 0.77, 0.999}) {
    quantile_cosines(q, cosines);
    for (size_t i = 0; i < cosines.size(); ++i)
      EXPECT_NEAR(cosines[i], std::cos(std::numbers::pi * static_cast<double>(i) * q), 1e-11);
  }
}

TEST(ImplicitQuantiles, DrawsAreThoseOfTheBetaDistribution) {
  const Network network = testing::network("NLinear", {}, kInput, 100, loss_json("IQLoss"));
  const auto plan = network.compile_train(50);
  const std::span<float> levels = plan->input(io_names::kQuantileLevel);
  for (const auto& [c0, c1] : {std::pair(1.0, 1.0), std::pair(2.0, 5.0), std::pair(0.5, 0.5)}) {
    train::QuantileFeed feed({.embedding = kCosines, .concentration0 = c0, .concentration1 = c1});
    feed.feed(*plan, 1, 7);
    const std::vector<float> first(levels.begin(), levels.end());
    const auto n = static_cast<double>(levels.size());
    double sum = 0, squares = 0;
    for (const float q : levels) sum += q, squares += q * q;
    const double mean = c1 / (c0 + c1),
                 variance = c0 * c1 / ((c0 + c1) * (c0 + c1) * (c0 + c1 + 1));
    EXPECT_NEAR(sum / n, mean, 4 * std::sqrt(variance / n));
    EXPECT_NEAR(squares / n - mean * mean, variance, 0.01);
    feed.feed(*plan, 1, 8);
    EXPECT_NE(first, std::vector<float>(levels.begin(), levels.end()));
    feed.feed(*plan, 1, 7);
    EXPECT_EQ(first, std::vector<float>(levels.begin(), levels.end()));
  }
}

forecast::Forecaster learner(const json& more = json::object(), const char* type = "MLP") {
  json options = {{"maxSteps", 800},         {"learningRate", 5e-3},
                  {"hiddenSize", 16},        {"excludeInsampleY", true},
                  {"windowsBatchSize", 256}, {"loss", {{"type", "IQLoss"}, {"levels", {80}}}}};
  options.update(more);
  return forecast::Forecaster(
      json{{"horizon", 2}, {"inputSize", 4}, {"models", {{{"type", type}, {"options", options}}}}});
}

// Of independent normal numbers nothing but their distribution can be learned.
TEST(ImplicitQuantiles, LearnsANormalDistributionAndGivesAnyQuantileOfIt) {
  data::RawPanel raw;
  raw.ids = {"a"};
  for (uint32_t t = 0; t < 1000; ++t) {
    const double u = static_cast<double>(philox_uniform({.seed = 5}, t)) + 0x1p-26;
    raw.series.push_back(0), raw.times.push_back(t);
    raw.target.push_back(3 + distribution::normal_quantile(u));
  }
  auto f = learner();
  const auto panel = std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
  const auto summary = f.fit(panel, {.val_size = 100});
  EXPECT_LT(summary[0]["validLoss"].get<double>(), 0.4);  // 0.31 at best
  const auto own = f.predict(nullptr, {});
  EXPECT_EQ(own.columns, (std::vector<std::string>{"MLP-median", "MLP-lo-80", "MLP-hi-80"}));
  forecast::PredictRequest request;
  request.quantiles.quantiles = {0.05, 0.1, 0.333, 0.5, 0.9, 0.95};
  const auto asked = f.predict(nullptr, request);
  for (size_t h = 0; h < 2; ++h) {
    for (size_t c = 0; c < 6; ++c) {
      const double q = request.quantiles.quantiles[c];
      EXPECT_NEAR(asked.values[c][h], 3 + distribution::normal_quantile(q), 0.35) << q;
      EXPECT_GE(asked.values[c][h], asked.values[c > 0 ? c - 1 : 0][h]);
    }
    EXPECT_EQ(asked.values[1][h], own.values[1][h]);
  }
  request.quantiles.quantiles = {0.001};
  EXPECT_EQ(testing::failure([&] { f.predict(nullptr, request); }).code(), Code::config);
  const auto predictor = f.predictor("");
  Values out(6);
  predictor->predict(panel->target(0), 1, 1000, out);
  for (size_t h = 0; h < 2; ++h)
    for (size_t c = 0; c < 3; ++c) EXPECT_EQ(out[3 * h + c], own.values[c][h]);
}

TEST(ImplicitQuantiles, SameForAnyThreadsAndRefusedWhereAQuantileIsReadBack) {
  const auto values = [](int threads) {
    auto f = learner({{"maxSteps", 10}, {"excludeInsampleY", false}});
    f.fit(testing::shared_sine_panel({120, 90}), {.threads = threads});
    return f.predict(nullptr, {}).values;
  };
  EXPECT_EQ(values(1), values(2));
  const Error error = testing::failure([&] {
    forecast::Forecaster(json{
        {"horizon", 2},
        {"models", {{{"type", "LSTM"}, {"options", {{"recurrent", true}, {"loss", "IQLoss"}}}}}}});
  });
  EXPECT_EQ(error.code(), Code::config);
}

}  // namespace
}  // namespace nd
