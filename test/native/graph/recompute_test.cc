// Gradient checkpointing: the same bits from less memory.
#include "graph/passes/recompute.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "graph/plan.h"
#include "ops/list.h"
#include "ops/ops.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

constexpr int64_t kWidth = 24, kLayers = 16, kWindows = 70;

// A chain of residual blocks with dropout; the state of the run is a running mean of the middle.
Graph deep_network() {
  Graph g;
  Var x = g.input("x", Shape::batched({kWidth}));
  for (int64_t i = 0; i < kLayers; ++i) {
    const std::string name = "w" + std::to_string(i);
    const Var w = g.parameter({name, Shape::fixed({kWidth, kWidth}), Init::uniform(0.2)});
    x = x + dropout(tanh(matmul(reshape(x, Shape::batched({kWidth})), w, false, true)), 0.1);
    if (i == kLayers / 2) g.output("next.mean", sum(x, {0}) / static_cast<double>(kWindows));
  }
  g.output("forecast", x);
  g.output("loss", sum_all(x * x));
  differentiate(g, "loss");
  return optimise(g, reference::evaluate_constant);
}

reference::Arguments arguments(const Graph& g) {
  reference::Arguments args{.windows = kWindows, .seed = 9, .step = 4};
  args.inputs["x"] = random_values(kWidth * kWindows, -1, 1, 1);
  uint32_t seed = 10;
  for (const ParameterDecl& decl : g.parameters())
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.3, 0.3, seed++);
  return args;
}

int64_t count(const Graph& g, const OpDef& op) {
  return std::count_if(g.nodes().begin(), g.nodes().end(),
                       [&](const Node& n) { return n.op == &op; });
}

TEST(Recompute, GivesTheSameBitsFromLessMemory) {
  const Graph plain = deep_network(), frugal = recompute(plain, "loss");
  EXPECT_GT(count(frugal, kTanh), kLayers);
  EXPECT_LT(count(frugal, kTanh), 2 * kLayers);
  EXPECT_EQ(frugal.outputs().size(), plain.outputs().size());
  const reference::Arguments args = arguments(plain);
  EXPECT_EQ(reference::evaluate(plain, args), reference::evaluate(frugal, args));
  for (const Split split : {Split::partitioned, Split::sharded})
    EXPECT_EQ(run_cpu(plain, args, split, 2), run_cpu(frugal, args, split, 2));

  const ParameterTable table(plain.parameters());
  // Also where all values together would be reason to shard.
  for (const Split split : {Split::partitioned, Split::automatic}) {
    const auto bytes = [&](std::string loss) {
      return compile_cpu(plain, table, {.windows = 1024, .split = split, .recompute_until = loss})
          ->memory_bytes();
    };
    EXPECT_LT(static_cast<double>(bytes("loss")), 0.6 * static_cast<double>(bytes("")))
        << bytes("loss") << " of " << bytes("") << " bytes";
  }
}

TEST(Recompute, LeavesASmallGraphAlone) {
  Graph g;
  const Var x = g.input("x", Shape::batched({4}));
  const Var w = g.parameter({"w", Shape::fixed({4, 4}), Init::uniform(0.2)});
  g.output("loss", sum_all(matmul(x, w)));
  differentiate(g, "loss");
  EXPECT_EQ(recompute(g, "loss").nodes().size(), g.nodes().size());
}

}  // namespace
}  // namespace nd::test
