// Attention in its two forms: flash (the op) and plain (a composite that stores the scores), beside
// a floor that both share: the operations of the plain form, 2 products forward and 4 backward, at
// the FMA peak, plus one exponential per score, both rates of this run. The memory of the plans
// shows what grows with the length and what with its square.
// nd_bench_attention [--quick] [--json FILE] [--threads N] [--only TEXT]
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/differentiate.h"
#include "graph/plan.h"
#include "ops/attention.h"
#include "ops/ops.h"
#include "simd/target.h"
#include "support/measure.h"

namespace {

using namespace nd::bench;
using nd::Graph;
using nd::Shape;
using nd::Var;
using nlohmann::json;

struct Work {
  int64_t length, width, heads;
  int64_t windows = 1;
  bool backward = false;
  bool flash = true;

  std::string name() const {
    return backward ? "attention forward + backward" : "attention forward";
  }
  /// As results call it (scripts/bench/suites/attention.mjs).
  std::string full_name() const {
    return std::string(form()) + " " + name() + ", length " + std::to_string(length) + ", width " +
           std::to_string(width) + ", " + std::to_string(heads) + " heads" +
           (windows > 1 ? ", " + std::to_string(windows) + " windows" : "");
  }
  const char* form() const { return flash ? "flash" : "plain"; }
  double scores() const { return static_cast<double>(windows * heads * length * length); }
  double flop() const {
    return (backward ? 12 : 4) * scores() * static_cast<double>(width / heads);
  }
};

std::vector<Work> all_work(bool quick) {
  std::vector<Work> list;
  const auto both = [&](Work work) {
    for (const bool backward : {false, true}) {
      for (const bool flash : {true, false}) {
        work.backward = backward;
        work.flash = flash;
        list.push_back(work);
      }
    }
  };
  both({42, 128, 16, 32});  // PatchTST: 336 steps in patches of 16, a step of 8 apart
  for (int64_t length = 128; length <= (quick ? 1024 : 4096); length *= 2)
    for (const int64_t heads : {4, 8}) both({length, 256, heads});
  return list;
}

// Operands as each form likes them: [B, N, heads·d] for the op, a matrix per head for the products.
Graph graph_of(const Work& work) {
  Graph graph;
  const int64_t depth = work.width / work.heads;
  const Shape shape = work.flash ? Shape::batched({work.length, work.width})
                                 : Shape::batched({work.length, depth}, work.heads);
  const Var q = graph.input("q", shape), k = graph.input("k", shape), v = graph.input("v", shape);
  const Var out = work.flash ? attention({{q, k}}, v, {.heads = work.heads})
                             : batch_matmul(softmax(batch_matmul(q, k, false, true)), v);
  if (!work.backward) {
    graph.output("out", out);
    return graph;
  }
  graph.output("loss", sum_all(out * graph.input("derivative", shape)));
  differentiate(graph, "loss", {"q", "k", "v"});
  return graph;
}

class Runner {
 public:
  Runner(const Work& work, int threads) : team_(threads) {
    plan_ = nd::compile_cpu(graph_of(work), {}, {.windows = work.windows});
    double phase = 0;
    for (const char* name : {"q", "k", "v", "derivative"}) {
      if (!plan_->has_input(name)) continue;
      phase += 0.7;
      const std::span<float> values = plan_->input(name);
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(0.5 * std::sin(phase + 0.37 * static_cast<double>(i)));
    }
  }
  void run() { plan_->run({.parameters = {}, .gradients = {}, .team = &team_}); }
  nd::parallel::Team& team() { return team_; }
  int64_t bytes() const { return plan_->memory_bytes(); }

 private:
  nd::parallel::Team team_;
  std::unique_ptr<nd::Plan> plan_;
};

json measure(const Work& work, int threads, double budget) {
  const nd::parallel::ScopedFlushDenormals flush;
  Runner runner(work, threads);
  double (*const clock)() = clock_for(threads);
  const auto timed = [&](int repeats) {
    const double start = clock();
    for (int i = 0; i < repeats; ++i) runner.run();
    return (clock() - start) / repeats;
  };
  timed(1);
  const int repeats = std::max(1, static_cast<int>(0.002 / timed(1)));
  std::vector<double> seconds, percents, exponentials;
  const double begin = wall_seconds();
  while (seconds.size() < 3 || (wall_seconds() - begin < budget && seconds.size() < 1000)) {
    const double before = peak_flops(runner.team());
    seconds.push_back(timed(repeats));
    const double peak = 0.5 * (before + peak_flops(runner.team()));
    exponentials.push_back(work.scores() / exponential_rate(runner.team()));
    const double floor = work.flop() / peak + exponentials.back();
    percents.push_back(100 * floor / seconds.back());
  }
  return {{"work", work.name()},
          {"form", work.form()},
          {"length", work.length},
          {"width", work.width},
          {"heads", work.heads},
          {"windows", work.windows},
          {"threads", threads},
          {"flop", work.flop()},
          {"seconds", spread_of(seconds).median},
          {"exponentialSeconds", spread_of(exponentials).median},
          {"percentOfPeak", spread_of(percents).median},
          {"bytes", runner.bytes()}};
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  nd::parallel::Team one(1);
  std::printf("target %s, FMA peak %.1f GFLOP/s and %.2f ns per exponential per core; medians\n",
              nd::simd::target_name().c_str(), peak_flops(one) * 1e-9, 1e9 / exponential_rate(one));
  std::printf("%-28s %-5s %6s %5s %5s %7s | %7s | %8s %7s %9s | %6s | %8s\n", "work", "form",
              "length", "width", "heads", "windows", "threads", "ms", "ms exp", "GFLOP", "% roof",
              "MB");
  json rows = json::array();
  for (const Work& work : all_work(arguments.quick)) {
    if (!is_chosen(arguments, work.full_name())) continue;
    for (int threads = 1; threads <= arguments.threads; threads *= 2) {
      const json row = measure(work, threads, arguments.quick ? 0.05 : 0.15);
      const auto number = [&](const char* key) { return row.at(key).get<double>(); };
      std::printf("%-28s %-5s %6ld %5ld %5ld %7ld | %7d | %8.3f %7.3f %9.4f | %6.1f | %8.2f\n",
                  work.name().c_str(), work.form(), static_cast<long>(work.length),
                  static_cast<long>(work.width), static_cast<long>(work.heads),
                  static_cast<long>(work.windows), threads, number("seconds") * 1e3,
                  number("exponentialSeconds") * 1e3, work.flop() * 1e-9, number("percentOfPeak"),
                  number("bytes") * 1e-6);
      std::fflush(stdout);
      rows.push_back(row);
    }
  }
  write_report(arguments, {{"target", nd::simd::target_name()}, {"rows", rows}});
  return 0;
}
