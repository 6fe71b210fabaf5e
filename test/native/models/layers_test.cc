#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "nn/linear.h"
#include "nn/resample.h"
#include "ops/ops.h"

namespace nd {
namespace {

using reference::Tensor;

Tensor transformed(const std::vector<double>& matrix, const Tensor& x) {
  const size_t out = matrix.size() / x.size();
  Tensor y(out, 0.0);
  for (size_t i = 0; i < x.size(); ++i)
    for (size_t t = 0; t < out; ++t) y[t] += x[i] * matrix[i * out + t];
  return y;
}

void expect_near(const Tensor& received, const Tensor& expected) {
  ASSERT_EQ(received.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(received[i], expected[i], 1e-12) << i;
}

// Expected values: torch.nn.functional.interpolate, align_corners=False.
TEST(Interpolation, Linear) {
  expect_near(transformed(interpolation_matrix(3, 6, Interpolation::linear), {1, 2, 3}),
              {1, 1.25, 1.75, 2.25, 2.75, 3});
  expect_near(transformed(interpolation_matrix(2, 5, Interpolation::linear), {0, 10}),
              {0, 1, 5, 9, 10});
  expect_near(transformed(interpolation_matrix(4, 2, Interpolation::linear), {1, 2, 3, 4}),
              {1.5, 3.5});
}

TEST(Interpolation, Nearest) {
  expect_near(transformed(interpolation_matrix(3, 6, Interpolation::nearest), {1, 2, 3}),
              {1, 1, 2, 2, 3, 3});
  expect_near(transformed(interpolation_matrix(4, 6, Interpolation::nearest), {1, 2, 3, 4}),
              {1, 1, 2, 3, 3, 4});
  expect_near(transformed(interpolation_matrix(5, 3, Interpolation::nearest), {1, 2, 3, 4, 5}),
              {1, 2, 4});
}

TEST(Interpolation, CubicWeightsAndClampedBorders) {
  // Step 3 of 8 from 4 lies a quarter after knot 1; step 0 a quarter before knot 0, whose left
  // neighbours are itself.
  const auto matrix = interpolation_matrix(4, 8, Interpolation::cubic);
  const auto column = [&](size_t t) {
    return Tensor{matrix[t], matrix[8 + t], matrix[16 + t], matrix[24 + t]};
  };
  expect_near(column(3), {-0.10546875, 0.87890625, 0.26171875, -0.03515625});
  expect_near(column(0), {-0.03515625 + 0.26171875 + 0.87890625, -0.10546875, 0, 0});
}

TEST(Interpolation, EveryColumnSumsToOneAndEqualSizesCopy) {
  for (const auto mode : {Interpolation::linear, Interpolation::nearest, Interpolation::cubic})
    for (int64_t in = 1; in < 8; ++in)
      for (int64_t out = 1; out < 15; ++out) {
        const Tensor ones(static_cast<size_t>(in), 1.0);
        expect_near(transformed(interpolation_matrix(in, out, mode), ones),
                    Tensor(static_cast<size_t>(out), 1.0));
        Tensor ramp(static_cast<size_t>(in));
        for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i * i);
        if (in == out) expect_near(transformed(interpolation_matrix(in, out, mode), ramp), ramp);
      }
}

TEST(AveragePool, AShortLastBlockIsItsOwnMean) {
  expect_near(transformed(average_pool_matrix(5, 2), {1, 2, 3, 4, 7}), {1.5, 3.5, 7});
  expect_near(transformed(average_pool_matrix(3, 5), {1, 2, 6}), {3});
}

/// f(x) and df/dx of an activation at the given points.
std::pair<Tensor, Tensor> activation(std::string_view name, const Tensor& x) {
  Graph graph;
  const Var in = graph.input("x", Shape::batched({1}));
  const Var y = activate(graph, in, name, "layer");
  graph.output("y", y);
  graph.output("sum", sum_all(y));
  differentiate(graph, "sum", {"x"});
  reference::Arguments args;
  args.windows = static_cast<int64_t>(x.size());
  args.inputs["x"] = x;
  if (!graph.parameters().empty()) args.parameters["layer.weight"] = {0.25};
  const auto out = reference::evaluate(graph, args);
  return {out.at("y"), out.at("grad.x")};
}

TEST(Activations, ValuesAndDerivatives) {
  const double e = std::exp(-1.0), scale = 1.0507009873554805, alpha = 1.6732632423543772;
  const auto check = [](const char* name, const Tensor& y, const Tensor& dy) {
    SCOPED_TRACE(name);
    const auto [value, derivative] = activation(name, {-1, 0, 2});
    expect_near(value, y);
    expect_near(derivative, dy);
  };
  check("ReLU", {0, 0, 2}, {0, 0, 1});
  check("LeakyReLU", {-0.01, 0, 2}, {0.01, 0.01, 1});
  check("PReLU", {-0.25, 0, 2}, {0.25, 0.25, 1});
  check("SELU", {scale * alpha * (e - 1), 0, 2 * scale}, {scale * alpha * e, scale * alpha, scale});
  check("Tanh", {std::tanh(-1.0), 0, std::tanh(2.0)},
        {1 - std::pow(std::tanh(1.0), 2), 1, 1 - std::pow(std::tanh(2.0), 2)});
  check("Sigmoid", {e / (1 + e), 0.5, 1 / (1 + std::exp(-2.0))},
        {e / (1 + e) / (1 + e), 0.25, std::exp(-2.0) / std::pow(1 + std::exp(-2.0), 2)});
  check("Softplus", {std::log1p(e), std::log(2.0), 2 + std::log1p(std::exp(-2.0))},
        {e / (1 + e), 0.5, 1 / (1 + std::exp(-2.0))});
}

TEST(Activations, LargeValuesStayFinite) {
  for (const std::string_view name : activation_names()) {
    const auto [value, derivative] = activation(name, {-1e4, 1e4});
    for (const double v : value) EXPECT_TRUE(std::isfinite(v)) << name;
    for (const double v : derivative) EXPECT_TRUE(std::isfinite(v)) << name;
  }
  EXPECT_THROW(activation("Swish", {1}), Error);
}

TEST(Linear, IsTorchsLinear) {
  Graph graph;
  const Var y = linear(graph, graph.input("x", Shape::batched({3})), 2, "out");
  graph.output("y", y);
  ASSERT_EQ(graph.parameters().size(), 2u);
  EXPECT_EQ(graph.parameters()[0].name, "out.weight");
  EXPECT_EQ(graph.parameters()[0].shape, Shape::fixed({2, 3}));
  EXPECT_DOUBLE_EQ(graph.parameters()[0].init.bound, 1 / std::sqrt(3));
  EXPECT_EQ(graph.parameters()[1].name, "out.bias");
  EXPECT_DOUBLE_EQ(graph.parameters()[1].init.bound, 1 / std::sqrt(3));
  reference::Arguments args;
  args.inputs["x"] = {1, 2, 3};
  args.parameters = {{"out.weight", {1, 0, 0, 1, 1, 1}}, {"out.bias", {10, 20}}};
  expect_near(reference::evaluate(graph, args).at("y"), {11, 26});
}

}  // namespace
}  // namespace nd
