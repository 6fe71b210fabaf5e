// What a teacher adds to a loss: the number itself by hand, its gradient, and what is asked of
// which teacher.
#include "losses/distillation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "losses/distributions/math.h"
#include "losses/loss.h"
#include "support/evaluate.h"
#include "support/failure.h"
#include "train/panels.h"

namespace nd {
namespace {

using nlohmann::json;
using test::random_values;
using testing::failure;
using Values = std::vector<double>;

constexpr int64_t kWindows = 3, kInput = 4, kHorizon = 2;

const json kQuantiles = {{"type", "MQLoss"}, {"levels", {80}}};
const json kNormal = {{"type", "DistributionLoss"}, {"distribution", "Normal"}, {"levels", {80}}};

json family(const char* name) {
  return {{"type", "DistributionLoss"}, {"distribution", name}, {"levels", {80}}};
}

Network student(const json& loss, const Distillation& distillation) {
  const Network plain = testing::network("MLP", {{"hiddenSize", 5}}, kInput, kHorizon, loss);
  return Network(plain.spec(), plain.options(), plain.geometry(),
                 plain.loss().distilled(distillation));
}

/// Random numbers for every input and parameter of a network that learns from a teacher.
reference::Arguments arguments(const Network& network, size_t numbers) {
  constexpr size_t rows = kWindows, steps = kWindows * kHorizon;
  reference::Arguments in;
  in.windows = kWindows;
  uint32_t seed = 1;
  for (const ParameterDecl& decl : network.declarations())
    in.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.6, 0.6, seed++);
  in.inputs = {{"insample_y", random_values(rows * kInput, -1, 1, 20)},
               {"insample_mask", Values(rows * kInput, 1)},
               {"outsample_y", random_values(steps, -1, 1, 21)},
               {"teacher", random_values(steps * numbers, -1, 1, 22)},
               {"weight", {1, 2, 0, 0.5, 1, 1}},
               {"inverse_sum", {1 / 5.5}},
               {"loc", {1, 2, 3}},
               {"scale", {0.5, 2, 1}}};
  in.inputs["outsample_y"][2] = std::nan("");  // weighs nothing
  in.inputs["teacher"][2 * numbers] = std::nan("");
  Values &target = in.inputs["target"], &taught = in.inputs["teacher_target"];
  const auto moved = [&](const Values& z, size_t per_row) {
    Values y(z.size());
    for (size_t i = 0; i < z.size(); ++i)
      y[i] = z[i] * in.inputs["scale"][i / per_row] + in.inputs["loc"][i / per_row];
    return y;
  };
  target = moved(in.inputs["outsample_y"], kHorizon);
  taught = moved(in.inputs["teacher"], kHorizon * numbers);
  return in;
}

double pinball(double difference, double q) {
  return std::max(q * difference, (q - 1) * difference);
}
double softplus(double x) { return std::log1p(std::exp(x)); }
double normal_loss(double z, double mean, double spread, double scale) {
  const double sigma = softplus(spread) + 0.2;
  return std::pow((z - mean) / sigma, 2) / 2 + std::log(sigma * scale) +
         std::log(2 * std::numbers::pi) / 2;
}

/// The whole loss of one step, from its outputs, target and teacher.
double by_hand(const json& loss, const Distillation& d, std::span<const double> out, double z,
               double scale, std::span<const double> taught) {
  double own = 0, term = 0;
  if (loss == kNormal) {
    own = normal_loss(z, out[0], out[1], scale);
    for (size_t k = 0; k < taught.size(); ++k)
      term += d.masses[k] * normal_loss(taught[k], out[0], out[1], scale);
  } else {
    const Values levels = loss == kQuantiles ? Values{0.5, 0.1, 0.9} : Values{};
    for (size_t k = 0; k < out.size(); ++k) {
      own += loss == kQuantiles ? pinball(z - out[k], levels[k]) / 3 : std::abs(z - out[k]);
      term += d.masses[k] * std::pow(out[k] - taught[k], 2);
    }
  }
  return (1 - d.weight) * own + d.weight * term;
}

struct Case {
  const char* label;
  json loss;
  Distillation distillation;
};

std::vector<Case> cases() {
  return {{"point", "MAE", {0.3, {1}}},
          {"point, the teacher alone", "MAE", {1, {1}}},
          {"quantiles", kQuantiles, {0.6, {0.2, 0.3, 0.5}}},
          {"normal", kNormal, {0.25, {0.25, 0.5, 0.25}}},
          {"normal, the teacher alone", kNormal, {1, {0.5, 0.5}}}};
}

TEST(Distillation, LossIsThatOfTheDefinition) {
  for (const Case& c : cases()) {
    const size_t numbers = c.distillation.masses.size();
    const Network network = student(c.loss, c.distillation);
    const reference::Arguments in = arguments(network, numbers);
    const auto result = reference::evaluate(network.train_graph(), in);
    const Values& out = result.at("forecast");
    const size_t width = out.size() / (kWindows * kHorizon);
    double sum = 0;
    for (size_t step = 0; step < kWindows * kHorizon; ++step) {
      const double weight = in.inputs.at("weight")[step];
      if (weight == 0) continue;
      sum += weight * by_hand(c.loss, c.distillation, std::span(out).subspan(step * width, width),
                              in.inputs.at("outsample_y")[step],
                              in.inputs.at("scale")[step / kHorizon],
                              std::span(in.inputs.at("teacher")).subspan(step * numbers, numbers));
    }
    EXPECT_NEAR(result.at("loss")[0], sum / 5.5, 1e-12) << c.label;
  }
}

TEST(Distillation, GradientsAreThoseOfTheLossAndOfTheProcessor) {
  for (const Case& c : cases()) {
    const Network network = student(c.loss, c.distillation);
    const reference::Arguments in = arguments(network, c.distillation.masses.size());
    const Graph graph = network.train_graph();
    std::vector<std::string> names;
    for (const ParameterDecl& decl : network.declarations()) names.push_back(decl.name);
    EXPECT_LT(test::gradient_error(graph, in, names), 1e-7) << c.label;
    const auto exact = reference::evaluate(graph, in);
    for (const Split split : {Split::partitioned, Split::sharded}) {
      const auto computed = test::run_cpu(graph, in, split);
      for (const std::string& name : names)
        EXPECT_LT(test::max_difference(computed.at("grad." + name), exact.at("grad." + name)), 1e-5)
            << c.label << ": " << name;
    }
  }
}

TEST(Distillation, ChangesNeitherMetricNorWeights) {
  const Distillation distillation{1, {1}};
  const Network plain = testing::network("MLP", {{"hiddenSize", 5}}, kInput, kHorizon),
                taught = student("MAE", distillation);
  EXPECT_EQ(taught.table().total(), plain.table().total());
  const Values y = {1, 2}, y_hat = {2, 4}, ones = {1, 1}, one = {1};
  const LossWindows windows{1, 2, 1, y, y_hat, ones, one, one};
  EXPECT_EQ(evaluate_loss(taught.loss(), windows), 1.5);
}

Lesson lesson(const json& student, const json& teacher) {
  return lesson_for(Loss(student), Loss(teacher), "A: received the teacher B");
}

TEST(Distillation, PointsAndQuantilesLearnTheSameOfTheTeacher) {
  for (const json& teacher : {json("MSE"), kQuantiles, kNormal}) {
    const Lesson point = lesson("MAE", teacher);
    EXPECT_EQ(point.columns.mean, teacher == kNormal);
    EXPECT_EQ(point.columns.quantiles, teacher == kNormal ? Values{} : Values{0.5});
    EXPECT_EQ(point.masses, Values{1});
  }
  const Lesson three = lesson({{"type", "MQLoss"}, {"levels", {50}}}, kNormal);
  EXPECT_FALSE(three.columns.mean);
  EXPECT_EQ(three.columns.quantiles, (Values{0.5, 0.25, 0.75}));
  EXPECT_EQ(three.masses, Values(3, 1.0 / 3));
  EXPECT_EQ(lesson(kQuantiles, kQuantiles).columns.quantiles, (Values{0.5, 0.1, 0.9}));
  const json upper = {{"type", "QuantileLoss"}, {"q", 0.9}};
  EXPECT_EQ(lesson(upper, upper).columns.quantiles, Values{0.9});
}

TEST(Distillation, DistributionsLearnOfAllOfTheTeacher) {
  const Lesson nine = lesson(kNormal, family("StudentT"));
  const Values &q = nine.columns.quantiles, &m = nine.masses;
  ASSERT_EQ(q.size(), 9U);
  EXPECT_NEAR(std::accumulate(m.begin(), m.end(), 0.0), 1, 1e-15);
  double mean = 0, square = 0;
  for (size_t k = 0; k < q.size(); ++k) {
    const double z = distribution::normal_quantile(q[k]);
    mean += m[k] * z, square += m[k] * z * z;
  }
  EXPECT_NEAR(mean, 0, 1e-12);
  EXPECT_NEAR(square, 1, 0.01);

  const Lesson known = lesson(kNormal, kQuantiles);
  EXPECT_EQ(known.columns.quantiles, (Values{0.1, 0.5, 0.9}));
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(known.masses[k], k == 1 ? 0.4 : 0.3, 1e-15);
}

// Their likelihoods are linear in the target: nine quantiles of a probability near 0 say less.
TEST(Distillation, CountsAndEventsLearnTheMean) {
  for (const char* name : {"Bernoulli", "Poisson"}) {
    const Lesson mean = lesson(family(name), family(name));
    EXPECT_TRUE(mean.columns.mean && mean.columns.quantiles.empty()) << name;
    EXPECT_EQ(lesson(family(name), "MSE").masses, Values{1}) << name;
  }
  EXPECT_EQ(lesson(family("NegativeBinomial"), family("Poisson")).masses.size(), 9U);
}

TEST(Distillation, RefusesTeachersThatDoNotSayEnough) {
  const auto message = [](const json& student, const json& teacher) {
    const Error error = failure([&] { lesson(student, teacher); });
    EXPECT_EQ(error.code(), Code::config);
    return error.message();
  };
  EXPECT_EQ(message(kQuantiles, "MAE"),
            "[fit] A: received the teacher B, whose MAE forecasts one number per step, expected "
            "one with quantiles or a distribution: the student's MQLoss learns quantiles");
  EXPECT_EQ(message(kNormal, "MAE"),
            "[fit] A: received the teacher B, whose MAE forecasts one number per step, expected "
            "one with quantiles or a distribution: a distribution is more than its mean");
  EXPECT_EQ(message({{"type", "MQLoss"}, {"levels", {90}}}, kQuantiles),
            "[fit] A: received the teacher B, whose loss learned quantiles from 0.1 to 0.9, "
            "expected one that gives the student's 0.05 too; a distribution gives any");
  EXPECT_NE(message({{"type", "IQLoss"}}, kNormal)
                .find("expected a student with another loss than IQLoss"),
            std::string::npos);
}

}  // namespace
}  // namespace nd
