// One training step (forward, backward, Adam) of every model, beside its FLOP and as a share of the
// FMA peak sampled right before and after each measurement. nd_bench_train [--quick] [--json FILE]
// [--threads N]
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/passes/passes.h"
#include "models/network.h"
#include "ops/op.h"
#include "parallel/team.h"
#include "simd/peak.h"
#include "simd/target.h"
#include "train/optimizer.h"

namespace {

using nlohmann::json;

struct Case {
  const char* model;
  int64_t input_size, horizon, windows;
};

const Case kCases[] = {
    {"NHITS", 168, 24, 1024},   {"NHITS", 168, 24, 32},   {"NBEATS", 168, 24, 1024},
    {"NBEATS", 168, 24, 32},    {"MLP", 168, 24, 1024},   {"MLP", 168, 24, 32},
    {"DLinear", 168, 24, 1024}, {"DLinear", 168, 24, 32}, {"DLinear", 336, 96, 1024},
    {"NLinear", 168, 24, 1024}, {"NLinear", 168, 24, 32}, {"NLinear", 336, 96, 1024},
};

nd::Network network(const Case& c) {
  const nd::ModelSpec& spec = nd::find_model(c.model);
  return nd::Network(spec,
                     nd::Options(json::object(), nd::model_and_training_params(spec), "bench"),
                     {.input_size = c.input_size, .horizon = c.horizon}, nd::Loss(json("MAE")));
}

/// Operations of all matrix products of one step: 2·M·N·K each.
double matmul_flop(const nd::Graph& graph, int64_t windows) {
  double flop = 0;
  for (const nd::Node& node : graph.nodes()) {
    if (node.kind != nd::NodeKind::op || node.op->name != "matmul") continue;
    std::vector<nd::Shape> shapes;
    for (const nd::NodeId id : node.inputs) shapes.push_back(graph.node(id).shape);
    flop += node.op->cost({shapes, node.shape, node.attrs, windows}).flops;
  }
  return flop;
}

void feed(nd::Plan& plan, const nd::Network& network, int64_t windows) {
  const double observed = static_cast<double>(windows * network.geometry().horizon);
  for (const char* name :
       {nd::io_names::kInsampleY, nd::io_names::kInsampleMask, nd::io_names::kOutsampleY,
        nd::io_names::kWeight, nd::io_names::kInverseSum}) {
    if (!plan.has_input(name)) continue;
    const std::string input = name;
    const bool is_series = input == nd::io_names::kInsampleY || input == nd::io_names::kOutsampleY;
    const std::span<float> values = plan.input(name);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = is_series ? static_cast<float>(std::sin(0.37 * static_cast<double>(i))) : 1.0f;
    if (input == nd::io_names::kInverseSum) values[0] = static_cast<float>(1 / observed);
  }
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
/// The thread's own processor time, like fma_peak_flops: what other processes take does not count.
double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

struct Measured {
  double seconds;  ///< of a step, median
  double percent;  ///< of the FMA peak of all threads, median
};

/// Steps until `budget` seconds are over, at least 5. One thread: its processor time; several: wall
/// time.
Measured measure(const nd::Network& network, int64_t windows, int threads, double flop,
                 double budget) {
  nd::parallel::Team team(threads);
  const nd::parallel::ScopedFlushDenormals flush;
  const auto plan = network.compile_train(windows);
  feed(*plan, network, windows);
  const nd::ParameterTable& table = network.table();
  nd::FloatBuffer parameters(static_cast<size_t>(table.total())), gradients(parameters.size());
  nd::initialise_parameters(network.declarations(), table, 1, parameters.span());
  const auto trainable = static_cast<size_t>(table.trainable_total());
  const auto optimizer = nd::train::make_optimizer("adam", {}, trainable);
  uint32_t step = 0;
  const auto run = [&] {
    plan->run({.parameters = parameters.span(),
               .gradients = gradients.span(),
               .seed = 1,
               .step = step++,
               .team = &team});
    optimizer->step(parameters.span().first(trainable), gradients.span().first(trainable), 1e-4,
                    &team);
  };
  const auto clock = threads == 1 ? thread_seconds : wall_seconds;
  for (int i = 0; i < 3; ++i) run();
  const double estimate_start = clock();
  run();
  const double estimate = clock() - estimate_start;
  const int repeats = std::max(1, static_cast<int>(0.002 / estimate));
  std::vector<double> seconds, percent;
  const double begin = wall_seconds();
  while (seconds.size() < 5 || (wall_seconds() - begin < budget && seconds.size() < 1000)) {
    const double before = nd::simd::fma_peak_flops(0.0005);
    const double start = clock();
    for (int i = 0; i < repeats; ++i) run();
    const double taken = (clock() - start) / repeats;
    const double peak = 0.5 * (before + nd::simd::fma_peak_flops(0.0005)) * threads;
    seconds.push_back(taken);
    percent.push_back(100 * flop / taken / peak);
  }
  return {median(seconds), median(percent)};
}

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  const char* json_path = nullptr;
  int most_threads = std::min(2, nd::parallel::default_threads());
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json_path = argv[++i];
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      most_threads = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--json FILE] [--threads N]\n", argv[0]);
      return 2;
    }
  }
  const double budget = quick ? 0.3 : 2;
  const double peak = nd::simd::fma_peak_flops(0.05);
  std::printf(
      "target %s, FMA peak %.1f GFLOP/s per core; step = forward, backward, Adam; medians\n",
      nd::simd::target_name().c_str(), peak * 1e-9);
  std::printf("%-8s %4s %3s %7s | %10s %9s | %7s | %9s %10s | %6s\n", "model", "L", "H", "windows",
              "parameters", "GFLOP", "threads", "ms/step", "windows/s", "% peak");
  json rows = json::array();
  for (const Case& c : kCases) {
    const nd::Network net = network(c);
    const double flop = matmul_flop(nd::eliminate_dead_code(net.train_graph()), c.windows);
    for (int threads = 1; threads <= most_threads; threads *= 2) {
      const Measured m = measure(net, c.windows, threads, flop, budget);
      std::printf("%-8s %4ld %3ld %7ld | %10ld %9.4f | %7d | %9.3f %10.0f | %6.1f\n", c.model,
                  static_cast<long>(c.input_size), static_cast<long>(c.horizon),
                  static_cast<long>(c.windows), static_cast<long>(net.table().trainable_count()),
                  flop * 1e-9, threads, m.seconds * 1e3, static_cast<double>(c.windows) / m.seconds,
                  m.percent);
      std::fflush(stdout);
      rows.push_back({{"model", c.model},
                      {"inputSize", c.input_size},
                      {"horizon", c.horizon},
                      {"windows", c.windows},
                      {"parameters", net.table().trainable_count()},
                      {"flop", flop},
                      {"threads", threads},
                      {"seconds", m.seconds},
                      {"percentOfPeak", m.percent}});
    }
  }
  if (json_path != nullptr) {
    const json report = {
        {"target", nd::simd::target_name()}, {"peakGflops", peak * 1e-9}, {"rows", rows}};
    std::ofstream(json_path) << report.dump(1) << "\n";
  }
  return 0;
}
