// Steps of every network beside their floor: FLOP at the FMA peak plus the optimiser's bytes at the
// bandwidth, both of this run. nd_bench_train [--quick] [--json FILE] [--threads N] [--only TEXT]
// With --profile it prints where the time of one thread goes: seconds by op, then the slowest
// kernels. With --serve it answers requests instead, one JSON object a line, so that a driver can
// take turns with another program: {"case": NAME, "threads": N, "steps": N} -> {"seconds" (of a
// step), "peakFlops", "floor", "flop", "parameters", "bytes" (of the plan)}; {"list": true} -> the
// cases.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backends/cpu/profile.h"
#include "base/error.h"
#include "simd/target.h"
#include "support/cases.h"
#include "support/measure.h"

namespace {

using namespace nd::bench;
using nlohmann::json;

/// A step that is warm, with what bounds it.
class Work {
 public:
  Work(const Case& c, int threads) : threads_(threads), step_(c, threads) {
    for (int i = 0; i < 3; ++i) step_.run();
    bandwidth_ = step_.optimizer_bandwidth();
  }

  struct Sample {
    double seconds, peak, floor;
  };
  /// `steps` runs; several short steps make one sample, because clocks have a grain.
  Sample sample(int steps) {
    const double before = peak_flops(step_.team());
    double (*const clock)() = clock_for(threads_);
    const double start = clock();
    for (int i = 0; i < steps; ++i) step_.run();
    const double seconds = (clock() - start) / steps;
    const double peak = 0.5 * (before + peak_flops(step_.team()));
    return {seconds, peak, step_.flop() / peak + step_.optimizer_bytes() / bandwidth_};
  }
  Step& step() { return step_; }
  double bandwidth() const { return bandwidth_; }

 private:
  int threads_;
  double bandwidth_ = 0;
  Step step_;
};

const Case& find_case(const std::string& name) {
  for (const Case& c : cases())
    if (c.name == name) return c;
  throw nd::Error(nd::Code::config, "[bench] received an unknown case " + name);
}

json answer(const json& request, std::string& current, std::optional<Work>& work) {
  if (request.contains("list")) {
    json list = json::array();
    for (const Case& c : cases()) {
      list.push_back({{"work", c.name},
                      {"model", c.model},
                      {"inputSize", c.input_size},
                      {"horizon", c.horizon},
                      {"windows", c.windows},
                      {"series", c.series},
                      {"options", json::parse(c.options)},
                      {"inference", c.phase == nd::Phase::infer},
                      {"bf16", c.precision == nd::Precision::bf16}});
    }
    return {{"cases", list}, {"target", nd::simd::target_name()}};
  }
  const std::string name = request.at("case");
  const int threads = request.at("threads");
  const std::string key = name + " x" + std::to_string(threads);
  if (key != current) {
    current.clear();
    work.reset();  // memory of the one before goes first
    work.emplace(find_case(name), threads);
    current = key;
  }
  const Work::Sample s = work->sample(request.at("steps"));
  return {{"seconds", s.seconds},
          {"peakFlops", s.peak},
          {"floor", s.floor},
          {"flop", work->step().flop()},
          {"optimizerBandwidth", work->bandwidth()},
          {"parameters", work->step().parameters()},
          {"bytes", work->step().plan().memory_bytes()}};
}

void serve() {
  const nd::parallel::ScopedFlushDenormals flush;
  std::string current;
  std::optional<Work> work;
  for (std::string line; std::getline(std::cin, line);) {
    json reply;
    try {
      reply = answer(json::parse(line), current, work);
    } catch (const std::exception& e) {
      reply = {{"error", e.what()}};
    }
    std::cout << reply.dump() << std::endl;
  }
}

json measure(const Case& c, int threads, double budget) {
  const nd::parallel::ScopedFlushDenormals flush;
  Work work(c, threads);
  const int steps = std::max(1, static_cast<int>(0.002 / work.sample(1).seconds));
  std::vector<double> seconds, ratios, percents;
  const double begin = wall_seconds();
  while (seconds.size() < 5 || (wall_seconds() - begin < budget && seconds.size() < 1000)) {
    const Work::Sample s = work.sample(steps);
    seconds.push_back(s.seconds);
    ratios.push_back(s.seconds / s.floor);
    percents.push_back(100 * work.step().flop() / s.seconds / s.peak);
  }
  return {{"work", c.name},
          {"threads", threads},
          {"parameters", work.step().parameters()},
          {"flop", work.step().flop()},
          {"seconds", to_json(spread_of(seconds))},
          {"oursOverFloor", spread_of(ratios).median},
          {"percentOfPeak", spread_of(percents).median},
          {"optimizerBandwidth", work.bandwidth()},
          {"bytes", work.step().plan().memory_bytes()}};
}

/// One line per op, one per kernel of the slowest; each kernel at its fastest of many runs.
void profile(const Case& c, double budget) {
  constexpr size_t kShown = 16;
  const nd::parallel::ScopedFlushDenormals flush;
  Step step(c, 1);
  for (int i = 0; i < 3; ++i) step.run();
  nd::cpu::Profile profile(step.plan());
  double optimizer = std::numeric_limits<double>::infinity();
  const double begin = wall_seconds();
  for (int i = 0; i < 5 || (wall_seconds() - begin < budget && i < 1000); ++i) {
    step.run_plan();
    profile.finish_run();
    const double start = wall_seconds();
    step.update();
    optimizer = std::min(optimizer, wall_seconds() - start);
  }
  struct Sum {
    double seconds = 0;
    int kernels = 0;
  };
  std::map<std::string, Sum> ops;
  std::vector<nd::cpu::KernelTime> kernels = profile.kernels();
  double total = optimizer;
  for (const nd::cpu::KernelTime& kernel : kernels) {
    total += kernel.seconds;
    ops[kernel.op].seconds += kernel.seconds;
    ++ops[kernel.op].kernels;
  }
  std::vector<std::pair<std::string, Sum>> rows(ops.begin(), ops.end());
  rows.emplace_back("optimiser", Sum{optimizer, 1});
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  const auto print = [&](double seconds, const std::string& what) {
    std::printf("  %10.2f us %5.1f %%  %s\n", seconds * 1e6, 100 * seconds / total, what.c_str());
  };
  std::printf("%s: %zu kernels, %.1f us\n", c.name, kernels.size(), total * 1e6);
  for (const auto& [op, sum] : rows) print(sum.seconds, op + " x " + std::to_string(sum.kernels));
  std::stable_sort(kernels.begin(), kernels.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  std::printf(" slowest kernels\n");
  for (size_t i = 0; i < std::min(kShown, kernels.size()); ++i)
    print(kernels[i].seconds, kernels[i].op + " " + kernels[i].shapes);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  if (arguments.serve) {
    serve();
    return 0;
  }
  if (arguments.profile) {
    for (const Case& c : cases()) {
      if (is_chosen(arguments, c.name)) profile(c, arguments.quick ? 0.3 : 2);
    }
    return 0;
  }
  nd::parallel::Team one(1);
  std::printf(
      "target %s, FMA peak %.1f GFLOP/s per core; step = forward, backward, Adam; medians\n",
      nd::simd::target_name().c_str(), peak_flops(one) * 1e-9);
  std::printf("%-24s %10s %9s | %7s | %9s %9s | %7s %6s\n", "work", "parameters", "GFLOP",
              "threads", "ms/step", "min", "/ floor", "% peak");
  json rows = json::array();
  for (const Case& c : cases()) {
    if (!is_chosen(arguments, c.name)) continue;
    for (int threads = 1; threads <= arguments.threads; threads *= 2) {
      const json row = measure(c, threads, arguments.quick ? 0.3 : 2);
      std::printf("%-24s %10ld %9.4f | %7d | %9.3f %9.3f | %7.2f %6.1f\n", c.name,
                  row.at("parameters").get<long>(), row.at("flop").get<double>() * 1e-9, threads,
                  row.at("seconds").at("median").get<double>() * 1e3,
                  row.at("seconds").at("min").get<double>() * 1e3,
                  row.at("oursOverFloor").get<double>(), row.at("percentOfPeak").get<double>());
      std::fflush(stdout);
      rows.push_back(row);
    }
  }
  write_report(arguments, {{"target", nd::simd::target_name()}, {"rows", rows}});
  return 0;
}
