// What is tried before a fit: learning rates, one batch, batch sizes.
#include "train/trial.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <new>

#include "base/error.h"
#include "support/failure.h"
#include "train/one_batch.h"
#include "train/panels.h"
#include "train/rate_finder.h"
#include "train/size_finder.h"

namespace nd::train {
namespace {

using testing::failure;
using testing::network;
using testing::sine_panel;
using testing::small_nhits;

FloatBuffer initial(const Network& net) {
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  return parameters;
}

TrainRequest request(const Network& net, const data::Panel& panel) {
  TrainRequest r;
  r.network = &net;
  r.panel = &panel;
  r.config.windows_batch_size = 64;
  r.config.scaler_type = "standard";
  return trial_request(r, 1);
}

// A trial takes the steps of a fit: same windows, same losses.
TEST(Trial, TakesTheStepsOfAFit) {
  const data::Panel panel = sine_panel({120, 90});
  nlohmann::json options = small_nhits();
  options["dropoutProbTheta"] = 0.2;
  const Network net = network("NHITS", options, 24, 6);
  TrainRequest r = request(net, panel);
  r.config.num_lr_decays = 0;
  r.config.max_steps = 5;
  r.config.gradient_clip_norm = 0.5;
  FloatBuffer fitted = initial(net), tried = initial(net);
  const TrainResult fit = train(r, fitted);
  Trial trial(r, tried);
  for (const HistoryPoint& point : fit.train_history)
    EXPECT_EQ(trial.step(r.config.learning_rate), point.loss);
  EXPECT_TRUE(std::equal(fitted.span().begin(), fitted.span().end(), tried.span().begin()));
}

TEST(Trial, ForgetsTheCourseOfAFit) {
  TrainRequest r;
  r.config.lr_schedule = LrSchedule::plateau, r.config.early_stop_patience_steps = 3;
  r.config.max_epochs = 7, r.config.warmup_steps = 9, r.config.accumulate_steps = 4;
  r.val_size = 12;
  const TrainConfig config = trial_request(r, 30).config;
  EXPECT_EQ(config.max_steps, 30);
  EXPECT_EQ(config.max_epochs + config.warmup_steps, 0);
  EXPECT_EQ(config.accumulate_steps, 1);
  EXPECT_LT(config.early_stop_patience_steps, 0);
  EXPECT_EQ(config.lr_schedule, LrSchedule::step);
  EXPECT_EQ(trial_request(r, 30).val_size, 0);
}

TEST(RateFinder, SmoothsWithoutLagAndFindsTheSteepestFall) {
  std::vector<double> losses, rates;
  for (int i = 0; i < 100; ++i) {
    rates.push_back(1e-5 * std::pow(10, i / 25.0));
    // A fall around the 40th of the rates; noise that is steeper than it from point to point.
    losses.push_back(1 / (1 + std::exp((i - 40) / 4.0)) + (i % 2 == 0 ? 0.1 : -0.1));
  }
  const std::vector<double> smoothed = smooth_losses(losses, 5);
  ASSERT_EQ(smoothed.size(), losses.size());
  const auto steepest = steepest_rate(rates, smoothed);
  ASSERT_TRUE(steepest);
  EXPECT_GE(*steepest, rates[37]);
  EXPECT_LE(*steepest, rates[43]);

  const std::vector<double> constant(20, 3.0);
  for (const double x : smooth_losses(constant, 5)) EXPECT_NEAR(x, 3, 1e-12);
  for (const double x : smooth_losses(constant, 2)) EXPECT_NEAR(x, 2, 1e-12);
  EXPECT_FALSE(steepest_rate(std::span(rates).first(20), constant));
  EXPECT_TRUE(smooth_losses({}, 1).empty());
  EXPECT_FALSE(steepest_rate({}, {}));
}

/// Loss after `steps` steps at a constant rate, the mean of the last five.
double loss_at(const TrainRequest& from, const Network& net, double rate, int64_t steps) {
  FloatBuffer parameters = initial(net);
  Trial trial(from, parameters);
  double last = 0;
  for (int64_t i = 0; i < steps; ++i) {
    const double loss = trial.step(rate);
    if (!std::isfinite(loss)) return INFINITY;
    if (i >= steps - 5) last += loss / 5;
  }
  return last;
}

// The grid says what a good rate is: the suggestion trains nearly as well as the best of it, and
// far better than rates that are ten thousand times smaller.
TEST(RateFinder, SuggestsARateThatAGridConfirms) {
  const data::Panel panel = sine_panel({150, 150, 150});
  struct Case {
    const char *model, *optimizer;
    nlohmann::json options;
  };
  for (const Case& c :
       {Case{"MLP", "adam", {{"hiddenSize", 32}}}, Case{"NHITS", "adam", small_nhits()},
        Case{"MLP", "sgd", {{"hiddenSize", 32}}}}) {
    SCOPED_TRACE(std::string(c.model) + ", " + c.optimizer);
    const Network net = network(c.model, c.options, 24, 6, "MSE");
    TrainRequest r = request(net, panel);
    r.config.optimizer = c.optimizer;
    FloatBuffer parameters = initial(net);
    const RateCurve curve = find_learning_rate(r, parameters, {1e-7, 10, 100});
    ASSERT_TRUE(curve.suggestion);
    double best = INFINITY;
    for (const double rate : {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0})
      best = std::min(best, loss_at(r, net, rate, 60));
    const double start = curve.losses.front();
    EXPECT_LT(best, 0.2 * start);
    EXPECT_LT(loss_at(r, net, *curve.suggestion, 60) - best, 0.2 * (start - best))
        << *curve.suggestion;
    EXPECT_GT(loss_at(r, net, *curve.suggestion * 1e-4, 60) - best, 0.5 * (start - best));
  }
}

TEST(RateFinder, EndsWhenTheLossExplodesAndFollowsItsRange) {
  const data::Panel panel = sine_panel({120});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6, "MSE");
  TrainRequest r = request(net, panel);
  r.config.optimizer = "sgd";
  std::vector<Progress> events;
  r.on_progress = [&](const Progress& p) { events.push_back(p); };
  FloatBuffer parameters = initial(net);
  const RateCurve wild = find_learning_rate(r, parameters, {1e-3, 1e6, 60});
  EXPECT_TRUE(wild.diverged);
  EXPECT_LT(wild.losses.size(), 60U);
  EXPECT_EQ(wild.losses.size(), wild.rates.size());
  EXPECT_EQ(wild.losses.size(), wild.smoothed.size());
  for (const double loss : wild.losses) EXPECT_TRUE(std::isfinite(loss));
  EXPECT_EQ(events.back().max_steps, 60);
  EXPECT_EQ(events.size(), static_cast<size_t>(events.back().step));

  parameters = initial(net);
  const RateCurve tame = find_learning_rate(r, parameters, {1e-6, 1e-5, 11});
  EXPECT_FALSE(tame.diverged);
  ASSERT_EQ(tame.rates.size(), 11U);
  EXPECT_EQ(tame.rates.front(), 1e-6);
  EXPECT_EQ(tame.rates.back(), 1e-5);
  EXPECT_NEAR(tame.rates[5], std::sqrt(1e-11), 1e-10);
}

// Dropout, batch normalisation, recurrence, distributions and implicit quantiles on the way.
TEST(OneBatch, NetworksThatCanLearnPass) {
  const data::Panel panel = sine_panel({100, 90});
  const nlohmann::json normal = {{"type", "DistributionLoss"}, {"distribution", "Normal"}};
  struct Case {
    const char* model;
    nlohmann::json options, loss = "MAE";
    double rate = 1e-2;
  };
  nlohmann::json dropping = small_nhits();
  dropping["dropoutProbTheta"] = 0.5;
  for (const Case& c :
       {Case{"MLP", {{"hiddenSize", 64}}, "MAE", 3e-3}, Case{"NHITS", dropping},
        Case{"LSTM", {{"encoderHiddenSize", 32}}},
        Case{"LSTM", {{"encoderHiddenSize", 32}, {"recurrent", true}}},
        Case{"TSMixer", {{"nSeries", 2}, {"dropout", 0.5}}},
        Case{
            "PatchTST", {{"hiddenSize", 16}, {"nHeads", 2}, {"linearHiddenSize", 32}}, "MSE", 3e-3},
        Case{"MLP", {{"hiddenSize", 64}}, {{"type", "MQLoss"}, {"levels", {80}}}},
        Case{"MLP", {{"hiddenSize", 64}}, {{"type", "IQLoss"}}},
        Case{"MLP", {{"hiddenSize", 64}}, normal}}) {
    SCOPED_TRACE(std::string(c.model) + " " + c.loss.dump());
    const Network net = network(c.model, c.options, 24, 6, c.loss);
    TrainRequest r = request(net, panel);
    r.config.learning_rate = c.rate;
    FloatBuffer parameters = initial(net);
    const OneBatchResult result = check_one_batch(r, parameters, {600, 0.03, 4});
    EXPECT_TRUE(result.passed) << result.losses.back() << " after " << result.losses.size();
    EXPECT_LE(result.losses.size(), 601U);
    for (size_t i = 0; i + 1 < result.losses.size(); ++i) EXPECT_GE(result.losses[i], 0.03);
  }
}

TEST(OneBatch, NetworksThatDoNotLearnFail) {
  const data::Panel panel = sine_panel({100, 90});
  const Network net = network("MLP", {{"hiddenSize", 32}}, 24, 6);
  for (const double rate : {0.0, 1e-9}) {
    TrainRequest r = request(net, panel);
    r.config.learning_rate = rate;
    FloatBuffer parameters = initial(net);
    const OneBatchResult result = check_one_batch(r, parameters, {50, 0.01, 8});
    EXPECT_FALSE(result.passed);
    ASSERT_EQ(result.losses.size(), 51U);  // before the first step and after each
    // The same windows in every step, so that what does not learn does not change.
    EXPECT_NEAR(result.losses.back(), result.losses.front(), 1e-3 * result.losses.front());
  }
}

// A network that can only give one number ends where the mean is: at 1.
TEST(OneBatch, TheMeanOfTheBatchHasALossOfOne) {
  const data::Panel panel = sine_panel({60, 60});
  for (const char* loss : {"MSE", "RMSE", "MASE"}) {
    if (std::string(loss) == "MASE") continue;  // its best constant is a weighted median
    const Network net = network("MLP", {{"hiddenSize", 8}}, 24, 1, loss);
    TrainRequest r = request(net, panel);
    FloatBuffer parameters = initial(net);
    // Weights of zero pass nothing on, and get no gradient; the last bias alone learns.
    for (const ParameterEntry& entry : net.table().entries())
      net.table().write(parameters.span(), entry,
                        std::vector<float>(static_cast<size_t>(entry.size), 0.0F));
    r.config.learning_rate = 0.05;
    const OneBatchResult result = check_one_batch(r, parameters, {400, 0.01, 16});
    EXPECT_FALSE(result.passed);
    EXPECT_NEAR(result.losses.back(), 1, 1e-3) << loss;
  }
}

TEST(OneBatch, RefusesTargetsThatAreAllTheSame) {
  data::RawPanel raw;
  raw.ids = {"flat"};
  for (int64_t t = 0; t < 60; ++t)
    raw.series.push_back(0), raw.times.push_back(t), raw.target.push_back(5);
  const data::Panel panel(std::move(raw), {});
  for (const nlohmann::json& loss :
       {nlohmann::json("MAE"),
        nlohmann::json{{"type", "DistributionLoss"}, {"distribution", "Normal"}}}) {
    const Network net = network("MLP", {{"hiddenSize", 8}}, 24, 6, loss);
    const TrainRequest r = request(net, panel);
    FloatBuffer parameters = initial(net);
    const Error error = failure([&] { check_one_batch(r, parameters, {}); });
    EXPECT_EQ(error.code(), Code::data) << error.message();
  }
}

TEST(SizeFinder, SuggestsTheSmallestOfTheFast) {
  EXPECT_EQ(suggested_size({{16, 100, 1, 1}, {32, 180, 1, 1}, {64, 195, 1, 1}, {128, 190, 1, 1}}),
            64 / 2);
  EXPECT_EQ(suggested_size({{16, 100, 1, 1}, {32, 120, 1, 1}, {64, 400, 1, 1}}), 64);
  EXPECT_EQ(suggested_size({{8, 5, 1, 1}}), 8);
}

TEST(SizeFinder, MeasuresEverySizeAndLeavesTheWeightsAlone) {
  const data::Panel panel = sine_panel({400, 400});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  TrainRequest r = request(net, panel);
  std::vector<Progress> events;
  r.on_progress = [&](const Progress& p) { events.push_back(p); };
  const FloatBuffer parameters = initial(net), before = parameters;
  const SizeResult result = find_batch_size(r, parameters, {16, 100, 3});
  ASSERT_EQ(result.measurements.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    const SizeMeasurement& m = result.measurements[i];
    EXPECT_EQ(m.size, int64_t{16} << i);
    EXPECT_NEAR(m.windows_per_second * m.milliseconds_per_step, 1000 * static_cast<double>(m.size),
                1e-6 * 1000 * static_cast<double>(m.size));
    EXPECT_GT(m.memory_bytes, 0);
  }
  EXPECT_GT(result.measurements[2].memory_bytes, result.measurements[0].memory_bytes);
  EXPECT_EQ(result.suggestion, suggested_size(result.measurements));
  EXPECT_FALSE(result.out_of_memory);
  EXPECT_EQ(events.size(), 15U);
  EXPECT_EQ(events.back().step, events.back().max_steps);
  EXPECT_TRUE(
      std::equal(parameters.span().begin(), parameters.span().end(), before.span().begin()));
}

TEST(Trials, EndWhenTheyAreAborted) {
  const data::Panel panel = sine_panel({120});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  const auto aborted = [&](const auto& run) {
    CancelToken token;
    TrainRequest r = request(net, panel);
    r.cancel = &token;
    r.on_progress = [&](const Progress& p) {
      EXPECT_LE(p.step, 3);
      if (p.step == 3) token.cancel();
    };
    FloatBuffer parameters = initial(net);
    return failure([&] { run(r, parameters); }).code();
  };
  EXPECT_EQ(aborted([](auto& r, auto& p) { find_learning_rate(r, p, {}); }), Code::aborted);
  EXPECT_EQ(aborted([](auto& r, auto& p) { check_one_batch(r, p, {}); }), Code::aborted);
  EXPECT_EQ(aborted([](auto& r, auto& p) { find_batch_size(r, p, {}); }), Code::aborted);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Not under sanitizers, whose shadow memory is beyond any such limit.
/// Bytes of address space that this process has.
uint64_t address_space() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

/// Measures in `megabytes` more than there are now, prints what was found and ends the process.
[[noreturn]] void find_within(uint64_t megabytes, int64_t from) {
  const data::Panel panel = sine_panel({20'000});
  // Nothing is merged with dropout, so that a step needs memory for each of its windows: 2 MiB.
  const Network net = network("NHITS",
                              {{"mlpUnits", {{8, 8}, {8, 8}, {8, 8}}},
                               {"nPoolKernelSize", {1, 1, 1}},
                               {"dropoutProbTheta", 0.5}},
                              8192, 6);
  const FloatBuffer parameters = initial(net);
  const TrainRequest r = request(net, panel);
  const uint64_t most = address_space() + (megabytes << 20);
  const rlimit limit{most, most};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
  try {
    const SizeResult result = find_batch_size(r, parameters, {from, 4096, 1});
    const auto fits = [&](const SizeMeasurement& m) { return m.size < *result.out_of_memory; };
    const bool right = result.out_of_memory &&
                       std::all_of(result.measurements.begin(), result.measurements.end(), fits) &&
                       fits({result.suggestion, 0, 0, 0});
    std::_Exit(right ? 0 : 1);
  } catch (const std::bad_alloc&) {
    std::_Exit(3);
  }
}

TEST(SizeFinderDeathTest, BacksOffWhereMemoryIsRefused) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(find_within(200, 1), ::testing::ExitedWithCode(0), "");     // doubling ends
  EXPECT_EXIT(find_within(200, 4096), ::testing::ExitedWithCode(0), "");  // halves instead
  EXPECT_EXIT(find_within(0, 16), ::testing::ExitedWithCode(3), "");      // nothing fits
}
#endif

}  // namespace
}  // namespace nd::train
