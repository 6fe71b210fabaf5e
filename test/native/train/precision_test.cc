// Training in bfloat16: gradients near those of single precision, losses as low, the same bits for
// any number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "base/error.h"
#include "nn/batch.h"
#include "parallel/team.h"
#include "simd/target.h"
#include "train/panels.h"
#include "train/trainer.h"

namespace nd::train {
namespace {

using nlohmann::json;
using testing::network;

struct Model {
  const char* type;
  json options;
  json loss = "MSE";
};

/// Large enough that most of their products are rounded.
const std::vector<Model>& models() {
  static const std::vector<Model> kModels = {
      {"NHITS", {{"mlpUnits", {{40, 40}, {40, 40}, {40, 40}}}}},
      {"LSTM", {{"encoderHiddenSize", 24}, {"decoderHiddenSize", 32}}},
      {"PatchTST", {{"hiddenSize", 32}, {"nHeads", 2}, {"linearHiddenSize", 48}}},
      {"Autoformer", {{"hiddenSize", 32}, {"nHead", 2}, {"convHiddenSize", 32}}},
      {"TSMixer", {{"nSeries", 3}, {"ffDim", 24}, {"dropout", 0.0}}},
      // A projection to 17 quantiles.
      {"LSTM",
       {{"encoderHiddenSize", 24}, {"recurrent", true}},
       {{"type", "MQLoss"}, {"levels", {10, 20, 30, 40, 50, 60, 70, 80}}}}};
  return kModels;
}

/// Gradient of one batch of made-up windows.
std::vector<float> gradient(const Network& net, Precision precision, Split split, int threads) {
  constexpr int64_t kWindows = 48;
  FloatBuffer parameters(static_cast<size_t>(net.table().total())), gradients(parameters.size());
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  const auto plan = net.compile_train(kWindows, split, false, precision);
  const auto fill = [&](const char* name, auto value) {
    if (!plan->has_input(name)) return;
    std::mt19937 generator(7);
    for (float& x : plan->input(name)) x = static_cast<float>(value(generator));
  };
  const auto normal = [](std::mt19937& g) { return std::normal_distribution<double>()(g); };
  const auto constant = [](double c) { return [c](std::mt19937&) { return c; }; };
  fill(io_names::kInsampleY, normal);
  fill(io_names::kOutsampleY, normal);
  fill(io_names::kInsampleMask, constant(1));
  fill(io_names::kWeight, constant(1));
  fill(io_names::kInverseSum, constant(1.0 / (kWindows * 12)));
  fill(kWindowMask, constant(1));
  fill(kInverseWindows, constant(1.0 / kWindows));
  parallel::Team team(threads);
  plan->run({.parameters = parameters.span(),
             .gradients = gradients.span(),
             .seed = 1,
             .step = 1,
             .team = &team});
  const auto all = gradients.span().first(static_cast<size_t>(net.table().trainable_total()));
  return {all.begin(), all.end()};
}

double norm(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return std::sqrt(sum);
}

TEST(Precision, RoundedProductsGiveGradientsNearTheExactOnes) {
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    for (const Model& model : models()) {
      const Network net = network(model.type, model.options, 48, 12, model.loss);
      for (const Split split : {Split::partitioned, Split::sharded}) {
        SCOPED_TRACE(target + " " + model.type + (split == Split::sharded ? ", sharded" : ""));
        const std::vector<float> exact = gradient(net, Precision::f32, split, 1),
                                 rounded = gradient(net, Precision::bf16, split, 1);
        const double error = norm(rounded, exact) / norm(exact, std::vector<float>(exact.size()));
        EXPECT_GT(error, 1e-5);  // something was rounded
        EXPECT_LT(error, 0.05);
        EXPECT_EQ(rounded, gradient(net, Precision::bf16, split, 3));
      }
    }
  }
  simd::select_target("");
}

/// A seasonal series with noise: the loss cannot fall to nothing.
data::Panel noisy_panel() {
  data::RawPanel raw;
  raw.ids = {"a", "b"};
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0, 0.3);
  for (int32_t s = 0; s < 2; ++s) {
    for (int64_t t = 0; t < 300; ++t) {
      raw.series.push_back(s);
      raw.times.push_back(t);
      raw.target.push_back(10 + 3 * std::sin(0.5236 * static_cast<double>(t) + s) +
                           noise(generator));
    }
  }
  return data::Panel(std::move(raw), {});
}

TEST(Precision, TrainingEndsNearWhereSinglePrecisionEnds) {
  const data::Panel panel = noisy_panel();
  for (size_t i = 0; i < 3; ++i) {
    const Model& model = models()[i];
    SCOPED_TRACE(model.type);
    const Network net = network(model.type, model.options, 24, 12);
    const auto fit = [&](Precision precision, int threads, FloatBuffer& parameters) {
      parameters = FloatBuffer(static_cast<size_t>(net.table().total()));
      initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
      TrainRequest r;
      r.network = &net;
      r.panel = &panel;
      r.config.max_steps = 60;
      r.config.val_check_steps = 60;
      r.config.learning_rate = 2e-3;
      r.config.windows_batch_size = 64;
      r.config.scaler_type = "standard";
      r.config.precision = precision;
      r.val_size = 48;
      r.threads = threads;
      return train(r, parameters).valid_loss;
    };
    FloatBuffer one, other;
    const double exact = fit(Precision::f32, 1, one);
    const double rounded = fit(Precision::bf16, 1, one);
    EXPECT_NEAR(rounded, exact, 0.03 * exact);
    for (const int threads : {2, 3}) {
      EXPECT_EQ(fit(Precision::bf16, threads, other), rounded);
      EXPECT_EQ(std::memcmp(one.data(), other.data(), one.size() * sizeof(float)), 0) << threads;
    }
  }
}

TEST(Precision, IsAnOptionOfTheFit) {
  const auto config = [](const json& options) {
    const ModelSpec& spec = find_model("MLP");
    return train_config(Options(options, model_and_training_params(spec), spec.name));
  };
  EXPECT_EQ(config(json::object()).precision, Precision::f32);
  EXPECT_EQ(config({{"precision", "bf16"}}).precision, Precision::bf16);
  EXPECT_THROW(config({{"precision", "f16"}}), Error);
}

}  // namespace
}  // namespace nd::train
