// Differentiation of whole graphs: shared values, shared parameters, unreached parameters, refusal.
#include "graph/differentiate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

// A small network that uses a parameter twice and a value three times.
Graph make_network(bool with_loss = true) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  const Var w = g.parameter({"w", Shape::fixed({6, 6}), Init::uniform(0.5)});
  const Var b = g.parameter({"b", Shape::fixed({6}), Init::uniform(0.5)});
  g.parameter({"unused", Shape::fixed({3}), Init::uniform(0.5)});
  g.parameter({"table", Shape::fixed({6}), Init::fill(2), /*trainable=*/false});
  const Var h = tanh(matmul(x, w, false, true) + b);
  const Var again = sigmoid(matmul(h, w, false, true) + b) * h + slice(concat({h, x}, 1), 1, 3, 9);
  const Var y = again * g.parameter({"table", Shape::fixed({6}), Init::fill(2), false});
  g.output("value", y);
  if (with_loss) {
    g.output("loss", sum_all(y * y) * 0.01);
    differentiate(g, "loss", {"x"});
  }
  return g;
}

reference::Arguments arguments(const Graph& g, int64_t windows) {
  reference::Arguments args{.windows = windows};
  args.inputs["x"] = random_values(static_cast<size_t>(6 * windows), -1, 1, 3);
  uint32_t seed = 50;
  for (const ParameterDecl& decl : g.parameters()) {
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.5, 0.5, seed++);
  }
  return args;
}

TEST(Differentiate, EqualsCentralDifferences) {
  const Graph g = make_network();
  EXPECT_LE(gradient_error(g, arguments(g, 3), {"w", "b", "x", "unused"}), 1e-9);
}

TEST(Differentiate, UnreachedParameterHasZeroGradientAndUntrainableNone) {
  const Graph g = make_network();
  const auto out = reference::evaluate(g, arguments(g, 2));
  EXPECT_EQ(out.at("grad.unused"), std::vector<double>(3, 0.0));
  EXPECT_FALSE(g.outputs().contains("grad.table"));
}

TEST(Differentiate, CpuPlanWritesFlatGradients) {
  const Graph g = make_network();
  const auto args = arguments(g, 5);
  const auto expected = reference::evaluate(g, args);
  const auto got = run_cpu(g, args);
  for (const auto& [name, values] : expected) {
    EXPECT_LE(max_difference(values, got.at(name)), 1e-5 * std::max(1.0, max_magnitude(values)))
        << name;
  }
}

TEST(Differentiate, MaskedBranchPassesNoNaN) {
  Graph g;
  const Var x = g.input("x", Shape::batched({2}));
  const Var mask = g.input("mask", Shape::batched({2}));
  g.output("loss", sum_all(where(mask, x * x, g.constant(0.0))));
  differentiate(g, "loss", {"x"});
  reference::Arguments args{.windows = 1};
  args.inputs["x"] = {std::nan(""), 3};
  args.inputs["mask"] = {0, 1};
  const auto out = reference::evaluate(g, args);
  EXPECT_EQ(out.at("loss")[0], 9);
  EXPECT_EQ(out.at("grad.x")[1], 6);
}

TEST(Differentiate, NothingPassesBackThroughDetach) {
  Graph g;
  const Var x = g.input("x", Shape::batched({2}));
  g.output("loss", sum_all(x * detach(x)));
  differentiate(g, "loss", {"x"});
  reference::Arguments args{.windows = 1};
  args.inputs["x"] = {2, 3};
  EXPECT_EQ(reference::evaluate(g, args).at("grad.x"), (std::vector<double>{2, 3}));
}

TEST(Differentiate, RefusesAnOpWithoutGradient) {
  Graph g;
  const Var w = g.parameter({"w", Shape::fixed({2}), Init::fill(1)});
  g.output("loss", sum_all(sign(w)));
  EXPECT_THROW(differentiate(g, "loss"), Error);
}

}  // namespace
}  // namespace nd::test
