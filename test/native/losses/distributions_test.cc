#include "losses/distributions/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "losses/distributions/math.h"
#include "losses/loss.h"

namespace nd {
namespace {

using nlohmann::json;
using reference::Tensor;

struct FamilyCase {
  const char* loss;
  /// Mean and variance by the parameters, as textbooks give them.
  std::function<std::pair<double, double>(std::span<const double>)> moments;
  bool atoms = false;   ///< single values of positive probability
  double error = 1e-9;  ///< of the moments, relative
};

std::pair<double, double> mixture_moments(const std::vector<std::array<double, 3>>& components) {
  double mean = 0, square = 0;
  for (const auto& [weight, m, v] : components) mean += weight * m, square += weight * (v + m * m);
  return {mean, square - mean * mean};
}

std::pair<double, double> negative_binomial_moments(double count, double p) {
  return {count * p / (1 - p), count * p / (1 - p) / (1 - p)};
}

Loss loss_of(const char* text, bool compat = false) { return Loss(json::parse(text), compat); }

constexpr const char* kIsqf =
    R"({"type": "DistributionLoss", "distribution": "ISQF", "numPieces": 3, "levels": [80]})";

/// ∫ f(α) dα over (0, 1), by the trapezoidal rule in log(α / (1 - α)).
template <class F>
double over_probabilities(const F& f) {
  constexpr int kSteps = 20000;
  constexpr double kEnd = 30, kStep = 2 * kEnd / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double alpha = 1 / (1 + std::exp(kEnd - i * kStep));
    sum += f(alpha) * alpha * (1 - alpha) * kStep;
  }
  return sum;
}

std::pair<double, double> isqf_moments(std::span<const double> p) {
  const Loss loss = loss_of(kIsqf);
  const auto at = [&](double alpha) { return loss.distribution()->quantile(p, alpha); };
  const double mean = over_probabilities(at);
  return {mean, over_probabilities([&](double alpha) { return std::pow(at(alpha) - mean, 2); })};
}

const FamilyCase kFamilies[] = {
    {R"({"type": "DistributionLoss", "distribution": "Normal"})",
     [](auto p) { return std::pair(p[0], p[1] * p[1]); }},
    {R"({"type": "DistributionLoss", "distribution": "StudentT"})",
     [](auto p) { return std::pair(p[1], p[2] * p[2] * p[0] / (p[0] - 2)); }},
    {R"({"type": "DistributionLoss", "distribution": "Poisson"})",
     [](auto p) { return std::pair(p[0], p[0]); }, true},
    {R"({"type": "DistributionLoss", "distribution": "NegativeBinomial"})",
     [](auto p) { return negative_binomial_moments(p[0], p[1]); }, true},
    {R"({"type": "DistributionLoss", "distribution": "Bernoulli"})",
     [](auto p) { return std::pair(p[0], p[0] * (1 - p[0])); }, true},
    {R"({"type": "DistributionLoss", "distribution": "Tweedie", "rho": 1.4})",
     [](auto p) { return std::pair(std::exp(p[0]), std::exp(1.4 * p[0])); }, true},
    {R"({"type": "GMM", "nComponents": 2, "weighted": true})",
     [](auto p) {
       return mixture_moments({{p[4], p[0], p[2] * p[2]}, {p[5], p[1], p[3] * p[3]}});
     }},
    {R"({"type": "PMM", "nComponents": 3})",
     [](auto p) {
       return mixture_moments({{p[3], p[0], p[0]}, {p[4], p[1], p[1]}, {p[5], p[2], p[2]}});
     },
     true},
    {R"({"type": "NBMM", "nComponents": 2, "weighted": true})",
     [](auto p) {
       const auto [m0, v0] = negative_binomial_moments(p[0], p[2]);
       const auto [m1, v1] = negative_binomial_moments(p[1], p[3]);
       return mixture_moments({{p[4], m0, v0}, {p[5], m1, v1}});
     },
     true},
    {kIsqf, isqf_moments, false, 1e-6},
};

/// Raw outputs like those of a network.
std::vector<double> raw_outputs(const Loss& loss, size_t steps, uint32_t seed = 0) {
  std::vector<double> raw(steps * static_cast<size_t>(loss.outputs()));
  for (size_t i = 0; i < raw.size(); ++i)
    raw[i] = 4 * static_cast<double>(philox_uniform({.seed = 3 + seed}, i)) - 2;
  return raw;
}

/// Uniform in (0, 1), to 53 bits.
double uniform(uint64_t index) {
  const auto words = philox({.seed = 7, .stream = Stream::sampling}, static_cast<uint32_t>(index));
  return (static_cast<double>((static_cast<uint64_t>(words[0]) << 21) ^ (words[1] >> 11)) + 0.5) *
         0x1p-53;
}

constexpr double kLoc = 6, kScale = 1.5;

std::vector<double> parameters_of(const Loss& loss, uint32_t seed = 0) {
  std::vector<double> parameters(static_cast<size_t>(loss.distribution()->size()));
  loss.distribution()->parameters(raw_outputs(loss, 1, seed), kLoc, kScale, parameters);
  return parameters;
}

// Draws are quantiles of uniform numbers.
TEST(Distributions, TenThousandDrawsHaveTheMomentsAndQuantilesOfTheClosedForm) {
  constexpr size_t kDraws = 10000;
  for (const FamilyCase& c : kFamilies) {
    SCOPED_TRACE(c.loss);
    const Loss loss = loss_of(c.loss);
    const std::vector<double> p = parameters_of(loss);
    const auto [mean, variance] = c.moments(p);
    EXPECT_NEAR(loss.distribution()->mean(p), mean, c.error * std::abs(mean));

    std::vector<double> draws(kDraws);
    double sum = 0, squares = 0, fourth = 0;
    for (size_t i = 0; i < kDraws; ++i) {
      draws[i] = loss.distribution()->quantile(p, uniform(i));
      sum += draws[i];
    }
    for (const double y : draws) {
      const double d = (y - mean) * (y - mean);
      squares += d, fourth += d * d;
    }
    const double n = kDraws;
    EXPECT_NEAR(sum / n, mean, 4 * std::sqrt(variance / n));
    EXPECT_NEAR(squares / n, variance, 4 * std::sqrt((fourth / n - variance * variance) / n));
    for (const double q : {0.05, 0.25, 0.5, 0.9}) {
      const double at = loss.distribution()->quantile(p, q);
      const double below =
          static_cast<double>(std::ranges::count_if(draws, [&](double y) { return y <= at; })) / n;
      const double error = 4 * std::sqrt(q * (1 - q) / n);
      EXPECT_GE(below, q - error) << q;
      EXPECT_TRUE(c.atoms || below <= q + error) << q;
    }
  }
}

TEST(Distributions, QuantilesAscendAndCountsAreTheSmallestThatReachThem) {
  for (const FamilyCase& c : kFamilies) {
    for (uint32_t seed = 0; seed < 5; ++seed) {
      SCOPED_TRACE(c.loss);
      const Loss loss = loss_of(c.loss);
      const std::vector<double> p = parameters_of(loss, seed);
      double last = -1e300;
      for (const double q : {1e-6, 0.01, 0.1, 0.5, 0.9, 0.99, 1 - 1e-6}) {
        const double y = loss.distribution()->quantile(p, q);
        EXPECT_GE(y, last);
        EXPECT_TRUE(loss.distribution()->supports(y)) << y;
        last = y;
      }
    }
  }
  const Loss poisson = loss_of(R"({"type": "DistributionLoss", "distribution": "Poisson"})");
  const std::vector<double> rate = {3.5};
  for (const double q : {0.02, 0.3, 0.5, 0.777, 0.9999}) {
    const double k = poisson.distribution()->quantile(rate, q);
    EXPECT_GE(distribution::poisson_cdf(k, 3.5), q);
    EXPECT_TRUE(k == 0 || distribution::poisson_cdf(k - 1, 3.5) < q) << q;
  }
  EXPECT_EQ(poisson.distribution()->quantile(std::vector<double>{1e-9}, 0.5), 0);
}

// Constants: scipy.stats 1.11.
TEST(Distributions, QuantilesAgreeWithTables) {
  const auto quantile = [](const char* text, std::vector<double> p, double q) {
    return loss_of(text).distribution()->quantile(p, q);
  };
  EXPECT_NEAR(distribution::normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(distribution::normal_quantile(1e-9), -5.997807015007687, 1e-12);
  EXPECT_NEAR(quantile(kFamilies[1].loss, {4, 0, 1}, 0.95), 2.13184678632665, 1e-12);
  EXPECT_EQ(quantile(kFamilies[2].loss, {1000.5}, 0.9), 1041);
  EXPECT_EQ(quantile(kFamilies[3].loss, {5, 0.5}, 0.9), 9);
}

/// Value of the loss for some outputs, and its gradient by them.
std::pair<double, Tensor> value_and_gradient(const Loss& loss, const LossWindows& in) {
  Graph graph = loss_graph(loss, in.horizon, in.input_size);
  differentiate(graph, "loss", {"y_hat"});
  const auto out = reference::evaluate(graph, loss_arguments(loss, in));
  return {out.at("loss").at(0), out.at("grad.y_hat")};
}

const std::vector<double> kTargets = {0, 1, 3, 8, 1, 0, 12, 2, 0};
const std::vector<double> kWeights = {1, 1, 0, 1, 2, 1, 1, 0.5, 1};

/// Three windows of three steps; 0 and 1 for a Bernoulli variable.
std::vector<double> targets_of(const Loss& loss) {
  std::vector<double> y = kTargets;
  if (!loss.distribution()->supports(3))
    for (double& value : y) value = std::min(value, 1.0);
  return y;
}

TEST(Distributions, GradientsAgreeWithDifferences) {
  constexpr double kStep = 1e-6;
  const std::vector<double> loc = {2, 6, 9}, scale = {0.5, 1, 3}, none;
  std::vector<std::string> losses = {
      R"({"type": "GMM", "nComponents": 2, "batchCorrelation": true})",
      R"({"type": "PMM", "nComponents": 2, "horizonCorrelation": true, "weighted": true})"};
  for (const FamilyCase& c : kFamilies) losses.emplace_back(c.loss);
  for (const std::string& text : losses) {
    for (const bool compat : {false, true}) {
      SCOPED_TRACE(text + (compat ? " compat" : ""));
      const Loss loss = loss_of(text.c_str(), compat);
      const std::vector<double> raw = raw_outputs(loss, kTargets.size()), y = targets_of(loss);
      const auto with = [&](const std::vector<double>& outputs) {
        return LossWindows{3, 3, 0, y, outputs, kWeights, none, none, loc, scale};
      };
      const Tensor gradient = value_and_gradient(loss, with(raw)).second;
      for (size_t i = 0; i < raw.size(); ++i) {
        std::vector<double> up = raw, down = raw;
        up[i] += kStep, down[i] -= kStep;
        const double difference =
            (evaluate_loss(loss, with(up)) - evaluate_loss(loss, with(down))) / (2 * kStep);
        EXPECT_NEAR(gradient[i], difference, 1e-6 * std::max(1.0, std::abs(difference))) << i;
      }
    }
  }
}

TEST(Distributions, UnobservedStepsDoNotCountEvenWhenNaN) {
  const std::vector<double> loc = {2, 6, 9}, scale = {0.5, 1, 3}, none;
  for (const FamilyCase& c : kFamilies) {
    SCOPED_TRACE(c.loss);
    const Loss loss = loss_of(c.loss);
    std::vector<double> y = targets_of(loss), raw = raw_outputs(loss, y.size());
    const auto value = [&] {
      return value_and_gradient(loss, {3, 3, 0, y, raw, kWeights, none, none, loc, scale});
    };
    const auto whole = value();
    y[2] = std::nan("");
    const auto Q = static_cast<size_t>(loss.outputs());
    std::fill_n(raw.begin() + static_cast<std::ptrdiff_t>(2 * Q), Q, std::nan(""));
    EXPECT_EQ(value(), whole);
  }
}

// Where the data are nearly Poisson α falls to 0, and what is left must be the Poisson likelihood.
TEST(NegativeBinomial, IsThePoissonDistributionWithoutDispersion) {
  const std::vector<double> none, y = {0, 3, 7}, weight = {1, 1, 1};
  const Loss dispersed = loss_of(kFamilies[3].loss), poisson = loss_of(kFamilies[2].loss);
  const std::vector<double> rates = {1.5, 2, 8};
  std::vector<double> with_alpha, plain;
  for (const double rate : rates) {
    const double output = std::log(std::expm1(rate));
    plain.push_back(output);
    with_alpha.insert(with_alpha.end(), {output, -18.0});
  }
  const auto [value, gradient] =
      value_and_gradient(dispersed, {1, 3, 0, y, with_alpha, weight, none, none});
  const auto [expected, slope] =
      value_and_gradient(poisson, {1, 3, 0, y, plain, weight, none, none});
  EXPECT_NEAR(value, expected, 1e-7);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(gradient[2 * i], slope[i], 1e-6);
    EXPECT_NEAR(gradient[2 * i + 1], 0, 1e-5);
  }
}

TEST(Tweedie, LearnsItsMeanWithoutAScalerUnlikeTheReference) {
  const std::vector<double> none, y = {3}, raw = {0.5}, weight = {1};
  const LossWindows in{1, 1, 0, y, raw, weight, none, none};
  EXPECT_NE(value_and_gradient(loss_of(kFamilies[5].loss), in).second[0], 0);
  EXPECT_EQ(value_and_gradient(loss_of(kFamilies[5].loss, true), in).second[0], 0);
}

// CRPS = 2·∫ pinball(y - q(α), α) dα: inside the spline, on a knot, in both tails.
TEST(Isqf, LossIsTheCrpsOfItsQuantileFunction) {
  for (const char* text :
       {kIsqf, R"({"type": "DistributionLoss", "distribution": "ISQF", "quantiles": [0.3]})",
        R"({"type": "DistributionLoss", "distribution": "ISQF", "numPieces": 1})"}) {
    const Loss loss = loss_of(text), compat = loss_of(text, true);
    const std::vector<double> raw = raw_outputs(loss, 1), none, weight = {1}, loc = {kLoc},
                              scale = {kScale}, p = parameters_of(loss);
    const auto at = [&](double alpha) { return loss.distribution()->quantile(p, alpha); };
    for (const double q : {1e-6, 0.05, 0.1, 0.2, 0.4, 0.5, 0.77, 0.9, 0.95, 1 - 1e-6}) {
      SCOPED_TRACE(std::string(text) + " " + std::to_string(q));
      const std::vector<double> y = {at(q)};
      const double crps = 2 / kScale * over_probabilities([&](double alpha) {
                            const double error = y[0] - at(alpha);
                            return error * (alpha - (error < 0 ? 1 : 0));
                          });
      const LossWindows in{1, 1, 0, y, raw, weight, none, none, loc, scale};
      EXPECT_NEAR(evaluate_loss(loss, in), crps, 1e-6);
      EXPECT_NEAR(evaluate_loss(compat, in), distribution::softplus(crps) + std::log(kScale), 1e-6);
    }
  }
}

TEST(Distributions, SayWhichTargetsTheyCanGive) {
  const auto supports = [](size_t i, double y) {
    return loss_of(kFamilies[i].loss).distribution()->supports(y);
  };
  EXPECT_TRUE(supports(0, -3.5));
  EXPECT_TRUE(supports(2, 4));
  EXPECT_FALSE(supports(2, -1));
  EXPECT_FALSE(supports(3, 1.5));
  EXPECT_TRUE(supports(4, 1));
  EXPECT_FALSE(supports(4, 2));
  EXPECT_TRUE(supports(5, 0.25));
  EXPECT_FALSE(supports(5, -0.25));
  EXPECT_FALSE(supports(8, 0.5));
}

TEST(Distributions, ColumnsAreMeanQuantilesAndParameters) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(loss_of(kFamilies[0].loss).output_names(),
            (Names{"", "-median", "-lo-90", "-lo-80", "-hi-80", "-hi-90"}));
  EXPECT_EQ(loss_of(kFamilies[0].loss).outputs(), 2);
  EXPECT_EQ(loss_of(R"({"type": "DistributionLoss", "distribution": "StudentT", "levels": [80],
                        "returnParams": true})")
                .output_names(),
            (Names{"", "-median", "-lo-80", "-hi-80", "-df", "-loc", "-scale"}));
  EXPECT_EQ(
      loss_of(R"({"type": "GMM", "nComponents": 2, "quantiles": [0.1], "returnParams": true})")
          .output_names(),
      (Names{"", "-lo-80.0", "-mu-1", "-mu-2", "-std-1", "-std-2"}));
  // A probability is called one, except with the names of the reference.
  for (const char* name : {"Bernoulli", "NegativeBinomial"}) {
    const json description = {
        {"type", "DistributionLoss"}, {"distribution", name}, {"returnParams", true}};
    EXPECT_EQ(Loss(description).output_names().back(), "-probs");
    EXPECT_EQ(Loss(description, true).output_names().back(), "-logits");
  }
}

}  // namespace
}  // namespace nd
