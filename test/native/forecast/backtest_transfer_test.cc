// Cross-validation whose fits begin from the weights of another model, or leave weights as they
// are.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "forecast/forecaster.h"
#include "support/failure.h"
#include "support/folder.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

json mlp(int64_t steps, int64_t seed = 1) {
  const json options = {
      {"hiddenSize", 8}, {"maxSteps", steps}, {"windowsBatchSize", 16}, {"randomSeed", seed}};
  return {{"horizon", 3}, {"inputSize", 6}, {"models", {{{"type", "MLP"}, {"options", options}}}}};
}

class BacktestTransferTest : public testing::FolderTest {
 protected:
  BacktestTransferTest() : pretrained_(std::make_shared<Forecaster>(mlp(30))) {
    pretrained_->fit(shared_sine_panel({70, 60, 50}, 1.5), {});
    pretrained_->save(at("pretrained"));
  }
  /// Every window with a fit of its own, from the weights of the pretrained one.
  CrossValidationRequest each(int64_t windows = 3) const {
    CrossValidationRequest request;
    request.windows = windows;
    request.refit = 1;
    request.initial_weights.from = pretrained_;
    return request;
  }
  std::vector<std::vector<double>> values(const CrossValidationRequest& request, int64_t steps,
                                          int64_t seed = 7) const {
    return Forecaster(mlp(steps, seed)).cross_validate(panel_, request).values;
  }

  std::shared_ptr<const data::Panel> panel_ = shared_sine_panel({60});
  std::shared_ptr<Forecaster> pretrained_;
};

TEST_F(BacktestTransferTest, EveryFitBeginsFromTheSameWeights) {
  CrossValidationRequest from_file = each();
  from_file.initial_weights = {.path = at("pretrained"), .from = nullptr, .weights = {}};
  const auto table = values(each(), 20);
  EXPECT_EQ(values(from_file, 20), table);
  CrossValidationRequest side_by_side = each();
  side_by_side.threads = 3;
  EXPECT_EQ(values(side_by_side, 20), table);
  for (size_t w = 0; w < 3; ++w) {
    Forecaster f(mlp(20, 7));
    FitRequest fit;
    fit.initial_weights.from = pretrained_;
    f.fit(shared_sine_panel({60 - 5 + static_cast<int64_t>(w)}), fit);
    const auto expected = f.predict(nullptr, {}).values[0];
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(table[0][3 * w + k], expected[k]) << w;
  }
}

TEST_F(BacktestTransferTest, WhatIsFrozenStaysInEveryFit) {
  CrossValidationRequest frozen = each();
  frozen.freeze = {"*"};
  EXPECT_EQ(values(frozen, 1), values(frozen, 25));
  frozen.freeze = {"MLP/mlp.*"};
  EXPECT_NE(values(frozen, 25), values(each(), 25));
  // Without other weights those that are drawn stay.
  frozen.initial_weights = {};
  frozen.freeze = {"*"};
  EXPECT_EQ(values(frozen, 1), values(frozen, 25));
  EXPECT_NE(values(frozen, 1), values(frozen, 1, 8));
}

TEST_F(BacktestTransferTest, FitsThatGoOnBeginOnce) {
  CrossValidationRequest request = each(2);
  request.from_scratch = false;
  request.freeze = {"mlp.0.*"};
  const auto table = values(request, 20);
  Forecaster f(mlp(20, 7));
  FitRequest fit;
  fit.initial_weights.from = pretrained_;
  fit.freeze = request.freeze;
  for (size_t w = 0; w < 2; ++w) {
    f.fit(shared_sine_panel({60 - 4 + static_cast<int64_t>(w)}), fit);
    fit.initial_weights = {};
    const auto expected = f.predict(nullptr, {}).values[0];
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(table[0][3 * w + k], expected[k]) << w;
  }
}

TEST_F(BacktestTransferTest, WithFoldsPurgeAndIntervals) {
  const auto panel = shared_sine_panel({60, 60, 60, 60});
  const auto differs = [&](CrossValidationRequest request) {
    request.freeze = {"*"};
    const auto run = [&](int64_t steps) {
      return Forecaster(mlp(steps, 7)).cross_validate(panel, request).values;
    };
    // Where nothing learns, nothing but the initial weights is left.
    EXPECT_EQ(run(1), run(25));
    request.freeze = {};
    return run(1) != run(25);
  };
  CrossValidationRequest series = each(), time = each(), purged = each();
  series.folds_over = Folds::series, series.folds = 2;
  time.folds_over = Folds::time, time.folds = 3, time.embargo = 2, time.refit = 0;
  purged.purge = 5;
  EXPECT_TRUE(differs(series));
  EXPECT_TRUE(differs(time));
  EXPECT_TRUE(differs(purged));
  CrossValidationRequest intervals = each();
  intervals.quantiles.levels = {80};
  intervals.intervals = IntervalOptions{};
  EXPECT_TRUE(differs(intervals));
}

TEST_F(BacktestTransferTest, ACheckpointIsOfItsWeights) {
  CrossValidationRequest request = each();
  request.checkpoint = at("parts");
  request.freeze = {"mlp.0.*"};
  const auto expected = values(request, 20);
  CrossValidationRequest same = request;
  same.initial_weights = {.path = at("pretrained"), .from = nullptr, .weights = {}};
  same.on_progress = [](const auto&...) { FAIL() << "every part is finished"; };
  EXPECT_EQ(values(same, 20), expected);

  const auto other = std::make_shared<Forecaster>(pretrained_->clone());
  other->fit(panel_, {});
  CrossValidationRequest elsewhere = request, thawed = request, part = request, drawn = request;
  elsewhere.initial_weights.from = other;
  thawed.freeze = {};
  part.initial_weights.weights = {"mlp.*"};
  drawn.initial_weights = {};
  for (const CrossValidationRequest& changed : {elsewhere, thawed, part, drawn}) {
    const Error error = failure([&] { values(changed, 20); });
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_NE(error.message().find("other options, models or data"), std::string::npos)
        << error.message();
  }
}

TEST_F(BacktestTransferTest, SaysWhatDoesNotFit) {
  const auto refused = [&](const CrossValidationRequest& request) {
    return failure([&] { values(request, 5); });
  };
  CrossValidationRequest request = each();
  request.freeze = {"mpl.0.weight"};
  EXPECT_TRUE(refused(request).message().starts_with(
      "[crossValidation] received freeze = \"mpl.0.weight\", which matches no weight"));
  request.freeze = {};
  request.initial_weights.weights = {"blocks.*"};
  EXPECT_TRUE(refused(request).message().starts_with(
      "[crossValidation] received initialWeights.weights = \"blocks.*\""));
  request.initial_weights.weights = {};
  request.initial_weights.from = std::make_shared<Forecaster>(mlp(5));
  const Error unfitted = refused(request);
  EXPECT_EQ(unfitted.code(), Code::not_fitted);
  EXPECT_TRUE(unfitted.message().starts_with("[crossValidation] received initialWeights of"));
  request.initial_weights = {.path = at("nowhere"), .from = nullptr, .weights = {}};
  EXPECT_EQ(refused(request).code(), Code::file);
}

}  // namespace
}  // namespace nd::forecast
