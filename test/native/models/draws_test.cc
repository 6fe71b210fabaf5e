// Futures that a recurrent network draws step by step: what is read back, for which path.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/philox.h"
#include "losses/distributions/math.h"
#include "models/network.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

using nlohmann::json;

constexpr int64_t kHorizon = 4;
constexpr double kSlope = 0.8, kDeviation = 1.5;

/// A network whose next mean is kSlope times the last value that it reads.
class AutoregressionPlan final : public Plan {
 public:
  AutoregressionPlan(int64_t windows, int64_t steps)
      : windows_(windows),
        y_(static_cast<size_t>(windows * steps)),
        mean_(static_cast<size_t>(windows)) {}
  std::span<float> input(std::string_view) override { return y_; }
  bool has_input(std::string_view name) const override { return name == io_names::kInsampleY; }
  void run(const RunArgs&) override {
    const size_t steps = y_.size() / mean_.size();
    for (size_t b = 0; b < mean_.size(); ++b)
      mean_[b] = static_cast<float>(kSlope) * y_[(b + 1) * steps - 1];
  }
  std::span<const float> output(std::string_view) const override { return mean_; }
  int64_t windows() const override { return windows_; }
  int64_t memory_bytes() const override { return 0; }

 private:
  int64_t windows_;
  std::vector<float> y_, mean_;
};

struct Moments {
  double mean, variance;
};

Moments moments(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, square = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) square += (v - mean) * (v - mean) / (n - 1);
  return {mean, square};
}

TEST(Draws, OfAnAutoregressionHaveItsMomentsAndCorrelation) {
  constexpr int64_t kWindows = 2, kPaths = 20'000;
  Graph step;
  step.input(io_names::kInsampleY, Shape::batched({1}));
  std::vector<std::vector<double>> drawn(kHorizon);
  Feedback feedback;
  feedback.draws = {
      kPaths, [&](int64_t tau, std::span<const float> mean, std::span<float> next) {
        for (size_t row = 0; row < next.size(); ++row) {
          const PhiloxKey key{5, Stream::sampling, static_cast<uint32_t>(tau), 0};
          const double u = static_cast<double>(philox_uniform(key, row)) + 0x1p-25;
          next[row] = mean[row] + static_cast<float>(kDeviation * distribution::normal_quantile(u));
          drawn[static_cast<size_t>(tau)].push_back(next[row]);
        }
      }};
  RecurrentPlan plan(std::make_unique<AutoregressionPlan>(kWindows, 3),
                     std::make_unique<AutoregressionPlan>(kWindows * kPaths, 1), step,
                     Geometry{.input_size = 3, .horizon = kHorizon, .outputs = 1}, feedback);
  const std::vector<float> history = {1, 2, 10, 3, 4, -5};
  std::ranges::copy(history, plan.input(io_names::kInsampleY).begin());
  plan.run({});
  for (int64_t b = 0; b < kWindows; ++b) {
    const double last = history[static_cast<size_t>(3 * b + 2)];
    std::vector<double> before;
    double variance_before = 0;
    for (int64_t h = 0; h < kHorizon; ++h) {
      const auto& all = drawn[static_cast<size_t>(h)];
      const std::vector<double> own(all.begin() + b * kPaths, all.begin() + (b + 1) * kPaths);
      const double decay = std::pow(kSlope, h + 1),
                   variance = kDeviation * kDeviation * (1 - decay * decay) / (1 - kSlope * kSlope);
      const auto [mean, square] = moments(own);
      EXPECT_NEAR(mean, decay * last, 4 * std::sqrt(variance / kPaths)) << b << h;
      EXPECT_NEAR(square, variance, 4 * variance * std::sqrt(2.0 / kPaths)) << b << h;
      if (h > 0) {
        double product = 0;
        const double other = moments(before).mean;
        for (size_t p = 0; p < own.size(); ++p)
          product += (own[p] - mean) * (before[p] - other) / static_cast<double>(kPaths);
        const double rho = kSlope * std::sqrt(variance_before / variance);
        EXPECT_NEAR(product / std::sqrt(variance * variance_before), rho,
                    4 / std::sqrt(static_cast<double>(kPaths)))
            << b << h;
      }
      before = own, variance_before = variance;
    }
  }
}

TEST(Draws, ThatAreTheMeanGiveTheForecastForEveryPath) {
  constexpr int64_t kWindows = 3, kPaths = 5;
  const ModelSpec& spec = find_model("LSTM");
  const Geometry geometry = {.input_size = 7, .horizon = kHorizon, .futr = 2, .hist = 1, .stat = 2};
  const Network net(spec,
                    Options({{"recurrent", true}, {"encoderHiddenSize", 9}}, spec.params, "lstm"),
                    geometry, Loss({{"type", "DistributionLoss"}, {"distribution", "Normal"}}));
  const auto direct = net.compile_infer(kWindows);
  const auto drawn = net.compile_draws(
      kWindows, {kPaths, [](int64_t, std::span<const float> outputs, std::span<float> next) {
                   for (size_t row = 0; row < next.size(); ++row) next[row] = outputs[2 * row];
                 }});
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  uint32_t seed = 1;
  for (const char* name : {io_names::kInsampleY, io_names::kInsampleMask, io_names::kFutrExog,
                           io_names::kHistExog, io_names::kStatExog}) {
    if (!direct->has_input(name)) continue;
    const std::span<float> to = direct->input(name);
    const std::vector<double> values = random_values(to.size(), -1, 1, seed++);
    std::ranges::copy(values, to.begin());
    ASSERT_EQ(drawn->input(name).size(), to.size());
    std::ranges::copy(values, drawn->input(name).begin());
  }
  RunArgs args;
  args.parameters = parameters.span();
  direct->run(args);
  drawn->run(args);
  const auto expected = direct->output(io_names::kForecast),
             given = drawn->output(io_names::kForecast);
  const size_t width = kHorizon * 2;
  ASSERT_EQ(given.size(), kWindows * kPaths * width);
  for (size_t row = 0; row < kWindows * kPaths; ++row)
    for (size_t i = 0; i < width; ++i)
      EXPECT_NEAR(given[row * width + i], expected[row / kPaths * width + i], 1e-5) << row << i;
}

}  // namespace
}  // namespace nd::test
