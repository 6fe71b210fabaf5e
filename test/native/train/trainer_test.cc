#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "train/evaluation.h"
#include "train/panels.h"

namespace nd::train {
namespace {

using testing::network;
using testing::sine_panel;
using testing::small_nhits;

FloatBuffer initial(const Network& net, uint64_t seed = 1) {
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), seed, parameters.span());
  return parameters;
}

TrainRequest request(const Network& net, const data::Panel& panel, int64_t steps,
                     double rate = 1e-2) {
  TrainRequest r;
  r.network = &net;
  r.panel = &panel;
  r.config.max_steps = steps;
  r.config.learning_rate = rate;
  r.config.windows_batch_size = 64;
  r.config.scaler_type = "standard";
  return r;
}

bool same_bits(const FloatBuffer& a, const FloatBuffer& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

Error failure(const TrainRequest& r, FloatBuffer& parameters) {
  try {
    train(r, parameters);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(Code::internal, "");
}

TEST(Trainer, LearnsASine) {
  const data::Panel panel = sine_panel({120, 90});
  for (const char* loss : {"MAE", "MSE", "RMSE", "MAPE", "SMAPE", "HuberLoss"}) {
    const Network net = network("NHITS", small_nhits(), 24, 6, loss);
    FloatBuffer parameters = initial(net);
    const TrainResult result = train(request(net, panel, 150), parameters);
    ASSERT_EQ(result.steps, 150);
    EXPECT_EQ(result.train_history.size(), 150U);
    // MAPE in standardised space divides by values near zero: it falls, but not as far.
    const double target = std::string(loss) == "MAPE" ? 0.7 : 0.35;
    EXPECT_LT(result.train_history.back().loss, target * result.train_history.front().loss) << loss;
    EXPECT_TRUE(std::isnan(result.valid_loss));
    EXPECT_EQ(result.best_step, 150);
  }
}

TEST(Trainer, LearnsEveryQuantileAndMase) {
  const data::Panel panel = sine_panel({120, 90, 40});
  for (const nlohmann::json& loss : {nlohmann::json{{"type", "MQLoss"}, {"levels", {80}}},
                                     nlohmann::json{{"type", "MASE"}, {"seasonality", 12}}}) {
    const Network net = network("MLP", {{"hiddenSize", 32}}, 24, 6, loss);
    FloatBuffer parameters = initial(net);
    TrainRequest r = request(net, panel, 100);
    r.config.batch_size = 2;  // draws of different sizes: spare rows must be harmless
    r.config.windows_batch_size = 0;
    const TrainResult result = train(r, parameters);
    EXPECT_LT(result.train_loss, 0.5 * result.train_history.front().loss) << loss;
  }
}

TEST(Trainer, GivesTheSameBitsForAnyNumberOfThreads) {
  const data::Panel panel = sine_panel({200, 150, 77, 31});
  nlohmann::json with_dropout = small_nhits();
  with_dropout["dropoutProbTheta"] = 0.2;
  for (const nlohmann::json& options : {small_nhits(), with_dropout}) {
    const Network net = network("NHITS", options, 24, 6);
    std::vector<FloatBuffer> trained;
    for (const int threads : {1, 2, 4, 1}) {
      FloatBuffer parameters = initial(net);
      TrainRequest r = request(net, panel, 12);
      r.config.windows_batch_size = 256;
      r.config.gradient_clip_norm = 0.5;
      r.config.scaler_type = "robust";
      r.val_size = 12;
      r.threads = threads;
      train(r, parameters);
      trained.push_back(std::move(parameters));
    }
    for (size_t i = 1; i < trained.size(); ++i) EXPECT_TRUE(same_bits(trained[0], trained[i])) << i;
  }
}

TEST(Trainer, SeedsChangeTheResult) {
  const data::Panel panel = sine_panel({200, 150});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer one = initial(net), two = initial(net);
  TrainRequest r = request(net, panel, 5);
  train(r, one);
  r.config.random_seed = 2;
  train(r, two);
  EXPECT_FALSE(same_bits(one, two));
}

TEST(Trainer, MergedCopiesGiveTheGradientOfAllCopies) {
  // 64 draws from a handful of windows with copies merged, against a network whose dropout keeps
  // everything but forbids merging: the same descent up to rounding.
  const data::Panel panel = sine_panel({40});
  nlohmann::json barely = small_nhits();
  barely["dropoutProbTheta"] = 1e-9;
  const Network merged = network("NHITS", small_nhits(), 24, 6),
                listed = network("NHITS", barely, 24, 6);
  // Dropout layers shift the names, and with them the draws of the first weights; the layout is the
  // same.
  FloatBuffer a = initial(merged), b = a;
  ASSERT_EQ(merged.table().total(), listed.table().total());
  const TrainResult one = train(request(merged, panel, 5, 1e-3), a),
                    two = train(request(listed, panel, 5, 1e-3), b);
  for (size_t i = 0; i < one.train_history.size(); ++i) {
    EXPECT_NEAR(one.train_history[i].loss, two.train_history[i].loss,
                1e-4 * two.train_history[i].loss);
  }
}

TEST(Trainer, BatchesOfChangingSizeGiveTheDescentOfFullOnes) {
  // 90 draws from 83 windows: about 55 are distinct, never the same number.
  const data::Panel panel = sine_panel({110});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  std::vector<FloatBuffer> trained;
  std::vector<TrainResult> results;
  for (const char* merge : {"1", "0"}) {
    setenv("ND_MERGE_WINDOWS", merge, 1);
    FloatBuffer parameters = initial(net);
    TrainRequest r = request(net, panel, 30, 1e-3);
    r.config.windows_batch_size = 90;
    results.push_back(train(r, parameters));
    trained.push_back(std::move(parameters));
  }
  unsetenv("ND_MERGE_WINDOWS");
  for (size_t i = 0; i < 30; ++i) {
    const double expected = results[1].train_history[i].loss;
    EXPECT_NEAR(results[0].train_history[i].loss, expected, 1e-4 * expected) << i;
  }
  for (size_t i = 0; i < trained[0].size(); ++i)
    EXPECT_NEAR(trained[0].data()[i], trained[1].data()[i], 2e-4F);
}

/// Weights after `r`, from the same start.
FloatBuffer trained(const Network& net, const TrainRequest& r) {
  FloatBuffer parameters = initial(net);
  train(r, parameters);
  return parameters;
}

float furthest(const FloatBuffer& a, const FloatBuffer& b) {
  float far = 0;
  for (size_t i = 0; i < a.size(); ++i) far = std::max(far, std::abs(a.data()[i] - b.data()[i]));
  return far;
}

TEST(Trainer, ClipsEveryElementOfTheGradient) {
  const data::Panel panel = sine_panel({120});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  TrainRequest r = request(net, panel, 1, 1);
  r.config.optimizer = "sgd";
  const FloatBuffer start = initial(net);
  EXPECT_GT(furthest(start, trained(net, r)), 2e-3F);
  r.config.gradient_clip_value = 1e-3;
  EXPECT_NEAR(furthest(start, trained(net, r)), 1e-3F, 1e-6F);
}

TEST(Trainer, StepsWithTheRateOfTheSchedule) {
  const data::Panel panel = sine_panel({120});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  TrainRequest constant = request(net, panel, 1, 0.1);
  constant.config.optimizer = "sgd";
  TrainRequest warming = constant;
  warming.config.learning_rate = 0.4;
  warming.config.warmup_steps = 10;
  warming.config.warmup_factor = 0.25;
  EXPECT_TRUE(same_bits(trained(net, constant), trained(net, warming)));
  // Of two steps the second is at half the rate, on the cosine and on the stairs.
  constant.config.max_steps = 2;
  TrainRequest cosine = constant, stairs = constant;
  cosine.config.lr_schedule = LrSchedule::cosine;
  stairs.config.num_lr_decays = 2;
  EXPECT_LT(furthest(trained(net, cosine), trained(net, stairs)), 1e-7F);
  EXPECT_GT(furthest(trained(net, cosine), trained(net, constant)), 1e-4F);
}

TEST(Trainer, LearnsWithRmspropInOneCycle) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = network("MLP", {{"hiddenSize", 32}}, 24, 6);
  TrainRequest r = request(net, panel, 100, 3e-3);
  r.config.optimizer = "rmsprop";
  r.config.centered = true;
  r.config.lr_schedule = LrSchedule::one_cycle;
  FloatBuffer parameters = initial(net);
  const TrainResult result = train(r, parameters);
  EXPECT_LT(result.train_loss, 0.35 * result.train_history.front().loss);
}

TEST(Trainer, AccumulatedBatchesAreOneBigBatch) {
  // All windows of four series, at once or in two draws of unequal numbers of windows.
  const data::Panel panel = sine_panel({120, 60, 90, 50});
  for (const char* loss : {"MAE", "MSE", "SMAPE"}) {
    const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6, loss);
    std::vector<FloatBuffer> trained;
    std::vector<TrainResult> results;
    for (const int64_t batches : {1, 2, 4}) {
      FloatBuffer parameters = initial(net);
      TrainRequest r = request(net, panel, 10, 1e-2);
      r.config.optimizer = "sgd";
      r.config.windows_batch_size = 0;
      r.config.gradient_clip_norm = 1;
      r.config.batch_size = 4 / batches;
      r.config.accumulate_steps = batches;
      results.push_back(train(r, parameters));
      trained.push_back(std::move(parameters));
    }
    for (const size_t k : {size_t{1}, size_t{2}}) {
      EXPECT_EQ(results[k].steps, 10);
      for (size_t i = 0; i < 10; ++i)
        EXPECT_NEAR(results[k].train_history[i].loss, results[0].train_history[i].loss,
                    1e-5 * results[0].train_history[i].loss);
      for (size_t i = 0; i < trained[0].size(); ++i)
        ASSERT_NEAR(trained[k].data()[i], trained[0].data()[i], 2e-6F) << loss << " " << i;
    }
    EXPECT_FALSE(same_bits(trained[0], initial(net)));
  }
}

TEST(Trainer, LearnsSeveralSeriesTogether) {
  const data::Panel panel = sine_panel({120, 90, 100});
  const Network net = network("TSMixer", {{"nSeries", 3}, {"dropout", 0.1}}, 24, 6);
  std::vector<FloatBuffer> trained;
  for (const int threads : {1, 3}) {
    FloatBuffer parameters = initial(net);
    TrainRequest r = request(net, panel, 100, 3e-3);
    r.config.windows_batch_size = 32;
    r.val_size = 12;
    r.threads = threads;
    const TrainResult result = train(r, parameters);
    EXPECT_LT(result.train_loss, 0.45 * result.train_history.front().loss);
    EXPECT_LT(result.valid_loss, 1.5) << "of an amplitude of 3";
    trained.push_back(std::move(parameters));
  }
  EXPECT_TRUE(same_bits(trained[0], trained[1]));
}

TEST(Trainer, RunningStatisticsFollowTheBatches) {
  const data::Panel panel = sine_panel({60, 50});
  const Network net = network("TSMixer", {{"nSeries", 2}, {"dropout", 0}, {"revin", false}}, 8, 4);
  ASSERT_EQ(net.state().size(), 8U);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 1, 0);
  r.config.windows_batch_size = 0;  // every window: the statistics are those of the panel
  r.config.scaler_type = "identity";
  train(r, parameters);
  const data::WindowLayout layout = window_layout(net, Use::train, r.config, 0);
  const data::TrainingWindows windows(panel, layout);
  const ParameterEntry* entry =
      net.table().find("mixing_layers.0.temporal_mixer.temporal_norm.running_mean");
  const std::vector<float> running = net.table().read(parameters.span(), *entry);
  for (int64_t s = 0; s < 2; ++s) {
    for (int64_t t = 0; t < 8; ++t) {
      double mean = 0;
      for (int64_t n = 0; n < windows.total(); ++n) {
        const int64_t row = windows.at(s, n).start + t;
        // Before the series its first value, where the window holds that.
        if (windows.at(s, n).start + 8 > 0 && row < panel.length(s))
          mean += panel.target(s)[static_cast<size_t>(std::max<int64_t>(row, 0))];
      }
      mean /= static_cast<double>(windows.total());
      EXPECT_NEAR(running[static_cast<size_t>(s * 8 + t)], 0.01 * mean, 1e-5);
    }
  }
}

TEST(Trainer, RefusesAnotherNumberOfSeries) {
  const data::Panel panel = sine_panel({60, 50});
  const Network net = network("TSMixer", {{"nSeries", 3}}, 8, 4);
  FloatBuffer parameters = initial(net);
  const Error error = failure(request(net, panel, 1), parameters);
  EXPECT_EQ(error.code(), Code::shape);
  EXPECT_NE(error.message().find("2 series, expected 3 (nSeries)"), std::string::npos)
      << error.message();
}

TEST(Trainer, CountsEpochsInWindows) {
  const data::Panel panel = sine_panel({100});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 1000);
  r.config.max_epochs = 3;
  r.config.windows_batch_size = 32;
  const data::TrainingWindows windows(panel, window_layout(net, Use::train, r.config, 0));
  EXPECT_EQ(train(r, parameters).steps, 3 * ((windows.total() + 31) / 32));
}

TEST(Trainer, CountsEpochsInSeriesAsTheReferenceWithCompat) {
  const data::Panel panel = sine_panel({100, 90, 80, 70, 60});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 1000);
  r.config.max_epochs = 4;
  r.config.batch_size = 2;
  r.config.compat = true;
  EXPECT_EQ(train(r, parameters).steps, 4 * 3);
}

TEST(Trainer, LowersTheRateWhenValidationNoLongerImproves) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  TrainRequest r = request(net, panel, 60, 5e-2);
  r.config.lr_schedule = LrSchedule::plateau;
  r.config.lr_patience = 0;
  r.config.val_check_steps = 2;
  FloatBuffer unvalidated = initial(net);
  const Error error = failure(r, unvalidated);
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_NE(error.message().find("plateau"), std::string::npos) << error.message();
  r.val_size = 12;
  FloatBuffer plateau = initial(net), constant = initial(net);
  const TrainResult lowered = train(r, plateau);
  r.config.lr_schedule = LrSchedule::step;
  const TrainResult kept = train(r, constant);
  // The same until a validation was worse than the best, then different.
  size_t first_worse = 1;
  while (kept.valid_history[first_worse].loss < kept.valid_history[first_worse - 1].loss)
    ++first_worse;
  for (size_t i = 0; i <= first_worse; ++i)
    EXPECT_EQ(lowered.valid_history[i].loss, kept.valid_history[i].loss) << i;
  EXPECT_NE(lowered.valid_history[first_worse + 1].loss, kept.valid_history[first_worse + 1].loss);
}

TEST(Trainer, AnEpochHasFewerStepsWhenBatchesAreAccumulated) {
  const data::Panel panel = sine_panel({124});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 1);
  r.config.max_epochs = 2;
  r.config.windows_batch_size = 10;
  const int64_t alone = train(r, parameters).steps;
  r.config.accumulate_steps = 4;
  EXPECT_EQ(train(r, parameters).steps, 2 * ((alone / 2 + 3) / 4));
}

TEST(Trainer, RestoresTheBestWeightsWhenItStopsEarly) {
  const data::Panel panel = sine_panel({120, 120});
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6);
  TrainRequest r =
      request(net, panel, 400, 5e-2);  // a rate that makes the validation loss jump about
  r.config.val_check_steps = 5;
  r.config.early_stop_patience_steps = 3;
  r.val_size = 12;
  FloatBuffer best = initial(net);
  const TrainResult result = train(r, best);
  ASSERT_TRUE(result.stopped_early);
  const auto lowest =
      std::min_element(result.valid_history.begin(), result.valid_history.end(),
                       [](const auto& a, const auto& b) { return a.loss < b.loss; });
  EXPECT_EQ(result.best_step, lowest->step);
  EXPECT_EQ(result.valid_loss, lowest->loss);
  EXPECT_EQ(result.steps, result.best_step + 15);

  // A fit of exactly best_step steps ends at the same weights.
  FloatBuffer shorter = initial(net);
  r.config.max_steps = result.best_step;
  r.config.early_stop_patience_steps = -1;
  train(r, shorter);
  EXPECT_TRUE(same_bits(best, shorter));

  FloatBuffer last = initial(net);
  r.config.max_steps = 400;
  r.config.early_stop_patience_steps = 3;
  r.config.compat = true;
  EXPECT_EQ(train(r, last).best_step, result.steps);
  EXPECT_FALSE(same_bits(best, last));
}

TEST(Trainer, ValidatesInOriginalScale) {
  const data::Panel panel = sine_panel({120}, 100);
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 4);
  r.val_size = 10;
  r.config.val_check_steps = 2;
  const TrainResult result = train(r, parameters);
  ASSERT_EQ(result.valid_history.size(), 2U);

  // The naive version: each window of the last 10 rows forecast on its own.
  BatchOptions options;
  options.layout = window_layout(net, Use::train, r.config, r.val_size);
  options.scaler = data::WindowScaler::standard;
  WindowForecaster forecaster(net, options, net.loss().columns(), 1, nullptr);
  double sum = 0, count = 0;
  for (int64_t start = 120 - 10 - 24; start + 24 + 6 <= 120; ++start) {
    const data::WindowRef window{0, start};
    const auto forecast = forecaster.run(panel, {&window, 1}, parameters.span(), nullptr);
    for (int64_t h = 0; h < 6; ++h, ++count) {
      sum += std::abs(forecast[static_cast<size_t>(h)] -
                      panel.target(0)[static_cast<size_t>(start + 24 + h)]);
    }
  }
  EXPECT_NEAR(result.valid_loss, sum / count, 1e-4 * sum / count);
  EXPECT_GT(result.valid_loss, 10);  // a scaled loss would be near 1
}

TEST(Trainer, ReportsDivergenceAndKeepsTheLastGoodWeights) {
  const data::Panel panel = sine_panel({120}, 1e6);
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6, "MSE");
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 500, 1e3);
  r.config.optimizer = "sgd";
  r.config.scaler_type = "identity";
  const Error error = failure(r, parameters);
  EXPECT_EQ(error.code(), Code::diverged);
  EXPECT_NE(error.message().find("learning rate"), std::string::npos) << error.message();
  const auto details = nlohmann::json::parse(error.details());
  EXPECT_GT(details["step"].get<int64_t>(), 0);
  ASSERT_EQ(details["lastGoodStep"].get<int64_t>(), 0);
  EXPECT_TRUE(same_bits(parameters, initial(net)));
}

TEST(Trainer, NamesUnscaledDataAsTheCauseAtModestRates) {
  const data::Panel panel = sine_panel({120}, 1e30);
  const Network net = network("MLP", {{"hiddenSize", 16}}, 24, 6, "MSE");
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 50, 1e-3);
  r.config.scaler_type = "identity";
  const Error error = failure(r, parameters);
  EXPECT_EQ(error.code(), Code::diverged);
  EXPECT_NE(error.message().find("scalerType"), std::string::npos) << error.message();
}

TEST(Trainer, StopsWhenCancelled) {
  const data::Panel panel = sine_panel({120});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 1000);
  CancelToken token;
  int64_t last = 0;
  r.cancel = &token;
  r.on_progress = [&](const Progress& p) {
    last = p.step;
    EXPECT_EQ(p.max_steps, 1000);
    if (p.step == 3) token.cancel();
  };
  EXPECT_EQ(failure(r, parameters).code(), Code::aborted);
  EXPECT_EQ(last, 3);
}

TEST(Trainer, RefusesImpossibleRequests) {
  const data::Panel panel = sine_panel({120}), tiny = sine_panel({5});
  const Network net = network("NLinear", nlohmann::json::object(), 24, 6);
  FloatBuffer parameters = initial(net);
  TrainRequest r = request(net, panel, 10);
  r.val_size = 3;
  EXPECT_EQ(failure(r, parameters).code(), Code::horizon);
  r.val_size = 0;
  r.config.early_stop_patience_steps = 2;
  EXPECT_EQ(failure(r, parameters).code(), Code::config);
  r.config.early_stop_patience_steps = -1;
  r.panel = &tiny;
  EXPECT_EQ(failure(r, parameters).code(), Code::empty);
  r.config.max_steps = 0;
  EXPECT_EQ(train(r, parameters).steps, 0);
}

}  // namespace
}  // namespace nd::train
