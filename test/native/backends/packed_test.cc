// Packed weights: whoever reads or writes one sees the same values as if it lay in canonical order,
// for every form of product, on every target; and no step of a model packs a weight.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "backends/cpu/cpu_plan.h"
#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "models/network.h"
#include "ops/ops.h"
#include "simd/target.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

/// Scalar loss over every way to use weights w [out, in] and v [in, out] of a layout; `shows`: a
/// weight is an output itself, which no shard may have.
Graph make_graph(int64_t in, int64_t out, Layout w_layout, Layout v_layout, bool shows) {
  Graph g;
  const Var x = g.input("x", Shape::batched({in}));
  const auto weight = [&](const char* name, int64_t rows, int64_t columns, Layout layout) {
    return g.parameter({.name = name,
                        .shape = Shape::fixed({rows, columns}),
                        .init = Init::uniform(0.5),
                        .layout = layout});
  };
  const Var w = weight("w", out, in, w_layout), v = weight("v", in, out, v_layout);
  const Var tied = weight("tied", out, in, w_layout), read = weight("read", out, in, w_layout);
  const Var alone = weight("alone", in, out, v_layout);
  const Var h = tanh(matmul(x, w, false, true));                 // [B, out]
  const Var back = matmul(h, tied) + matmul(h, v, false, true);  // [B, in]
  const Var again = matmul(tanh(back), tied, false, true);       // a sum of two gradients
  const Var computed =
      matmul(back, read * read + 0.25, false, true);  // determined by weights alone
  const Var last = matmul(x, alone);
  const Var y = again + computed + last * sum_all(reshape(v, Shape::fixed({in * out})));
  g.output("y", y);
  if (shows) g.output("shown", read);
  g.output("loss", sum_all(y * y) * 0.1);
  differentiate(g, "loss", {"x"});
  return g;
}

reference::Arguments arguments(const Graph& g, int64_t in, int64_t windows) {
  reference::Arguments args{.windows = windows};
  args.inputs["x"] = random_values(static_cast<size_t>(in * windows), -1, 1, 1);
  uint32_t seed = 10;
  for (const ParameterDecl& decl : g.parameters())
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.3, 0.3, seed++);
  return args;
}

TEST(PackedWeights, GiveTheValuesOfCanonicalOnes) {
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    for (const auto& [in, out] :
         {std::pair<int64_t, int64_t>{1, 1}, {7, 3}, {33, 40}, {64, 32}, {19, 70}}) {
      for (const Layout other : {Layout::canonical, Layout::matmul, Layout::matmul_plain}) {
        for (const Split split : {Split::partitioned, Split::sharded}) {
          const Graph g = make_graph(in, out, Layout::matmul, other, split == Split::partitioned);
          for (const int64_t windows : {1, 5, 40}) {
            const auto args = arguments(g, in, windows);
            const auto expected = reference::evaluate(g, args);
            const auto got = run_cpu(g, args, split, 2);
            for (const auto& [name, values] : expected) {
              EXPECT_LE(max_difference(values, got.at(name)),
                        2e-5 * std::max(0.1, max_magnitude(values)))
                  << name << " " << in << "x" << out << " B = " << windows << " " << target;
            }
          }
        }
      }
    }
  }
  simd::select_target("");
}

TEST(PackedWeights, NoStepOfAModelPacksAWeight) {
  for (const char* model : {"MLP", "NHITS", "NBEATS", "DLinear", "NLinear"}) {
    const ModelSpec& spec = find_model(model);
    const Network net(spec,
                      Options(nlohmann::json::object(), model_and_training_params(spec), "test"),
                      {.input_size = 30, .horizon = 7}, Loss("MAE"));
    for (const Graph& graph : {net.train_graph(), net.infer_graph()}) {
      const cpu::CpuPlan plan(optimise(graph, reference::evaluate_constant), net.table(), 8);
      EXPECT_TRUE(plan.program().prologue.empty()) << model;
    }
  }
}

TEST(PackedWeights, WhatParametersAloneDetermineIsComputedOnlyWhenTheyChange) {
  Graph g;
  const Var x = g.input("x", Shape::batched({2}));
  const Var w = g.parameter({"w", Shape::fixed({2, 2}), Init::fill(0)});
  g.output("y", matmul(x, exp(w)));
  g.output("e", exp(w) * 2.0);
  const ParameterTable table(g.parameters());
  const auto plan = compile_cpu(g, table, {1, Split::partitioned});
  FloatBuffer parameters(static_cast<size_t>(table.total()));
  const auto run = [&](bool changed) {
    std::fill(plan->input("x").begin(), plan->input("x").end(), 1.0F);
    plan->run({.parameters = parameters.span(), .gradients = {}, .parameters_changed = changed});
    return std::pair(plan->output("y")[0], plan->output("e")[0]);
  };
  EXPECT_EQ(run(true), std::pair(2.0F, 2.0F));
  table.write(parameters.span(), table.entries()[0], std::vector<float>(4, 100.0F));
  EXPECT_EQ(run(false), std::pair(2.0F, 2.0F));
  EXPECT_GT(run(true).first, 1e30F);
}

}  // namespace
}  // namespace nd::test
