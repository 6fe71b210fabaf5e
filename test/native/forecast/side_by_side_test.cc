#include "forecast/side_by_side.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::shared_sine_panel;

TEST(SideBySide, RunsEveryJobOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<std::atomic<int>> runs(5);
    const Outcome outcome = run_side_by_side(5, threads, [&](const Turn& turn) {
      ++runs[turn.index];
      EXPECT_GE(turn.threads.load(), 1);
      EXPECT_LE(turn.threads.load(), threads);
    });
    EXPECT_EQ(outcome.failed, 5U);
    EXPECT_EQ(outcome.error, nullptr);
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
  EXPECT_EQ(run_side_by_side(0, 2, [](const Turn&) { FAIL(); }).failed, 0U);
}

TEST(SideBySide, GivesTheThreadsOfEndedJobsToThoseThatRun) {
  const Outcome outcome = run_side_by_side(2, 5, [](const Turn& turn) {
    if (turn.index == 1) return;
    while (turn.threads.load() < 5) std::this_thread::yield();
  });
  EXPECT_EQ(outcome.failed, 2U);
}

TEST(SideBySide, TheFirstFailureIsTheOutcome) {
  for (const int threads : {1, 2, 4}) {
    std::atomic<bool> later_failed{threads == 1};
    std::atomic<int> ended{0};
    const Outcome outcome = run_side_by_side(4, threads, [&](const Turn& turn) {
      if (turn.index == 0) ++ended;
      if (turn.index == 1) {  // fails, but only after a later job did
        while (!later_failed) std::this_thread::yield();
        throw std::runtime_error("first");
      }
      if (turn.index == 2) {
        later_failed = true;
        throw std::runtime_error("second");
      }
      if (turn.index == 3) {
        while (!turn.superseded()) std::this_thread::yield();
      }
    });
    EXPECT_EQ(outcome.failed, 1U);
    EXPECT_EQ(ended, 1);
    try {
      std::rethrow_exception(outcome.error);
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "first");
    }
  }
}

json model(const char* type, const json& options) { return {{"type", type}, {"options", options}}; }

/// Models of very different length, one of them with a state, one with dropout.
json mixed() {
  return {
      {"horizon", 6},
      {"inputSize", 24},
      {"localScaler", "standard"},
      {"models",
       {model("NHITS",
              {{"maxSteps", 60}, {"mlpUnits", {{16, 16}, {16, 16}}}, {"windowsBatchSize", 128}}),
        model("DLinear", {{"maxSteps", 10}}),
        model("TSMixer", {{"maxSteps", 15},
                          {"nSeries", 2},
                          {"dropout", 0.3},
                          {"ffDim", 8},
                          {"windowsBatchSize", 32}}),
        model("NLinear", {{"maxSteps", 40}})}}};
}

TEST(SideBySide, FitsHaveTheBitsOfOneAfterTheOther) {
  json config = mixed();
  const auto panel = shared_sine_panel({150, 120});
  std::string summary;
  std::vector<std::vector<double>> values;
  for (const int threads : {1, 2, 3, 6}) {
    Forecaster f(config);
    std::set<std::string> seen;
    FitRequest request;
    request.threads = threads, request.val_size = 12;
    request.on_progress = [&](const std::string& alias, const train::Progress&) {
      seen.insert(alias);
    };
    const std::string text = f.fit(panel, request).dump();
    const auto forecasts = f.predict(nullptr, {}).values;
    if (threads == 1) summary = text, values = forecasts;
    EXPECT_EQ(text, summary) << threads;
    EXPECT_EQ(forecasts, values) << threads;
    EXPECT_EQ(seen.size(), 4U);
  }
}

TEST(SideBySide, ADivergedModelLeavesWhatASequenceLeaves) {
  // The refit's second model diverges at once, while the first and the third have far to go.
  const json config = {{"horizon", 6},
                       {"inputSize", 24},
                       {"models",
                        {model("NHITS", {{"maxSteps", 80},
                                         {"scalerType", "robust"},
                                         {"mlpUnits", {{8, 8}}},
                                         {"stackTypes", {"identity"}},
                                         {"nBlocks", {1}},
                                         {"nPoolKernelSize", {1}},
                                         {"nFreqDownsample", {1}}}),
                         model("NLinear", {{"maxSteps", 20}, {"loss", "MSE"}}),
                         model("DLinear", {{"maxSteps", 500}, {"scalerType", "robust"}})}}};
  std::vector<std::vector<double>> values;
  std::string info, message;
  for (const int threads : {1, 3}) {
    Forecaster f(config);
    FitRequest request;
    request.threads = threads;
    f.fit(shared_sine_panel({120}), request);
    try {
      f.fit(shared_sine_panel({120}, 1e30), request);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::diverged);
      if (threads == 1) message = error.what();
      EXPECT_EQ(error.what(), message);
    }
    const auto forecasts = f.predict(shared_sine_panel({120}), {}).values;
    const std::string description = f.info().dump();
    if (threads == 1) values = forecasts, info = description;
    EXPECT_EQ(forecasts, values);
    EXPECT_EQ(description, info);
  }
}

TEST(SideBySide, AnAbortStopsAllModels) {
  json config = mixed();
  for (json& m : config["models"]) m["options"]["maxSteps"] = 1000000;
  Forecaster f(config);
  CancelToken token;
  FitRequest request;
  request.threads = 4, request.cancel = &token;
  request.on_progress = [&](const std::string&, const train::Progress& p) {
    if (p.step == 5) token.cancel();
  };
  try {
    f.fit(shared_sine_panel({150, 120}), request);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::aborted);
  }
  EXPECT_FALSE(f.fitted());
}

}  // namespace
}  // namespace nd::forecast
