// Fits that are interrupted and resumed give the bits of those that are not.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "io/safetensors.h"
#include "support/failure.h"
#include "support/folder.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

class CheckpointTest : public testing::FolderTest {};

json model(const std::string& type, json options) {
  options["maxSteps"] = 40;
  options["windowsBatchSize"] = 16;
  return {{"type", type}, {"options", std::move(options)}};
}

json config(const json& models) {
  return {{"horizon", 6}, {"inputSize", 12}, {"localScaler", "standard"}, {"models", models}};
}

struct Stopped {};

/// Fits until one of the models has taken `steps` steps, and abandons it there.
void interrupt(const json& description, const std::shared_ptr<const data::Panel>& panel,
               FitRequest request, int64_t steps) {
  request.on_progress = [steps](const std::string&, const train::Progress& p) {
    if (p.step >= steps) throw Stopped();
  };
  Forecaster f(description);
  EXPECT_THROW(f.fit(panel, request), Stopped);
}

struct Case {
  const char* label;
  json models;
  int64_t val_size = 0;
  bool monitored = false;
};

std::vector<Case> cases() {
  const json schedule = {{"lrSchedule", "plateau"},
                         {"lrPatience", 0},
                         {"valCheckSteps", 4},
                         {"earlyStopPatienceSteps", 6},
                         {"learningRate", 0.05}};
  json lstm = schedule;
  lstm["encoderHiddenSize"] = 8, lstm["encoderDropout"] = 0.3, lstm["recurrent"] = true;
  return {
      {"several models, dropout, accumulation",
       {model("MLP", {{"hiddenSize", 8}, {"accumulateSteps", 2}}),
        model("NHITS", {{"mlpUnits", {{8, 8}, {8, 8}, {8, 8}}}, {"dropoutProbTheta", 0.2}}),
        model("NLinear", {{"optimizer", "nadam"}, {"lrSchedule", "cosineRestarts"}})}},
      {"early stopping, plateau, recurrent, monitored",
       {model("LSTM", lstm), model("MLP", schedule)},
       12,
       true},
      {"bf16, running statistics",
       {model("MLP",
              {{"hiddenSize", 32}, {"precision", "bf16"}, {"optimizer", "sgd"}, {"momentum", 0.9}}),
        model("TSMixer",
              {{"nSeries", 3}, {"ffDim", 4}, {"optimizer", "adam"}, {"amsgrad", true}})}},
  };
}

TEST_F(CheckpointTest, AResumedFitHasTheBitsOfOneThatWasNeverInterrupted) {
  const auto panel = shared_sine_panel({90, 90, 90});
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.label);
    const json description = config(c.models);
    FitRequest plain;
    plain.val_size = c.val_size;
    plain.monitor_gradients = c.monitored;
    Forecaster whole(description);
    const auto expected = whole.fit(panel, plain);
    whole.save(at("whole"), {.optimizer = true});

    for (const int64_t at_step : {1, 7, 23, 40}) {
      FitRequest request = plain;
      request.checkpoint = {at("checkpoint"), 5, ""};
      request.threads = 2;
      interrupt(description, panel, request, at_step);
      request.resume_if_there = true;
      request.threads = at_step % 2 == 0 ? 1 : 3;
      Forecaster resumed(description);
      EXPECT_EQ(resumed.fit(panel, request), expected) << at_step;
      resumed.save(at("resumed"), {.optimizer = true});
      EXPECT_EQ(read("whole"), read("resumed")) << at_step;
    }
    // What is finished is not trained again, and gives the same.
    FitRequest again = plain;
    again.resume = at("checkpoint");
    again.on_progress = [](const std::string&, const train::Progress&) { FAIL(); };
    Forecaster finished(description);
    EXPECT_EQ(finished.fit(panel, again), expected);
    finished.save(at("resumed"), {.optimizer = true});
    EXPECT_EQ(read("whole"), read("resumed"));
  }
}

TEST_F(CheckpointTest, MonitoringMayBeginOrEndWhereAFitIsResumed) {
  const auto panel = shared_sine_panel({60, 50});
  const json description = config(json::array({model("MLP", {{"hiddenSize", 8}})}));
  Forecaster whole(description);
  const auto unwatched = whole.fit(panel, {});
  EXPECT_FALSE(unwatched[0].contains("gradients"));
  const std::string name = "mlp.0.weight";
  for (const bool first : {true, false}) {
    FitRequest request;
    request.checkpoint = {at("checkpoint"), 10, ""};
    request.monitor_gradients = first;
    interrupt(description, panel, request, 25);
    request.monitor_gradients = !first;
    request.resume = at("checkpoint");
    Forecaster resumed(description);
    auto summary = resumed.fit(panel, request)[0];
    const auto gradients = summary["gradients"];
    EXPECT_EQ(gradients["steps"].size(), 20U);
    EXPECT_EQ(gradients["steps"].front(), first ? 1 : 21);
    EXPECT_EQ(gradients["norms"][name].size(), 20U);
    summary.erase("gradients");
    EXPECT_EQ(summary, unwatched[0]);
    EXPECT_EQ(resumed.predict(nullptr, {}).values, whole.predict(nullptr, {}).values);
  }
}

TEST_F(CheckpointTest, ARefitGoesOnFromTheWeightsAndOptimiserOfItsBeginning) {
  const auto panel = shared_sine_panel({60, 50});
  const json description = config(json::array({model("MLP", {{"hiddenSize", 8}})}));
  Forecaster whole(description);
  whole.fit(panel, {});
  const Forecaster first = whole.clone();
  whole.fit(panel, {});
  whole.save(at("whole"));

  FitRequest request;
  request.checkpoint = {at("checkpoint"), 1000, ""};
  request.on_progress = [](const std::string&, const train::Progress& p) {
    if (p.step == 12) throw Stopped();
  };
  Forecaster refit = first.clone();
  EXPECT_THROW(refit.fit(panel, request), Stopped);
  Forecaster resumed(description);  // another process: all it has is the file
  FitRequest again;
  again.resume = at("checkpoint");
  resumed.fit(panel, again);
  resumed.save(at("resumed"));
  EXPECT_EQ(read("whole"), read("resumed"));
}

TEST_F(CheckpointTest, CanBeLoadedAsAModel) {
  const auto panel = shared_sine_panel({60, 50});
  const json description = config(json::array({model("MLP", {{"hiddenSize", 8}})}));
  FitRequest request;
  request.checkpoint = {at("checkpoint"), 10, "a note"};
  interrupt(description, panel, request, 25);
  const Forecaster loaded = Forecaster::load(at("checkpoint"));
  EXPECT_EQ(loaded.summary()["note"], "a note");
  EXPECT_EQ(loaded.info()["models"][0]["history"]["steps"], 20);
  EXPECT_EQ(loaded.predict(panel, {}).values[0].size(), 12U);
}

TEST_F(CheckpointTest, KeepsTheOptimiserUnlessAskedNotTo) {
  const auto panel = shared_sine_panel({60, 50});
  const json description = config(json::array({model("MLP", {{"hiddenSize", 8}})}));
  Forecaster f(description);
  f.fit(panel, {});
  f.save(at("with"), {.optimizer = true});
  f.save(at("without"));
  const auto further = [&](Forecaster from, std::optional<bool> keep) {
    FitRequest request;
    request.keep_optimizer = keep;
    return from.fit(panel, request)[0]["trainLoss"].get<double>();
  };
  const double kept = further(f.clone(), {}), fresh = further(f.clone(), false);
  EXPECT_NE(kept, fresh);
  EXPECT_EQ(further(Forecaster::load(at("with")), {}), kept);
  EXPECT_EQ(further(Forecaster::load(at("without")), {}), fresh);
  json as_reference = description;
  as_reference["compat"] = "neuralforecast";
  Forecaster compat(as_reference);
  compat.fit(panel, {});
  EXPECT_EQ(further(compat.clone(), {}), further(compat.clone(), false));
  EXPECT_NE(further(compat.clone(), {}), further(compat.clone(), true));
}

TEST_F(CheckpointTest, AResumedFitHasTheIntervalsOfItsBeginning) {
  const auto panel = shared_sine_panel({90, 80});
  const json quantiles = {{"loss", {{"type", "MQLoss"}, {"levels", {80}}}}};
  const json description = config({model("MLP", {{"hiddenSize", 8}}), model("NLinear", quantiles)});
  FitRequest plain;
  plain.intervals = IntervalOptions{};  // nothing but defaults
  Forecaster whole(description);
  whole.fit(panel, plain);
  whole.save(at("whole"), {.optimizer = true});

  FitRequest request = plain;
  request.checkpoint = {at("checkpoint"), 5, ""};
  request.resume_if_there = true;
  // A fit that ends while it calibrates has nothing to go on from, and begins anew.
  CancelToken cancelled;
  cancelled.cancel();
  FitRequest aborted = request;
  aborted.cancel = &cancelled;
  EXPECT_EQ(failure([&] { Forecaster(description).fit(panel, aborted); }).code(), Code::aborted);
  EXPECT_FALSE(std::filesystem::exists(at("checkpoint")));
  for (const int64_t at_step : {1, 23}) {
    interrupt(description, panel, request, at_step);
    Forecaster resumed(description);
    resumed.fit(panel, request);
    resumed.save(at("resumed"), {.optimizer = true});
    EXPECT_EQ(read("whole"), read("resumed")) << at_step;
    PredictRequest asked;
    asked.quantiles.levels = {80};
    EXPECT_EQ(resumed.predict(nullptr, asked).values, whole.predict(nullptr, asked).values);
    std::filesystem::remove(at("checkpoint"));
  }

  interrupt(description, panel, request, 12);
  FitRequest other = request;
  other.intervals->windows = 19;
  const auto refusal = [&](const FitRequest& how) {
    return failure([&] { Forecaster(description).fit(panel, how); }).message();
  };
  EXPECT_NE(refusal(other).find("received other intervals than it has"), std::string::npos);
  other.intervals = {};
  EXPECT_NE(refusal(other).find("received other intervals than it has"), std::string::npos);
  other.intervals = IntervalOptions{
      .method = IntervalMethod::error, .windows = 20, .levels = {}};  // the defaults, said
  Forecaster resumed(description);
  resumed.fit(panel, other);
  resumed.save(at("resumed"), {.optimizer = true});
  EXPECT_EQ(read("whole"), read("resumed"));
}

TEST_F(CheckpointTest, RefusesAnotherFit) {
  const auto panel = shared_sine_panel({60, 50});
  const json models = json::array({model("MLP", {{"hiddenSize", 8}})});
  FitRequest request;
  request.checkpoint = {at("checkpoint"), 5, ""};
  interrupt(config(models), panel, request, 12);

  FitRequest resume;
  resume.resume = at("checkpoint");
  const auto refusal = [&](const json& description, const std::shared_ptr<const data::Panel>& data,
                           const FitRequest& how) {
    return failure([&] { Forecaster(description).fit(data, how); });
  };
  json other = models;
  other[0]["options"]["learningRate"] = 0.5;
  const Error options = refusal(config(other), panel, resume);
  EXPECT_EQ(options.code(), Code::config);
  EXPECT_NE(options.message().find("models/0/options/learningRate: received 0.5"),
            std::string::npos)
      << options.message();
  FitRequest validated = resume;
  validated.val_size = 6;
  EXPECT_NE(refusal(config(models), panel, validated).message().find("valSize"), std::string::npos);
  const Error data = refusal(config(models), shared_sine_panel({60, 49}), resume);
  EXPECT_EQ(data.code(), Code::config);
  EXPECT_NE(data.message().find("other data"), std::string::npos) << data.message();

  resume.resume = at("nowhere");
  EXPECT_EQ(refusal(config(models), panel, resume).code(), Code::file);
  Forecaster fitted(config(models));
  fitted.fit(panel, {});
  fitted.save(at("model"));
  resume.resume = at("model");
  EXPECT_EQ(refusal(config(models), panel, resume).code(), Code::file);
  std::string bytes = read("checkpoint");
  bytes[bytes.size() - 9] ^= 1;
  write("damaged", bytes);
  resume.resume = at("damaged");
  EXPECT_EQ(refusal(config(models), panel, resume).code(), Code::file);
  request.checkpoint.path = at("no/such/folder");
  EXPECT_EQ(refusal(config(models), panel, request).code(), Code::file);
}

TEST_F(CheckpointTest, StopsWhenItsTimeIsUpAndCanGoOn) {
  const auto panel = shared_sine_panel({60, 50});
  json slow = model("MLP", {{"hiddenSize", 8}});
  slow["options"]["maxSteps"] = 1'000'000'000;
  FitRequest request;
  request.time_budget_ms = 20;
  request.checkpoint = {at("checkpoint"), 1'000'000'000, ""};
  request.val_size = 12;
  Forecaster f(config({slow, model("NLinear", json::object())}));
  const auto summaries = f.fit(panel, request);
  EXPECT_TRUE(summaries[0]["outOfTime"].get<bool>());
  EXPECT_GE(summaries[0]["steps"], 1);
  EXPECT_FALSE(summaries[0]["validLoss"].is_null()) << "the kept weights are validated";
  EXPECT_EQ(summaries[0]["trainHistory"].back()[0], summaries[0]["steps"]);

  request.resume_if_there = true;
  Forecaster later(config({slow, model("NLinear", json::object())}));
  EXPECT_GT(later.fit(panel, request)[0]["steps"], summaries[0]["steps"]);
}

}  // namespace
}  // namespace nd::forecast
