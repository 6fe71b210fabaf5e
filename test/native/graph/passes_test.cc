// Portable passes: the same outputs from fewer nodes.
#include "graph/passes/passes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/evaluate.h"
#include "ops/list.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

int64_t count(const Graph& g, const OpDef& op) {
  return std::count_if(g.nodes().begin(), g.nodes().end(),
                       [&](const Node& n) { return n.op == &op; });
}

reference::Arguments with_x(int64_t size) {
  reference::Arguments args{.windows = 2};
  args.inputs["x"] = random_values(static_cast<size_t>(2 * size), -1, 1, 4);
  return args;
}

TEST(DeadCode, DropsWhatNoOutputReaches) {
  Graph g;
  const Var x = g.input("x", Shape::batched({3}));
  g.input("never_read", Shape::batched({3}));
  exp(exp(x));
  g.output("y", neg(x));
  const Graph small = eliminate_dead_code(g);
  EXPECT_EQ(small.nodes().size(), 2u);
  EXPECT_EQ(small.find_input("never_read"), -1);
  EXPECT_EQ(reference::evaluate(g,
                                [] {
                                  auto a = with_x(3);
                                  a.inputs["never_read"] = std::vector<double>(6, 0);
                                  return a;
                                }()),
            reference::evaluate(small, with_x(3)));
}

TEST(CommonSubexpressions, MergesEqualNodesButNotDifferentOnes) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4}));
  const Var a = exp(x * 2.0), b = exp(x * 2.0), c = exp(x * 3.0);
  g.output("y", a + b + c);
  const Graph merged = eliminate_common_subexpressions(g);
  EXPECT_EQ(count(merged, kExp), 2);
  EXPECT_EQ(reference::evaluate(g, with_x(4)), reference::evaluate(merged, with_x(4)));
}

TEST(CommonSubexpressions, KeepsSlicesOfDifferentRanges) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4}));
  g.output("y", slice(x, 1, 0, 2) + slice(x, 1, 2, 4));
  EXPECT_EQ(count(eliminate_common_subexpressions(g), kSlice), 2);
}

TEST(CommonSubexpressions, KeepsTwoDropoutsApart) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4}));
  g.output("y", dropout(x, 0.5) + dropout(x, 0.5));
  EXPECT_EQ(count(eliminate_common_subexpressions(g), kDropout), 2);
}

TEST(Constants, FoldsConstantTreesAndIdentities) {
  Graph g;
  const Var x = g.input("x", Shape::batched({2, 3}));
  const Var table = exp(g.constant(Shape::fixed({3}), {1, 2, 3}) * 2.0) + 1.0;
  g.output("y", (x * 1.0 + 0.0) / 1.0 * 2.0 + table);
  const Graph folded = optimise(g, reference::evaluate_constant);
  EXPECT_EQ(count(folded, kExp), 0);
  EXPECT_EQ(count(folded, kDiv), 0);
  EXPECT_EQ(count(folded, kMul), 1);
  EXPECT_EQ(count(folded, kAdd), 1);
  EXPECT_LE(max_difference(reference::evaluate(g, with_x(6)).at("y"),
                           reference::evaluate(folded, with_x(6)).at("y")),
            0);
}

TEST(Constants, LeavesRandomOpsAlone) {
  Graph g;
  g.output("y", dropout(g.constant(Shape::fixed({4}), {1, 1, 1, 1}), 0.5));
  EXPECT_EQ(count(optimise(g, reference::evaluate_constant), kDropout), 1);
}

}  // namespace
}  // namespace nd::test
