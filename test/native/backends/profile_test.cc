// Watching a plan names every kernel and changes no value.
#include "backends/cpu/profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/ops.h"

namespace nd::test {
namespace {

TEST(Profile, NamesAndTimesEveryKernel) {
  Graph g;
  const Var x = g.input("x", Shape::batched({6}));
  const Var w = g.input("w", Shape::fixed({5, 6}));
  g.output("y", tanh(matmul(x, w, false, true)));
  g.output("total", sum_all(x));
  const ParameterTable table(g.parameters());
  for (const Split split : {Split::partitioned, Split::sharded}) {
    const auto plan = compile_cpu(g, table, {.windows = 8, .split = split});
    for (const char* name : {"x", "w"}) {
      const std::span<float> values = plan->input(name);
      for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
    }
    plan->run({});
    const auto values = [&] {
      const std::span<const float> y = plan->output("y");
      return std::vector<float>(y.begin(), y.end());
    };
    const std::vector<float> expected = values();
    {
      cpu::Profile profile(*plan);
      plan->run({});
      profile.finish_run();
      EXPECT_EQ(values(), expected);
      const auto named = [&](const char* op) {
        return std::any_of(profile.kernels().begin(), profile.kernels().end(),
                           [&](const cpu::KernelTime& k) { return k.op == op; });
      };
      EXPECT_TRUE(named("matmul_fused"));
      EXPECT_TRUE(named("sum"));
      for (const cpu::KernelTime& kernel : profile.kernels())
        EXPECT_TRUE(kernel.seconds >= 0 && std::isfinite(kernel.seconds)) << kernel.op;
      const int64_t rows = split == Split::sharded ? 4 : 8;
      EXPECT_EQ(profile.kernels().back().shapes, "[" + std::to_string(rows) + ", 6] -> []");
    }
    plan->run({});
    EXPECT_EQ(values(), expected);
  }
}

}  // namespace
}  // namespace nd::test
