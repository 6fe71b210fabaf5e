// Every op: declared completely, the CPU kernels equal the double interpreter on every CPU target,
// the gradient equals central differences, wrong shapes are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "backends/cpu/lowering.h"
#include "backends/reference/kernels.h"
#include "base/error.h"
#include "graph/differentiate.h"
#include "ops/list.h"
#include "ops/op_table.h"
#include "simd/target.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

struct Case {
  Graph graph;
  reference::Arguments args;
  std::vector<std::string> differentiable;
  NodeId value = -1;
};

// inputs x0, x1, … and the output "value".
Case make_case(const OpRow& row, int64_t windows, uint32_t seed, bool as_parameters = false) {
  Case c;
  c.args.windows = windows;
  c.args.seed = 11;
  c.args.step = 3;
  std::vector<Var> vars;
  for (size_t i = 0; i < row.inputs.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    const Shape& shape = row.inputs[i];
    const size_t count = static_cast<size_t>(shape.elements(windows));
    const std::vector<double> values =
        random_values(count, row.low, row.high, seed + static_cast<uint32_t>(i));
    if (as_parameters && !shape.is_batched()) {
      vars.push_back(c.graph.parameter({name, shape, Init::fill(0), true}));
      c.args.parameters[name] = values;
    } else {
      vars.push_back(c.graph.input(name, shape));
      c.args.inputs[name] = values;
    }
    if (std::find(row.flat.begin(), row.flat.end(), i) == row.flat.end())
      c.differentiable.push_back(name);
  }
  const Var value = row.build(c.graph, vars);
  c.value = value.id;
  c.graph.output("value", value);
  return c;
}

// loss = Σ value · fixed random weights, so that every element's derivative is seen.
void add_loss(Case& c, const std::vector<std::string>& wrt) {
  const Var value = c.graph.var(c.value);
  const Shape shape = value.shape();
  const Var weights = c.graph.input("loss_weights", shape);
  c.args.inputs["loss_weights"] =
      random_values(static_cast<size_t>(shape.elements(c.args.windows)), -1, 1, 99);
  c.graph.output("loss", sum_all(value * weights));
  differentiate(c.graph, "loss", wrt);
}

std::string name_of(const OpRow& row) { return std::string(row.op->name) + " " + row.label; }

TEST(OpList, EveryOpIsDeclaredCompletely) {
  for (const OpDef* op : op_list()) {
    EXPECT_FALSE(op->name.empty());
    EXPECT_NE(op->shape, nullptr) << op->name;
    EXPECT_NE(op->gradient == nullptr, op->no_gradient == nullptr)
        << op->name << ": a gradient or the reason why not";
    EXPECT_NE(reference::find_kernel(*op), nullptr) << op->name << ": no reference kernel";
    // Aliases need no kernel.
    EXPECT_TRUE(op == &kReshape || op == &kDetach || op == &kPart || cpu::find_rule(*op) != nullptr)
        << op->name << ": no CPU lowering";
    const auto& table = op_table();
    EXPECT_TRUE(std::any_of(table.begin(), table.end(), [=](const OpRow& r) { return r.op == op; }))
        << op->name << ": no row in the op test table";
  }
}

TEST(OpList, NamesAreUnique) {
  for (const OpDef* a : op_list()) {
    for (const OpDef* b : op_list()) EXPECT_TRUE(a == b || a->name != b->name) << a->name;
  }
}

TEST(Ops, CpuEqualsInterpreterOnEveryTarget) {
  for (const std::string& target : simd::target_names()) {
    ASSERT_TRUE(simd::select_target(target));
    for (const OpRow& row : op_table()) {
      for (int64_t windows : {1, 2, 3, 5, 16, 33, 67}) {
        if (row.large && windows > 3) break;
        const Case c = make_case(row, windows, 7);
        const reference::Tensors expected = reference::evaluate(c.graph, c.args);
        const reference::Tensors got = run_cpu(c.graph, c.args);
        const double scale = std::max(1.0, max_magnitude(expected.at("value")));
        EXPECT_LE(max_difference(expected.at("value"), got.at("value")), row.tolerance * scale)
            << name_of(row) << ", B = " << windows << ", " << target;
      }
    }
  }
  simd::select_target("");
}

TEST(Ops, CpuGradientsEqualInterpreter) {
  for (const OpRow& row : op_table()) {
    if (row.op->gradient == nullptr) continue;
    for (int64_t windows : {1, 4, 70}) {
      if (row.large && windows > 4) break;
      Case c = make_case(row, windows, 21, /*as_parameters=*/true);
      std::vector<std::string> inputs;
      for (const std::string& name : c.differentiable) {
        if (c.args.inputs.contains(name)) inputs.push_back(name);
      }
      add_loss(c, inputs);
      const reference::Tensors expected = reference::evaluate(c.graph, c.args);
      for (const int threads : {1, 2}) {
        const reference::Tensors got = run_cpu(c.graph, c.args, Split::partitioned, threads);
        for (const std::string& name : c.differentiable) {
          const std::string key = gradient_name(name);
          EXPECT_LE(max_difference(expected.at(key), got.at(key)),
                    2e-5 * std::max(1.0, max_magnitude(expected.at(key))))
              << name_of(row) << " by " << name << ", B = " << windows << ", threads " << threads;
        }
      }
    }
  }
}

TEST(Ops, GradientsEqualCentralDifferences) {
  for (const OpRow& row : op_table()) {
    if (row.op->gradient == nullptr || row.large) continue;
    Case c = make_case(row, 3, 5);
    add_loss(c, c.differentiable);
    // Kinks (abs, relu, max) lie far from these random points; smooth ops reach 1e-9.
    EXPECT_LE(gradient_error(c.graph, c.args, c.differentiable), 1e-9) << name_of(row);
  }
}

TEST(Ops, MisalignedLengthsOfEveryElementwiseOp) {
  // Every remainder of the vector width and both sides of a tile edge.
  std::vector<int64_t> lengths;
  for (int64_t n = 1; n <= 67; ++n) lengths.push_back(n);
  for (int64_t n : {8191, 8192, 8193, 16400}) lengths.push_back(n);
  for (int64_t n : lengths) {
    Graph g;
    const Var a = g.input("a", Shape::batched({n})), b = g.input("b", Shape::batched({n}));
    g.output("value", where(greater(a, b), sigmoid(a) * b, relu(a - b) + tanh(b)));
    reference::Arguments args{.windows = 1};
    args.inputs["a"] = random_values(static_cast<size_t>(n), -3, 3, 1);
    args.inputs["b"] = random_values(static_cast<size_t>(n), -3, 3, 2);
    const auto expected = reference::evaluate(g, args), got = run_cpu(g, args);
    EXPECT_LE(max_difference(expected.at("value"), got.at("value")), 5e-6) << n;
  }
}

Code code_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.code();
  }
  return Code::binary;
}

TEST(Ops, WrongShapesAreRefused) {
  Graph g;
  g.set_place("net.layer");
  const Var x = g.input("x", Shape::batched({4})), y = g.input("y", Shape::batched({5}));
  const Var w = g.input("w", Shape::fixed({3, 4}));
  EXPECT_EQ(code_of([&] { add(x, y); }), Code::shape);
  EXPECT_EQ(code_of([&] { matmul(x, w); }), Code::shape);
  EXPECT_EQ(code_of([&] { matmul(x, y, false, false); }), Code::shape);
  EXPECT_EQ(code_of([&] { reshape(x, Shape::batched({5})); }), Code::shape);
  EXPECT_EQ(code_of([&] { slice(x, 1, 2, 9); }), Code::shape);
  EXPECT_EQ(code_of([&] { concat({reshape(x, Shape::batched({2, 2})), y}, 1); }), Code::shape);
  EXPECT_EQ(code_of([&] { sum(x, {2}); }), Code::shape);
  EXPECT_EQ(code_of([&] { top_k(x, 5); }), Code::shape);
  EXPECT_EQ(code_of([&] { gather(x, w); }), Code::shape);
  const Var series = g.input("series", Shape::batched({4, 2}));
  EXPECT_EQ(code_of([&] { delay_aggregate(series, x, top_k(x, 3)); }), Code::shape);
  EXPECT_EQ(code_of([&] { delay_correlate(series, x, x); }), Code::shape);
  EXPECT_EQ(code_of([&] { broadcast(x, Shape::batched({8})); }), Code::shape);
  try {
    matmul(x, w);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(
        e.message(),
        "[net.layer] received matmul operands [B, 4] and [3, 4], expected equal inner dimensions");
  }
}

}  // namespace
}  // namespace nd::test
