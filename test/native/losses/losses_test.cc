#include "losses/loss.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "losses/columns.h"
#include "losses/golden_losses.h"

namespace nd {
namespace {

using nlohmann::json;
using reference::Tensor;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Evaluated {
  double value;
  Tensor gradient;  ///< by y_hat
};

/// Value and gradient of a loss for the golden windows, in the interpreter.
Evaluated evaluate(const Loss& loss, const Tensor& y, const Tensor& y_hat, const Tensor& mask,
                   const Tensor& insample = golden::kInsample) {
  const int64_t H = golden::kHorizon;
  Graph graph = loss_graph(loss, H, golden::kInputSize);
  differentiate(graph, "loss", {"y_hat"});
  const Tensor all(insample.size(), 1.0);
  const LossWindows windows{golden::kWindows, H, golden::kInputSize, y, y_hat, mask, insample, all};
  const auto out = reference::evaluate(graph, loss_arguments(loss, windows));
  return {out.at("loss").at(0), out.at("grad.y_hat")};
}

double metric(const Loss& loss, const Tensor& y, const Tensor& y_hat, const Tensor& mask) {
  const Tensor all(golden::kInsample.size(), 1.0);
  return evaluate_loss(loss, {golden::kWindows, golden::kHorizon, golden::kInputSize, y, y_hat,
                              mask, golden::kInsample, all});
}

TEST(Losses, ValuesAndGradientsOfTheReference) {
  for (const auto& c : golden::kLosses) {
    SCOPED_TRACE(c.loss);
    const Loss loss(json::parse(c.loss), true);
    const Evaluated received = evaluate(loss, golden::kY, c.y_hat, golden::kMask);
    EXPECT_NEAR(received.value, c.value, 1e-12 * std::max(1.0, c.value));
    ASSERT_EQ(received.gradient.size(), c.gradient.size());
    for (size_t i = 0; i < c.gradient.size(); ++i)
      EXPECT_NEAR(received.gradient[i], c.gradient[i], 1e-12) << i;
    EXPECT_NEAR(metric(loss, golden::kY, c.y_hat, golden::kMask), c.value,
                1e-12 * std::max(1.0, c.value));
  }
}

TEST(Losses, GradientsAgreeWithDifferences) {
  constexpr double kStep = 1e-6;
  for (const auto& c : golden::kLosses) {
    for (const bool compat : {false, true}) {
      SCOPED_TRACE(std::string(c.loss) + (compat ? " compat" : ""));
      const Loss loss(json::parse(c.loss), compat);
      const Tensor gradient = evaluate(loss, golden::kY, c.y_hat, golden::kMask).gradient;
      for (size_t i = 0; i < c.y_hat.size(); ++i) {
        Tensor up = c.y_hat, down = c.y_hat;
        up[i] += kStep;
        down[i] -= kStep;
        const double difference = (metric(loss, golden::kY, up, golden::kMask) -
                                   metric(loss, golden::kY, down, golden::kMask)) /
                                  (2 * kStep);
        EXPECT_NEAR(gradient[i], difference, 1e-6) << i;
      }
    }
  }
}

/// Whether the reference reads what it should not see.
bool ignores_mask(const Loss& loss) {
  const std::string_view name = loss.spec().name;
  return name == "FreDF" || name == "TukeyLoss" || name == "sCRPS";
}

TEST(Losses, UnobservedEntriesDoNotCountEvenWhenNaN) {
  for (const auto& c : golden::kLosses) {
    SCOPED_TRACE(c.loss);
    const bool compat = !ignores_mask(Loss(json::parse(c.loss)));
    const Loss loss(json::parse(c.loss), compat);
    const Evaluated whole = evaluate(loss, golden::kY, c.y_hat, golden::kMask);
    Tensor y = golden::kY, y_hat = c.y_hat;
    const auto Q = static_cast<size_t>(loss.outputs());
    for (size_t i = 0; i < y.size(); ++i) {
      if (golden::kMask[i] != 0) continue;
      y[i] = kNaN;
      for (size_t q = 0; q < Q; ++q) y_hat[i * Q + q] = kNaN;
    }
    const Evaluated received = evaluate(loss, y, y_hat, golden::kMask);
    EXPECT_EQ(received.value, whole.value);
    EXPECT_EQ(received.gradient, whole.gradient);
  }
}

TEST(Losses, NothingObservedIsZeroWithoutGradient) {
  for (const auto& c : golden::kLosses) {
    SCOPED_TRACE(c.loss);
    const Loss loss(json::parse(c.loss));
    const Evaluated received =
        evaluate(loss, golden::kY, c.y_hat, Tensor(golden::kMask.size(), 0.0));
    EXPECT_EQ(received.value, 0);
    for (const double g : received.gradient) EXPECT_EQ(g, 0);
  }
}

TEST(Losses, PerfectForecastHasFiniteGradient) {
  for (const char* name :
       {"MAE", "MSE", "RMSE", "MAPE", "SMAPE", "HuberLoss", "TukeyLoss", "FreDF"}) {
    SCOPED_TRACE(name);
    const Evaluated received =
        evaluate(Loss(json(name)), golden::kY, golden::kY, Tensor(golden::kY.size(), 1.0));
    EXPECT_EQ(received.value, 0);
    for (const double g : received.gradient) EXPECT_EQ(g, 0);
  }
}

TEST(Losses, ZeroTargetsOfPercentageErrorsCountZero) {
  const Tensor zeros(golden::kY.size(), 0.0), ones(golden::kY.size(), 1.0);
  EXPECT_EQ(evaluate(Loss("MAPE"), zeros, golden::kY, ones).value, 0);
  EXPECT_EQ(evaluate(Loss("SMAPE"), zeros, zeros, ones).value, 0);
  EXPECT_DOUBLE_EQ(evaluate(Loss("SMAPE"), zeros, ones, ones).value, 2);
}

TEST(TukeyLoss, CountsOutliersAsTheThresholdAndLearnsNothingFromThem) {
  const Tensor y = {0, 0}, weight = {1, 1}, insample = {1, 3}, all = {1, 1};  // deviation 1
  const json spec = {{"type", "TukeyLoss"}, {"c", 2}};
  const auto value = [&](double error) {
    const Tensor y_hat = {error, 0};
    return 2 * evaluate_loss(Loss(spec), {1, 2, 2, y, y_hat, weight, insample, all});
  };
  const double d = 1 / 1.01 / 2, c = 4.0 / 6;
  EXPECT_NEAR(value(1), c * (1 - std::pow(1 - d * d, 3)), 1e-15);
  EXPECT_DOUBLE_EQ(value(50), c);
  EXPECT_DOUBLE_EQ(value(51), c);
}

TEST(FreDf, WeighsSquaresInTimeAndMagnitudesInFrequency) {
  // The spectrum of a single error e is |e| at every frequency.
  const Tensor y = {0, 0, 0, 0}, y_hat = {0, 3, 0, 0}, all(4, 1.0), none;
  const auto value = [&](double alpha, const Tensor& weight) {
    const json spec = {{"type", "FreDF"}, {"alpha", alpha}};
    return evaluate_loss(Loss(spec), {1, 4, 0, y, y_hat, weight, none, none});
  };
  EXPECT_DOUBLE_EQ(value(0, all), 9.0 / 4);
  EXPECT_NEAR(value(1, all), 3, 1e-14);
  EXPECT_NEAR(value(0.25, {1, 1, 0, 0}), 0.75 * 9 / 2 + 0.25 * 3, 1e-14);
  EXPECT_EQ(value(1, {1, 0, 1, 1}), 0);
}

TEST(MqLoss, AveragesOverQuantilesUnlessCompatible) {
  const json spec = {{"type", "MQLoss"}, {"options", {{"levels", {80, 90}}}}};
  const Tensor y_hat(golden::kY.size() * 5, 1.0), ones(golden::kY.size(), 1.0);
  const double sum = metric(Loss(spec, true), golden::kY, y_hat, ones);
  EXPECT_NEAR(metric(Loss(spec), golden::kY, y_hat, ones), sum / 5, 1e-14);
}

TEST(Mase, DividesEachWindowByItsOwnScale) {
  const int64_t H = 2, L = 4;
  const Tensor y = {1, 2, 10, 20}, y_hat = {2, 2, 10, 10};
  const Tensor insample = {0, 1, 2, 3, 0, 2, 4, 6}, all(8, 1.0), weight(4, 1.0);
  const json spec = {{"type", "MASE"}, {"seasonality", 1}};
  const auto value = [&](bool compat, const Tensor& mask) {
    return evaluate_loss(Loss(spec, compat), {2, H, L, y, y_hat, weight, insample, mask});
  };
  // Scales 1 and 2; absolute errors 1, 0 and 0, 10.
  EXPECT_DOUBLE_EQ(value(false, all), (1.0 + 10.0 / 2) / 4);
  EXPECT_DOUBLE_EQ(value(true, all), (1.0 + 1.0 / 2) * 11.0 / 4);
  // The pairs with an unobserved member leave the scale, so the zero before the series began does
  // not count.
  const Tensor padded = {0, 1, 1, 1, 0, 1, 1, 1};
  EXPECT_DOUBLE_EQ(value(false, padded), (1.0 + 10.0 / 2) / 4);
}

TEST(Mase, ConstantHistoryCountsZero) {
  const Tensor y = {1, 2}, y_hat = {2, 2}, insample(4, 5.0), ones(4, 1.0), weight(2, 1.0);
  const json spec = {{"type", "MASE"}, {"seasonality", 1}};
  EXPECT_EQ(evaluate_loss(Loss(spec), {1, 2, 4, y, y_hat, weight, insample, ones}), 0);
}

TEST(Losses, OutputNamesAndQuantilesOfTheReference) {
  using Names = std::vector<std::string>;
  using Quantiles = std::vector<double>;
  EXPECT_EQ(Loss("MAE").output_names(), Names{""});
  EXPECT_EQ(Loss("MAE").quantiles(), Quantiles{0.5});
  const Loss levels(json{{"type", "MQLoss"}, {"levels", {80, 90}}});
  EXPECT_EQ(levels.output_names(), (Names{"-median", "-lo-90", "-lo-80", "-hi-80", "-hi-90"}));
  EXPECT_EQ(levels.quantiles(), (Quantiles{0.5, 0.05, 0.1, 0.9, 0.95}));
  EXPECT_EQ(levels.columns().point(), 0u);
  const Loss quantiles(json{{"type", "MQLoss"}, {"quantiles", {0.1, 0.5, 0.7}}});
  EXPECT_EQ(quantiles.output_names(), (Names{"-lo-80.0", "-median", "-hi-40.0"}));
  EXPECT_EQ(quantiles.columns().point(), 1u);
  EXPECT_EQ(Loss(json{{"type", "MQLoss"}, {"levels", 97.5}}).output_names(),
            (Names{"-median", "-lo-97.5", "-hi-97.5"}));
  EXPECT_EQ(Loss(json{{"type", "MQLoss"}, {"levels", {80, 80}}}).outputs(), 3);
  EXPECT_EQ(Loss(json{{"type", "QuantileLoss"}, {"q", 0.9}}).output_names(), Names{"_ql0.9"});
  EXPECT_EQ(Loss(json{{"type", "HuberQLoss"}, {"q", 0.3}}).output_names(), Names{"_q0.3_d1.0"});
}

TEST(Losses, JsonRoundTrips) {
  const Loss loss(json{{"type", "mqloss"}, {"levels", 80}, {"horizonWeight", {1, 2}}});
  EXPECT_EQ(
      loss.json().dump(),
      R"({"type":"MQLoss","options":{"levels":[80.0],"quantiles":null,"horizonWeight":[1.0,2.0]}})");
  EXPECT_EQ(Loss(json(loss.json())).json(), loss.json());
}

std::string message_of(const json& spec) {
  try {
    Loss loss(spec);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::config);
    return e.message();
  }
  return "accepted";
}

TEST(Losses, RefusalsSayWhatWasExpected) {
  EXPECT_EQ(message_of("MEA"),
            "[losses] received loss \"MEA\", expected one of MAE, MSE, RMSE, MAPE, SMAPE, MASE, "
            "HuberLoss, TukeyLoss, FreDF, QuantileLoss, HuberQLoss, MQLoss, HuberMQLoss, sCRPS, "
            "IQLoss, HuberIQLoss, DistributionLoss, GMM, PMM, NBMM; did you mean \"MAE\"?");
  EXPECT_EQ(
      message_of(json{{"type", "MASE"}}),
      "[mase] received no seasonality, expected an integer in [1, 1000000]; it has no default");
  EXPECT_EQ(message_of(json{{"type", "QuantileLoss"}, {"q", 1}}),
            "[quantileloss] received q = 1, expected a number in (0, 1)");
  EXPECT_EQ(
      message_of(json{{"type", "MQLoss"}, {"level", {80}}}),
      "[mqloss] received option \"level\", which does not exist here; did you mean \"levels\"?");
  EXPECT_NE(message_of(7).find("[loss] received 7"), std::string::npos);
  EXPECT_NE(message_of(json{{"type", "MAE"}, {"options", 1}}).find("expected an object"),
            std::string::npos);
  EXPECT_THROW(metric(Loss(json{{"type", "MAE"}, {"horizonWeight", {1, 2}}}), golden::kY,
                      golden::kY, golden::kMask),
               Error);
  const json spec = {{"type", "MASE"}, {"seasonality", golden::kInputSize}};
  EXPECT_THROW(metric(Loss(spec), golden::kY, golden::kY, golden::kMask), Error);
}

TEST(Losses, TheSmallestLevelIsSpelledOut) {
  const ForecastColumns columns = columns_of_levels({std::numeric_limits<double>::denorm_min()});
  const std::string zeros(323, '0');
  EXPECT_EQ(columns.suffixes,
            (std::vector<std::string>{"-median", "-lo-0." + zeros + "5", "-hi-0." + zeros + "5"}));
}

}  // namespace
}  // namespace nd
