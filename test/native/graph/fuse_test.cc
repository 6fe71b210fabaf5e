// Fusion: fewer nodes, the same values, in the interpreter and on the CPU.
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/differentiate.h"
#include "graph/passes/passes.h"
#include "ops/fused.h"
#include "ops/list.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

int64_t count_ops(const Graph& g) {
  return std::count_if(g.nodes().begin(), g.nodes().end(),
                       [](const Node& n) { return n.kind == NodeKind::op; });
}

Graph fused_of(const Graph& g) {
  return fuse_epilogues(fuse_elementwise(optimise(g, reference::evaluate_constant)));
}

reference::Arguments random_arguments(const Graph& g, int64_t windows) {
  reference::Arguments args{.windows = windows, .seed = 4, .step = 2};
  uint32_t seed = 1;
  for (const Node& node : g.nodes()) {
    const size_t count = static_cast<size_t>(node.shape.elements(windows));
    if (node.kind == NodeKind::input) args.inputs[node.name] = random_values(count, -1, 1, seed++);
    if (node.kind == NodeKind::parameter)
      args.parameters[node.name] = random_values(count, -1, 1, seed++);
  }
  return args;
}

void expect_equal(const Graph& g, int64_t windows = 3) {
  const reference::Arguments args = random_arguments(g, windows);
  const auto expected = reference::evaluate(g, args);
  const auto got = reference::evaluate(fused_of(g), args);
  const auto cpu = run_cpu(g, args);
  for (const auto& [name, values] : expected) {
    EXPECT_LE(max_difference(values, got.at(name)), 1e-12) << name;
    EXPECT_LE(max_difference(values, cpu.at(name)), 1e-5 * std::max(1.0, max_magnitude(values)))
        << name;
  }
}

TEST(Fuse, AChainIsOneNode) {
  Graph g;
  const Var x = g.input("x", Shape::batched({5, 3})), b = g.input("b", Shape::fixed({3}));
  g.output("y", exp(relu(x + b) * 2.0) / (x * x + 1.0));
  EXPECT_EQ(count_ops(fused_of(g)), 1);
  expect_equal(g);
}

TEST(Fuse, ReachBoundsHowFarAGroupSpans) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  Var y = x;
  for (int i = 0; i < 10; ++i) y = relu(y + x);  // 20 ops in a row
  g.output("y", y);
  EXPECT_EQ(count_ops(fuse_elementwise(g)), 1);
  const Graph near = fuse_elementwise(g, 4);
  EXPECT_EQ(count_ops(near), 4);  // of five ops each
  const reference::Arguments args = random_arguments(g, 3);
  EXPECT_EQ(reference::evaluate(near, args), reference::evaluate(g, args));
}

TEST(Fuse, AValueReadTwiceInsideTheGroupIsComputedOnce) {
  Graph g;
  const Var x = g.input("x", Shape::batched({5}));
  const Var e = exp(x);
  g.output("y", e * (e + 1.0));
  const Graph fused = fused_of(g);
  ASSERT_EQ(count_ops(fused), 1);
  EXPECT_EQ(decode_fused(fused.nodes().back().attrs).steps.size(), 3u);
  expect_equal(g);
}

TEST(Fuse, WhatOthersReadStays) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4})), w = g.input("w", Shape::fixed({4, 4}));
  const Var h = relu(x + 1.0);
  g.output("h", h);
  const Var k = tanh(h * 2.0);
  g.output("y", matmul(k, w) + k);
  // relu(x + 1); tanh(2h); the product and the sum.
  EXPECT_EQ(count_ops(fused_of(g)), 3);
  expect_equal(g);
}

TEST(Fuse, RepetitionsVanishAndScalarsJoin) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4, 3})), s = g.input("s", Shape{});
  const Var c = g.input("c", Shape::batched({4, 1})), r = g.input("r", Shape::fixed({3}));
  g.output("y", broadcast(c, Shape::batched({4, 3})) * x +
                    broadcast(r, Shape::batched({4, 3})) * exp(s * 0.5));
  EXPECT_EQ(count_ops(fused_of(g)), 1);
  expect_equal(g);
  expect_equal(g, 200);
}

TEST(Fuse, RowsAndColumnsAreComputedOnce) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4, 3})), c = g.input("c", Shape::batched({4, 1}));
  g.output("y", x * exp(c * 2.0));
  EXPECT_EQ(count_ops(fused_of(g)), 2);
  expect_equal(g);
}

TEST(Fuse, LongChainsAreCut) {
  Graph g;
  Var x = g.input("x", Shape::batched({4}));
  for (int i = 0; i < 60; ++i) x = tanh(x * 1.5);
  for (int i = 0; i < 20; ++i) x = x + g.input("x" + std::to_string(i), Shape::batched({4}));
  g.output("y", x);
  EXPECT_LE(count_ops(fused_of(g)), 10);
  expect_equal(g);
}

TEST(Fuse, MasksAreThoseOfTheSeparateOps) {
  Graph g;
  const Var x = g.input("x", Shape::batched({7, 3})), b = g.parameter({"b", Shape::fixed({3}), {}});
  const Var y = dropout(relu(x + b), 0.4) * 2.0;
  g.output("y", y);
  g.output("loss", sum_all(y * y));
  differentiate(g, "loss", {"x"});
  expect_equal(g, 5);
}

TEST(Fuse, DetachInsideAndReshapesBetween) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  const Var y = reshape(exp(x) * 2.0, Shape::batched({2, 3}));
  g.output("y", detach(y + 1.0) * y);
  expect_equal(g);
}

TEST(Epilogues, BiasActivationAndTheirBackwardPass) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  const Var w = g.parameter({"w", Shape::fixed({5, 6}), {}});
  const Var b = g.parameter({"b", Shape::fixed({5}), {}});
  const Var v = g.parameter({"v", Shape::fixed({5, 5}), {}});
  const Var h = relu(matmul(x, w, false, true) + b);
  g.output("loss", sum_all(matmul(h, v, false, true)));
  differentiate(g, "loss");
  const Graph fused = fused_of(g);
  EXPECT_EQ(std::count_if(fused.nodes().begin(), fused.nodes().end(),
                          [](const Node& n) { return n.op == &kMatMulFused; }),
            2);
  EXPECT_EQ(std::count_if(fused.nodes().begin(), fused.nodes().end(),
                          [](const Node& n) { return n.op != nullptr && n.op->elementwise; }),
            0);
  expect_equal(g, 40);
}

TEST(Epilogues, ReluAndDropoutDrawOnceAndKeepOneValue) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  const Var w = g.parameter({"w", Shape::fixed({5, 6}), {}});
  const Var v = g.parameter({"v", Shape::fixed({4, 5}), {}});
  const Var h = dropout(relu(matmul(x, w, false, true)), 0.3);
  g.output("loss", sum_all(matmul(h, v, false, true)));
  differentiate(g, "loss");
  const Graph simple = optimise(g, reference::evaluate_constant);
  EXPECT_EQ(std::count_if(simple.nodes().begin(), simple.nodes().end(),
                          [](const Node& n) { return n.op == &kDropout; }),
            1);
  const Graph fused = fused_of(g);
  EXPECT_TRUE(std::none_of(fused.nodes().begin(), fused.nodes().end(),
                           [](const Node& n) { return n.op != nullptr && n.op->elementwise; }));
  expect_equal(g, 40);
}

TEST(Epilogues, ThroughAViewWithTheOperandsOfItsShape) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4})), w = g.input("w", Shape::fixed({4, 6}));
  const Var r = g.input("r", Shape::batched({2, 3})), s = g.input("s", Shape{});
  const Var b = g.input("b", Shape::fixed({2, 3}));
  g.output("y", (reshape(matmul(x, w), Shape::batched({2, 3})) + b) * s + r);
  const Graph fused = fused_of(g);
  EXPECT_EQ(std::count_if(fused.nodes().begin(), fused.nodes().end(),
                          [](const Node& n) { return n.op == &kMatMulFused; }),
            1);
  expect_equal(g, 7);
}

TEST(Epilogues, ProductsThatOthersReadStay) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4})), w = g.input("w", Shape::fixed({4, 6}));
  const Var c = g.input("c", Shape::fixed({2, 1}));
  const Var y = matmul(x, w);
  g.output("y", y);
  g.output("z", relu(y));
  // Two rows of a window have different factors: no single row, no column.
  g.output("u", reshape(matmul(x, w * 2.0), Shape::batched({2, 3})) * c);
  const Graph fused = fused_of(g);
  EXPECT_TRUE(std::none_of(fused.nodes().begin(), fused.nodes().end(),
                           [](const Node& n) { return n.op == &kMatMulFused; }));
  expect_equal(g);
}

TEST(FusedSteps, OperandsOfAView) {
  const auto shape = [](std::vector<int64_t> dims, int64_t batch = 0) {
    return Shape{batch, dims};
  };
  const auto viewed = [](const Shape& operand, const Shape& from, const Shape& to) {
    Shape result;
    return reshape_operand(operand, from, to, result) ? to_string(result) : "none";
  };
  EXPECT_EQ(viewed(shape({24, 1}), shape({24, 1}, 1), shape({24}, 1)), "[24]");
  EXPECT_EQ(viewed(shape({24}), shape({24}, 1), shape({24, 1}, 1)), "[24, 1]");
  EXPECT_EQ(viewed(shape({1, 3}, 1), shape({4, 3}, 1), shape({2, 2, 3}, 1)), "[B, 1, 1, 3]");
  EXPECT_EQ(viewed(shape({3}), shape({4, 3}, 1), shape({3}, 4)), "[3]");
  EXPECT_EQ(viewed(shape({4, 3}), shape({4, 3}, 1), shape({3}, 4)), "none");
  EXPECT_EQ(viewed(shape({4, 1}, 1), shape({4, 3}, 1), shape({1}, 12)), "none");
  EXPECT_EQ(viewed(shape({4, 3}, 1), shape({4, 3}, 1), shape({12}, 1)), "[B, 12]");
  EXPECT_EQ(viewed(shape({3}), shape({4, 3}, 1), shape({12}, 1)), "none");
}

TEST(FusedSteps, EncodeAndDecode) {
  const FusedSteps fused{{{&kAdd, {0, 1}, {}}, {&kDropout, {2}, {{7}, {0.25}}}, {&kExp, {3}, {}}},
                         Shape::batched({3, 2}, 4)};
  const FusedSteps again = decode_fused(encode(fused));
  EXPECT_EQ(again.shape, fused.shape);
  ASSERT_EQ(again.steps.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.steps[i].op, fused.steps[i].op);
    EXPECT_EQ(again.steps[i].operands, fused.steps[i].operands);
    EXPECT_EQ(again.steps[i].attrs, fused.steps[i].attrs);
  }
}

}  // namespace
}  // namespace nd::test
