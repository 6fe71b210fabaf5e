// Recurrent networks: state that goes in and out, forecasts that are read back, and training that
// does not depend on the number of threads.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>

#include "graph/differentiate.h"
#include "models/network.h"
#include "parallel/team.h"
#include "support/evaluate.h"

namespace nd::test {
namespace {

using nlohmann::json;

constexpr int64_t kLength = 7, kHorizon = 4;
const Geometry kGeometry = {
    .input_size = kLength, .horizon = kHorizon, .futr = 2, .hist = 1, .stat = 2};

Network network(const json& options, const json& loss = "MAE", Geometry geometry = kGeometry) {
  const ModelSpec& spec = find_model("LSTM");
  return Network(spec, Options(options, spec.params, "lstm"), geometry, Loss(loss));
}

Network recurrent(json options, const json& loss = "MAE") {
  options.update({{"recurrent", true}, {"encoderHiddenSize", 9}});
  return network(options, loss);
}

/// Random values of every input that `graph` declares, and of the network's parameters.
reference::Arguments arguments(const Network& net, const Graph& graph, int64_t windows) {
  reference::Arguments args{.windows = windows};
  uint32_t seed = 1;
  for (const Node& node : graph.nodes())
    if (node.kind == NodeKind::input)
      args.inputs[node.name] =
          random_values(static_cast<size_t>(node.shape.elements(windows)), -1, 1, seed++);
  for (const ParameterDecl& decl : net.declarations())
    args.parameters[decl.name] =
        random_values(static_cast<size_t>(decl.shape.row()), -0.6, 0.6, seed++);
  return args;
}

/// Steps [begin, begin + count) of rows of `length` steps, `width` numbers each.
reference::Tensor steps(const reference::Tensor& rows, int64_t length, int64_t width, int64_t begin,
                        int64_t count) {
  reference::Tensor part;
  for (size_t row = 0; row < rows.size(); row += static_cast<size_t>(length * width)) {
    const auto from = rows.begin() + static_cast<int64_t>(row) + begin * width;
    part.insert(part.end(), from, from + count * width);
  }
  return part;
}

/// The inputs of one step: all but the state.
void set_step(reference::Arguments& step, const reference::Arguments& whole, int64_t length,
              int64_t at) {
  const auto part = [&](const char* name, int64_t width) {
    step.inputs[name] = steps(whole.inputs.at(name), length, width, at, 1);
  };
  part(io_names::kInsampleY, 1);
  part(io_names::kInsampleMask, 1);
  part(io_names::kFutrExog, kGeometry.futr);
  part(io_names::kHistExog, kGeometry.hist);
  step.inputs[io_names::kStatExog] = whole.inputs.at(io_names::kStatExog);
}

void set_state(reference::Arguments& step, const reference::Tensors& results) {
  for (auto& [name, values] : step.inputs)
    if (const auto next = results.find(next_name(name)); next != results.end())
      values = next->second;
}

TEST(Recurrent, WindowsAreThoseOfTheReference) {
  const Network net = recurrent({{"hTrain", 3}, {"inferenceInputSize", 11}});
  EXPECT_EQ(net.window(Use::train).input_size, kLength + 1);
  EXPECT_EQ(net.window(Use::train).horizon, 3);
  EXPECT_EQ(net.window(Use::validate).input_size, kLength + 1);
  EXPECT_EQ(net.window(Use::validate).horizon, kHorizon);
  EXPECT_EQ(net.window(Use::predict).input_size, 12);
  EXPECT_EQ(recurrent(json::object()).window(Use::predict).input_size, kLength + 1);
  const json weighted = {{"type", "MAE"}, {"horizonWeight", {1, 2, 3, 4}}};
  EXPECT_EQ(recurrent(json::object(), weighted).window(Use::train).horizon, kHorizon);
  const Network direct = network({{"hTrain", 3}, {"inferenceInputSize", 11}});
  for (const Use use : {Use::train, Use::validate, Use::predict}) {
    EXPECT_EQ(direct.window(use).input_size, kLength);
    EXPECT_EQ(direct.window(use).horizon, kHorizon);
  }
}

TEST(Recurrent, StepsThroughTheStepPlanEqualTheSequence) {
  constexpr int64_t kWindows = 5, kSteps = 6;
  for (const json& loss : {json("MAE"), json({{"type", "MQLoss"}, {"levels", {80}}})}) {
    const Network net = recurrent({{"encoderNLayers", 3}}, loss);
    const Graph whole = net.infer_graph(kSteps), step = net.step_graph();
    const reference::Arguments args = arguments(net, whole, kWindows);
    reference::Arguments one = arguments(net, step, kWindows);
    for (auto& [name, values] : one.inputs) std::ranges::fill(values, 0.0);
    one.parameters = args.parameters;
    reference::Tensors last, last_f32;
    reference::Arguments one_f32 = one;
    for (int64_t t = 0; t < kSteps; ++t) {
      set_step(one, args, kSteps, t), set_step(one_f32, args, kSteps, t);
      last = reference::evaluate(step, one), last_f32 = run_cpu(step, one_f32);
      set_state(one, last), set_state(one_f32, last_f32);
    }
    const reference::Tensors exact = reference::evaluate(whole, args), got = run_cpu(whole, args);
    ASSERT_EQ(exact.size(), last.size());
    for (const auto& [name, values] : exact) {
      EXPECT_LE(max_difference(values, last.at(name)), 1e-14) << name;
      EXPECT_LE(max_difference(values, last_f32.at(name)), 2e-6) << name;
      EXPECT_LE(max_difference(values, got.at(name)), 2e-6) << name;
    }
  }
}

TEST(Recurrent, ThePlanReadsTheMeanForecastBack) {
  constexpr int64_t kWindows = 3, kContext = kLength + 1, kQ = 3;
  const json loss = {{"type", "MQLoss"}, {"levels", {80}}};
  const Network net = recurrent(json::object(), loss);
  const Graph context = net.infer_graph(), step = net.step_graph();
  reference::Arguments args = arguments(net, context, kWindows);
  const reference::Tensor futr =
      random_values(kWindows * (kContext + kHorizon - 1) * kGeometry.futr, -1, 1, 77);
  args.inputs[io_names::kFutrExog] =
      steps(futr, kContext + kHorizon - 1, kGeometry.futr, 0, kContext);

  reference::Tensor expected(kWindows * kHorizon * kQ);
  reference::Arguments one = arguments(net, step, kWindows);
  one.parameters = args.parameters;
  one.inputs[io_names::kStatExog] = args.inputs.at(io_names::kStatExog);
  std::ranges::fill(one.inputs.at(io_names::kHistExog), 0.0);
  reference::Tensors results = reference::evaluate(context, args);
  for (int64_t tau = 0; tau < kHorizon; ++tau) {
    if (tau > 0) results = reference::evaluate(step, one);
    set_state(one, results);
    one.inputs[io_names::kFutrExog] = steps(futr, kContext + kHorizon - 1, kGeometry.futr,
                                            std::min(kContext + tau, kContext + kHorizon - 2), 1);
    const reference::Tensor& forecast = results.at(io_names::kForecast);
    for (int64_t b = 0; b < kWindows; ++b) {
      double sum = 0;
      for (int64_t q = 0; q < kQ; ++q) {
        const double value = forecast[static_cast<size_t>(b * kQ + q)];
        expected[static_cast<size_t>((b * kHorizon + tau) * kQ + q)] = value;
        sum += value;
      }
      one.inputs.at(io_names::kInsampleY)[static_cast<size_t>(b)] = sum / kQ;
    }
  }

  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  for (const ParameterEntry& entry : net.table().entries())
    std::ranges::copy(args.parameters.at(entry.name), parameters.data() + entry.offset);
  const auto check = [&](const Network& network, Use use, const reference::Tensor& forecast) {
    const auto plan = network.compile_infer(kWindows, use);
    for (const auto& [name, values] : args.inputs)
      if (plan->has_input(name))
        std::ranges::copy(name == io_names::kFutrExog ? futr : values, plan->input(name).begin());
    for (const bool changed : {true, false}) {  // a second run starts from no state again
      plan->run({.parameters = parameters.span(), .gradients = {}, .parameters_changed = changed});
      const auto got = plan->output(io_names::kForecast);
      EXPECT_LE(max_difference(forecast, reference::Tensor(got.begin(), got.end())), 3e-6);
    }
  };
  reference::Tensor means = expected;
  for (size_t i = 0; i < means.size(); i += kQ)
    std::fill_n(means.begin() + static_cast<int64_t>(i), kQ,
                (expected[i] + expected[i + 1] + expected[i + 2]) / kQ);
  const Network as_reference(net.spec(), net.options(), kGeometry, Loss(loss, true));
  check(net, Use::predict, expected);
  check(as_reference, Use::validate, expected);
  check(as_reference, Use::predict, means);
}

TEST(Recurrent, TrainingGivesTheSameBitsForAnyNumberOfThreads) {
  constexpr int64_t kWindows = 37;
  for (const bool is_recurrent : {false, true}) {
    const Network net = network({{"recurrent", is_recurrent}, {"encoderHiddenSize", 24}});
    const Graph graph = net.train_graph();
    const reference::Arguments args = arguments(net, graph, kWindows);
    const reference::Tensors one = run_cpu(graph, args, Split::partitioned, 1);
    for (const int threads : {2, 3}) {
      const reference::Tensors many = run_cpu(graph, args, Split::partitioned, threads);
      for (const auto& [name, values] : one)
        EXPECT_EQ(max_difference(values, many.at(name)), 0) << name << ", " << threads;
    }
  }
}

}  // namespace
}  // namespace nd::test
