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
  return fuse_elementwise(optimise(g, reference::evaluate_constant));
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
  // relu(x + 1); tanh(2h); the product; the sum.
  EXPECT_EQ(count_ops(fused_of(g)), 4);
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
