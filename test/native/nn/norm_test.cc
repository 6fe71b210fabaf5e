#include "nn/norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/differentiate.h"
#include "nn/batch.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd {
namespace {

using reference::Tensor;
using reference::Tensors;

constexpr int64_t kSteps = 4, kFeatures = 3;
constexpr double kEps = 1e-3, kMomentum = 0.25;

/// y = batch_norm of x [B, steps, features] over the last axis; loss = Σ y·target.
Graph normalised(bool training) {
  Graph graph;
  const Shape shape = Shape::batched({kSteps, kFeatures});
  const Var x = graph.input("x", shape), target = graph.input("target", shape);
  const Var y = batch_norm(graph, x, "norm", training, kEps, kMomentum);
  graph.output("y", y);
  graph.output("loss", sum_all(y * target));
  differentiate(graph, "loss", {"x"});
  return graph;
}

/// `windows` windows and room for `spare` more.
reference::Arguments arguments(int64_t windows, int64_t spare = 0) {
  const auto size = static_cast<size_t>(windows * kSteps * kFeatures),
             all = static_cast<size_t>((windows + spare) * kSteps * kFeatures);
  reference::Arguments args;
  args.windows = windows + spare;
  args.inputs["x"] = test::random_values(size, -2, 3, 1);
  args.inputs["target"] = test::random_values(size, -1, 1, 2);
  args.inputs["x"].resize(all, 7.0);
  args.inputs["target"].resize(all, 0.0);
  args.inputs[kWindowMask] = Tensor(static_cast<size_t>(windows), 1.0);
  args.inputs[kWindowMask].resize(static_cast<size_t>(windows + spare), 0.0);
  args.inputs[kInverseWindows] = {1.0 / static_cast<double>(windows)};
  args.parameters = {{"norm.weight", {0.5, 1.5, -1}},
                     {"norm.bias", {0.1, 0.2, 0.3}},
                     {"norm.running_mean", {0.25, -0.5, 1}},
                     {"norm.running_var", {1, 0.5, 2}}};
  return args;
}

struct Naive {
  Tensor y, mean, variance;  ///< variance: unbiased
};

Naive naive(const reference::Arguments& args, int64_t windows) {
  const Tensor& x = args.inputs.at("x");
  const auto rows = static_cast<size_t>(windows * kSteps);
  const auto n = static_cast<double>(rows);
  Naive result;
  result.y.resize(rows * kFeatures);
  for (size_t f = 0; f < kFeatures; ++f) {
    double mean = 0, square = 0;
    for (size_t r = 0; r < rows; ++r) mean += x[r * kFeatures + f] / n;
    for (size_t r = 0; r < rows; ++r) square += std::pow(x[r * kFeatures + f] - mean, 2);
    for (size_t r = 0; r < rows; ++r)
      result.y[r * kFeatures + f] = (x[r * kFeatures + f] - mean) / std::sqrt(square / n + kEps) *
                                        args.parameters.at("norm.weight")[f] +
                                    args.parameters.at("norm.bias")[f];
    result.mean.push_back(mean);
    result.variance.push_back(square / (n - 1));
  }
  return result;
}

void expect_near(const Tensor& received, const Tensor& expected, double tolerance = 1e-12) {
  ASSERT_GE(received.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(received[i], expected[i], tolerance) << i;
}

TEST(BatchNorm, TrainingUsesTheBatchAndHandsOnTheState) {
  const reference::Arguments args = arguments(5);
  const Tensors out = reference::evaluate(normalised(true), args);
  const Naive expected = naive(args, 5);
  expect_near(out.at("y"), expected.y);
  Tensor mean, variance;
  for (size_t f = 0; f < kFeatures; ++f) {
    mean.push_back((1 - kMomentum) * args.parameters.at("norm.running_mean")[f] +
                   kMomentum * expected.mean[f]);
    variance.push_back((1 - kMomentum) * args.parameters.at("norm.running_var")[f] +
                       kMomentum * expected.variance[f]);
  }
  expect_near(out.at(next_name("norm.running_mean")), mean);
  expect_near(out.at(next_name("norm.running_var")), variance);
}

TEST(BatchNorm, SpareRowsDoNotCount) {
  const Tensors full = reference::evaluate(normalised(true), arguments(5)),
                spare = reference::evaluate(normalised(true), arguments(5, 3));
  for (const auto& [name, values] : full) {
    SCOPED_TRACE(name);
    expect_near(spare.at(name), values);
  }
  const size_t rows = full.at("grad.x").size();
  for (size_t i = rows; i < spare.at("grad.x").size(); ++i)
    EXPECT_EQ(spare.at("grad.x")[i], 0) << i;
}

TEST(BatchNorm, InferenceUsesTheState) {
  const Graph graph = normalised(false);
  EXPECT_FALSE(spans_batch(graph));
  EXPECT_FALSE(graph.outputs().contains(next_name("norm.running_mean")));
  const reference::Arguments args = arguments(2);
  const Tensors out = reference::evaluate(graph, args);
  for (size_t i = 0; i < out.at("y").size(); ++i) {
    const auto p = [&](const char* name) { return args.parameters.at(name)[i % kFeatures]; };
    EXPECT_NEAR(out.at("y")[i],
                (args.inputs.at("x")[i] - p("norm.running_mean")) /
                        std::sqrt(p("norm.running_var") + kEps) * p("norm.weight") +
                    p("norm.bias"),
                1e-12);
  }
}

TEST(BatchNorm, GradientsAgreeWithDifferences) {
  for (const bool training : {true, false}) {
    EXPECT_LT(test::gradient_error(normalised(training), arguments(3, training ? 1 : 0),
                                   {"x", "norm.weight", "norm.bias"}),
              1e-9);
  }
}

TEST(BatchNorm, TheCpuPlanAgreesForAnyNumberOfThreads) {
  for (const bool training : {true, false}) {
    const Graph graph = normalised(training);
    const reference::Arguments args = arguments(37, 3);
    const Tensors exact = reference::evaluate(graph, args),
                  one = test::run_cpu(graph, args, Split::automatic, 1),
                  three = test::run_cpu(graph, args, Split::automatic, 3);
    for (const auto& [name, values] : exact) {
      SCOPED_TRACE(name);
      EXPECT_LT(test::max_difference(one.at(name), values),
                1e-5 * std::max(1.0, test::max_magnitude(values)));
      EXPECT_EQ(one.at(name), three.at(name));
    }
  }
}

TEST(BatchNorm, ASingleValueHasNoVariance) {
  Graph graph;
  const Var x = graph.input("x", Shape::batched({2}));
  graph.output("y", batch_norm(graph, x, "norm", true));
  reference::Arguments args;
  args.inputs = {{"x", {3, -4}}, {kWindowMask, {1}}, {kInverseWindows, {1}}};
  args.parameters = {{"norm.weight", {1, 1}},
                     {"norm.bias", {0.5, 0.25}},
                     {"norm.running_mean", {1, 1}},
                     {"norm.running_var", {2, 3}}};
  const Tensors out = reference::evaluate(graph, args);
  expect_near(out.at("y"), {0.5, 0.25});
  expect_near(out.at(next_name("norm.running_mean")), {1.2, 0.5});
  expect_near(out.at(next_name("norm.running_var")), {2, 3});
}

}  // namespace
}  // namespace nd
