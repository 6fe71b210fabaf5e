// Norms of gradients by weight and step, and what is said of those that vanish or explode.
#include "train/gradient_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "support/failure.h"
#include "train/gradient_json.h"
#include "train/panels.h"
#include "train/step_gradient.h"
#include "train/trainer.h"

namespace nd::train {
namespace {

using testing::failure;
using testing::network;
using testing::sine_panel;

FloatBuffer initial(const Network& net) {
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  return parameters;
}

Network mlp() { return network("MLP", {{"hiddenSize", 40}}, 24, 6); }

TrainRequest request(const Network& net, const data::Panel& panel, int64_t steps) {
  TrainRequest r;
  r.network = &net;
  r.panel = &panel;
  r.config.max_steps = steps;
  r.config.windows_batch_size = 32;
  r.config.scaler_type = "standard";
  r.monitor_gradients = true;
  return r;
}

/// Each tensor in canonical order, one element after the other.
std::vector<double> naive_norms(const ParameterTable& table, std::span<const float> gradients) {
  std::vector<double> norms;
  for (const ParameterEntry& entry : table.entries()) {
    if (!entry.trainable) continue;
    double sum = 0;
    for (const float g : table.read(gradients, entry))
      sum += static_cast<double>(g) * static_cast<double>(g);
    norms.push_back(std::sqrt(sum));
  }
  return norms;
}

TEST(GradientMonitor, MeasuresEveryWeightAsItsElementsSay) {
  const Network net = mlp();
  const ParameterTable& table = net.table();
  const auto has = [&](auto test) { return std::ranges::any_of(table.entries(), test); };
  ASSERT_TRUE(has([](const ParameterEntry& e) { return e.packed() && e.extent > e.size; }));
  ASSERT_TRUE(has([](const ParameterEntry& e) { return !e.packed(); }));
  FloatBuffer gradients(static_cast<size_t>(table.total()));
  for (const ParameterEntry& entry : table.entries()) {
    std::vector<float> values(static_cast<size_t>(entry.size));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(static_cast<float>(i + values.size()));
    table.write(gradients.span(), entry, values);
  }
  std::vector<double> expected = naive_norms(table, gradients.span());
  expected.erase(expected.begin() + 1);
  std::optional<GradientHistory> history;
  GradientMonitor monitor(table, {table.entries()[1].name}, history);
  monitor.record(6);
  EXPECT_TRUE(history->steps.empty()) << "nothing has been measured";
  monitor.measure(gradients.span(), 7);
  monitor.record(7);
  ASSERT_EQ(monitor.norms().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(monitor.norms()[i], expected[i], 1e-9);
  EXPECT_EQ(history->steps, std::vector<int64_t>{7});
  EXPECT_EQ(history->norms, std::vector<double>(monitor.norms().begin(), monitor.norms().end()));
  EXPECT_TRUE(history->warnings.empty());
  const auto json = gradients_json(*history, table);
  EXPECT_EQ(json["frozen"], nlohmann::ordered_json({table.entries()[1].name}));
  EXPECT_EQ(json["norms"].size(), table.entries().size() - 1);
  EXPECT_FALSE(json["norms"].contains(table.entries()[1].name));
}

TEST(GradientMonitor, MeasuresWhatAFitComputesForAnyNumberOfThreads) {
  const data::Panel panel = sine_panel({120, 90});
  for (const char* type : {"MLP", "LSTM", "PatchTST"}) {
    const Network net = type == std::string("MLP") ? mlp() : network(type, {}, 24, 6);
    TrainRequest r = request(net, panel, 3);
    StepGradient gradient(r);
    FloatBuffer parameters = initial(net);
    ASSERT_TRUE(gradient.run(0, parameters, nullptr).has_value());
    const std::vector<double> expected = naive_norms(net.table(), gradient.gradients(nullptr));
    std::optional<GradientHistory> first;
    for (const int threads : {1, 4}) {
      r.threads = threads;
      FloatBuffer trained = initial(net);
      const std::optional<GradientHistory> history = train(r, trained).gradients;
      ASSERT_TRUE(history);
      EXPECT_EQ(history->steps, (std::vector<int64_t>{1, 2, 3}));
      ASSERT_EQ(history->norms.size(), 3 * expected.size());
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(history->norms[i], expected[i], 1e-7 * expected[i])
            << type << " " << net.table().entries()[i].name;
      if (first) {
        EXPECT_EQ(history->norms, first->norms) << type;
      }
      first = history;
    }
  }
}

TEST(GradientMonitor, WarnsOncePerWeightAndKind) {
  const Network net = network("NLinear", nlohmann::json::object(), 8, 4);
  const ParameterTable& table = net.table();
  ASSERT_EQ(table.entries().size(), 2U);
  std::optional<GradientHistory> history;
  GradientMonitor monitor(table, {}, history);
  const auto measure = [&](double first, double second, int64_t step) {
    FloatBuffer gradients(static_cast<size_t>(table.total()));
    const double norms[] = {first, second};
    for (size_t i = 0; i < 2; ++i) {
      std::vector<float> values(static_cast<size_t>(table.entries()[i].size), 0.0F);
      values.back() = static_cast<float>(norms[i]);
      table.write(gradients.span(), table.entries()[i], values);
    }
    monitor.measure(gradients.span(), step);
  };
  measure(1, 101, 1);
  measure(2e-7, 99, 2);  // neither
  measure(5e-8, 400, 3);
  measure(0, 150, 4);
  measure(3e-8, INFINITY, 5);
  ASSERT_EQ(history->warnings.size(), 2U);
  const GradientWarning &loud = history->warnings[0], &quiet = history->warnings[1];
  EXPECT_TRUE(loud.exploding);
  EXPECT_EQ(loud.weight, 1);
  EXPECT_EQ(loud.first_step, 1);
  EXPECT_EQ(loud.last_step, 5);
  EXPECT_EQ(loud.steps, 4);
  EXPECT_EQ(loud.norm, INFINITY);
  EXPECT_FALSE(quiet.exploding);
  EXPECT_EQ(quiet.weight, 0);
  EXPECT_EQ(quiet.first_step, 3);
  EXPECT_EQ(quiet.last_step, 5);
  EXPECT_EQ(quiet.steps, 3);
  EXPECT_EQ(quiet.norm, 0);
  const auto json = warnings_json(*history, table);
  EXPECT_TRUE(json[0]["norm"].is_null());
  EXPECT_EQ(json[1]["kind"], "vanishing");
  EXPECT_EQ(json[1]["weight"], table.entries()[0].name);
  EXPECT_EQ(norms_json(monitor)[table.entries()[0].name], static_cast<double>(3e-8F));
  measure(1, NAN, 6);
  EXPECT_EQ(history->warnings[0].steps, 5) << "what is no number is not small";
}

TEST(GradientMonitor, ChangesNothingOfTheFit) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = mlp();
  TrainRequest r = request(net, panel, 12);
  r.config.gradient_clip_norm = 0.01;
  r.config.accumulate_steps = 2;
  r.val_size = 12;
  r.config.val_check_steps = 4;
  r.config.lr_schedule = LrSchedule::cosine;
  FloatBuffer watched = initial(net), alone = initial(net);
  int64_t seen = 0;
  r.on_progress = [&](const Progress& p) {
    ASSERT_NE(p.gradients, nullptr);
    EXPECT_EQ(p.gradients->norms().size(), net.table().entries().size());
    ++seen;
  };
  const TrainResult result = train(r, watched);
  r.monitor_gradients = false;
  r.on_progress = [](const Progress& p) { EXPECT_EQ(p.gradients, nullptr); };
  const TrainResult plain = train(r, alone);
  EXPECT_TRUE(std::equal(watched.data(), watched.data() + watched.size(), alone.data()));
  EXPECT_EQ(seen, 12);
  EXPECT_EQ(result.gradients->steps.size(), result.train_history.size());
  EXPECT_EQ(result.gradients->norms.size(), 12 * result.gradients->weights.size());
  for (const double norm : result.gradients->norms) EXPECT_GT(norm, 1e-4) << "before clipping";
  EXPECT_FALSE(plain.gradients);
  EXPECT_EQ(plain.learning_rates, result.learning_rates);
  ASSERT_EQ(plain.learning_rates.size(), 12U);
  EXPECT_EQ(plain.learning_rates.front(), r.config.learning_rate);
  for (size_t i = 1; i < 12; ++i) EXPECT_LT(plain.learning_rates[i], plain.learning_rates[i - 1]);
}

/// Multiplies a weight by `factor`.
void scale(const Network& net, FloatBuffer& parameters, const std::string& name, float factor) {
  const ParameterEntry* const entry = net.table().find(name);
  ASSERT_NE(entry, nullptr) << name;
  std::vector<float> values = net.table().read(parameters.span(), *entry);
  for (float& v : values) v *= factor;
  net.table().write(parameters.span(), *entry, values);
}

TEST(GradientMonitor, WarnsOfANetworkWhoseGradientsVanish) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = mlp();
  FloatBuffer parameters = initial(net);
  scale(net, parameters, "out.weight", 1e-12F);
  TrainRequest r = request(net, panel, 1);
  const GradientHistory history = *train(r, parameters).gradients;
  std::vector<std::string> vanished;
  for (const GradientWarning& w : history.warnings) {
    EXPECT_FALSE(w.exploding);
    EXPECT_LT(w.norm, kVanishingNorm);
    vanished.push_back(net.table().entries()[static_cast<size_t>(w.weight)].name);
  }
  // Every layer before the last one: its own gradient is what it was.
  for (const ParameterEntry& entry : net.table().entries())
    EXPECT_EQ(std::ranges::count(vanished, entry.name), entry.name.starts_with("mlp.") ? 1 : 0)
        << entry.name;
}

TEST(GradientMonitor, WarnsOfANetworkWhoseGradientsExplodeAlsoWhenItDiverges) {
  const data::Panel panel = sine_panel({120, 90}, 1e4);
  const Network net = network("MLP", {{"hiddenSize", 40}}, 24, 6, "MSE");
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 5);
  r.config.scaler_type = "identity";
  const GradientHistory history = *train(r, parameters).gradients;
  ASSERT_FALSE(history.warnings.empty());
  EXPECT_TRUE(history.warnings.front().exploding);
  EXPECT_EQ(history.warnings.front().first_step, 1);
  EXPECT_GT(history.warnings.front().norm, kExplodingNorm);

  r.config.learning_rate = 1e30;
  parameters = initial(net);
  const Error error = failure([&] { train(r, parameters); });
  EXPECT_EQ(error.code(), Code::diverged);
  const auto details = nlohmann::json::parse(error.details());
  ASSERT_FALSE(details["gradientWarnings"].empty());
  EXPECT_EQ(details["gradientWarnings"][0]["kind"], "exploding");
  EXPECT_EQ(details["gradientWarnings"][0]["firstStep"], 1);
}

TEST(GradientMonitor, OfAFitThatLearnsNothingHasNoNorms) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = mlp();
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 2);
  for (const ParameterEntry& entry : net.table().entries()) r.frozen.push_back(entry.name);
  const GradientHistory history = *train(r, parameters).gradients;
  EXPECT_EQ(history.steps.size(), 2U);
  EXPECT_TRUE(history.norms.empty());
  EXPECT_EQ(gradients_json(history, net.table())["frozen"], nlohmann::ordered_json(r.frozen));
}

}  // namespace
}  // namespace nd::train
