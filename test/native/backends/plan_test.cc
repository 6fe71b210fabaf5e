// Plans: the same bits for any number of threads, shards equal the whole, cancellation, reuse of
// memory.
#include "graph/plan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "backends/cpu/memory_plan.h"
#include "backends/cpu/sharded_plan.h"
#include "base/error.h"
#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "ops/ops.h"
#include "parallel/team.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

enum class LossKind { mean, root };

// Two dense layers with dropout; the loss is a plain sum over windows, or its square root.
Graph make_network(int64_t width, LossKind kind = LossKind::mean) {
  Graph g;
  const Var x = g.input("x", Shape::batched({width}));
  const Var target = g.input("target", Shape::batched({8}));
  const Var inverse = g.input("inverse", Shape{});
  const Var w0 =
      g.parameter({"w0", Shape::fixed({width, width}), Init::uniform(0.1), true, Layout::matmul});
  const Var b0 = g.parameter({"b0", Shape::fixed({width}), Init::uniform(0.1)});
  const Var w1 =
      g.parameter({"w1", Shape::fixed({8, width}), Init::uniform(0.1), true, Layout::matmul});
  const Var h = dropout(relu(matmul(x, w0, false, true) + b0), 0.2);
  const Var y = matmul(h, w1, false, true);
  // Windows that a shard holds beyond the batch are zero everywhere, their weight too.
  const Var e = (y - target) * g.input("weight", Shape::batched({1}));
  const Var mean = sum_all(e * e) * inverse;
  g.output("forecast", y);
  g.output("loss", kind == LossKind::mean ? mean : sqrt(mean));
  differentiate(g, "loss");
  return g;
}

reference::Arguments arguments(const Graph& g, int64_t width, int64_t windows) {
  reference::Arguments args{.windows = windows, .seed = 9, .step = 4};
  args.inputs["x"] = random_values(static_cast<size_t>(width * windows), -1, 1, 1);
  args.inputs["target"] = random_values(static_cast<size_t>(8 * windows), -1, 1, 2);
  args.inputs["weight"] = random_values(static_cast<size_t>(windows), 0.5, 2, 3);
  args.inputs["inverse"] = {1.0 / static_cast<double>(8 * windows)};
  uint32_t seed = 10;
  for (const ParameterDecl& decl : g.parameters()) {
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.2, 0.2, seed++);
  }
  return args;
}

TEST(Plan, ThreadsDoNotChangeABit) {
  const Graph g = make_network(96);
  const auto args = arguments(g, 96, 300);
  for (const Split split : {Split::partitioned, Split::sharded, Split::automatic}) {
    const auto one = run_cpu(g, args, split, 1);
    for (const int threads : {2, 3, 4, 7}) {
      EXPECT_EQ(one, run_cpu(g, args, split, threads))
          << static_cast<int>(split) << " x " << threads;
    }
  }
}

TEST(Plan, PartitionedAndShardedEqualTheInterpreter) {
  const Graph g = make_network(40);
  for (const int64_t windows : {1, 7, 129, 300}) {
    const auto args = arguments(g, 40, windows);
    const auto expected = reference::evaluate(g, args);
    for (const Split split : {Split::partitioned, Split::sharded}) {
      const auto got = run_cpu(g, args, split, 2);
      for (const auto& [name, values] : expected) {
        EXPECT_LE(max_difference(values, got.at(name)), 1e-5 * std::max(0.1, max_magnitude(values)))
            << name << " B = " << windows;
      }
    }
  }
}

TEST(Plan, ValuesThatSpanTheBatchDivideTheShardsIntoPhases) {
  const auto phases = [](LossKind kind) {
    return cpu::split_phases(optimise(make_network(8, kind), reference::evaluate_constant));
  };
  EXPECT_EQ(phases(LossKind::mean)->count, 1);
  // The derivative of a root mean square needs the sum over the whole batch first.
  EXPECT_EQ(phases(LossKind::root)->count, 2);
  EXPECT_EQ(phases(LossKind::root)->joint("loss"), cpu::Joint::same);
  EXPECT_EQ(phases(LossKind::root)->joint("forecast"), cpu::Joint::concatenated);
  const Graph g = make_network(40, LossKind::root);
  const auto args = arguments(g, 40, 200);
  const auto expected = reference::evaluate(g, args), got = run_cpu(g, args, Split::sharded, 2);
  EXPECT_LE(max_difference(expected.at("grad.w0"), got.at("grad.w0")), 1e-6);
}

TEST(Plan, CancelledRunThrowsAndThePlanStaysUsable) {
  const Graph g = make_network(64);
  const ParameterTable table(g.parameters());
  const auto plan = compile_cpu(g, table, {256, Split::partitioned});
  FloatBuffer parameters(static_cast<size_t>(table.total())),
      gradients(static_cast<size_t>(table.total()));
  for (const int threads : {1, 3}) {
    parallel::Team team(threads);
    CancelToken token;
    RunArgs run{.parameters = parameters.span(),
                .gradients = gradients.span(),
                .cancel = &token,
                .team = &team};
    plan->run(run);
    token.cancel();
    EXPECT_THROW(plan->run(run), Error);
    CancelToken fresh;
    run.cancel = &fresh;
    EXPECT_NO_THROW(plan->run(run));
  }
}

TEST(Plan, PackedWeightsFollowParametersOnlyWhenTold) {
  Graph g;
  const Var x = g.input("x", Shape::batched({3}));
  g.output("y", matmul(x, g.parameter({"w", Shape::fixed({3, 3}), Init::fill(0)})));
  const ParameterTable table(g.parameters());
  const auto plan = compile_cpu(g, table, {1, Split::partitioned});
  FloatBuffer parameters(static_cast<size_t>(table.total()));
  const auto run = [&](float diagonal, bool changed) {
    for (int i = 0; i < 3; ++i) parameters.data()[i * 4] = diagonal;
    std::fill(plan->input("x").begin(), plan->input("x").end(), 1.0f);
    plan->run({.parameters = parameters.span(), .gradients = {}, .parameters_changed = changed});
    return plan->output("y")[0];
  };
  EXPECT_EQ(run(2, true), 2);
  EXPECT_EQ(run(5, false), 2);
  EXPECT_EQ(run(5, true), 5);
}

TEST(Arena, BlocksAreReusedAndNeverOverlap) {
  cpu::ArenaPlanner arena;
  const int64_t a = arena.allocate(100), b = arena.allocate(50), c = arena.allocate(10);
  EXPECT_GE(b, a + 100);
  EXPECT_GE(c, b + 50);
  arena.release(a);
  EXPECT_EQ(arena.allocate(100), a);
  const int64_t high = arena.high_water();
  arena.release(b);
  EXPECT_EQ(arena.allocate(50), b);
  EXPECT_EQ(arena.high_water(), high);
}

TEST(Team, EveryMemberRunsOnceAndBarriersHold) {
  for (const int threads : {1, 2, 5}) {
    parallel::Team team(threads);
    struct State {
      parallel::Team* team;
      std::atomic<int> calls{0}, before{0};
      std::atomic<bool> ordered{true};
    } state{&team, 0, 0, true};
    for (int repeat = 0; repeat < 200; ++repeat) {
      state.before = 0;
      team.run(
          [](void* opaque, int member) {
            auto& s = *static_cast<State*>(opaque);
            s.calls.fetch_add(1);
            s.before.fetch_add(1);
            s.team->barrier(member);
            if (s.before.load() != s.team->size()) s.ordered = false;
            s.team->barrier(member);
          },
          &state);
    }
    EXPECT_EQ(state.calls.load(), 200 * threads);
    EXPECT_TRUE(state.ordered.load());
  }
}

}  // namespace
}  // namespace nd::test
