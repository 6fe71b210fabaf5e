// What gradient checkpointing saves and costs: memory of the training plan and time of a step of
// deep networks, with every value kept and with values computed again.
// nd_bench_checkpointing [--quick] [--json FILE] [--threads N] [--only TEXT]
#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "simd/target.h"
#include "support/cases.h"
#include "support/measure.h"

namespace {

using namespace nd::bench;
using nlohmann::json;

constexpr char kNBeats[] = R"({"stackTypes": ["identity"], "nBlocks": [24]})";
constexpr char kPatchTst[] = R"({"encoderLayers": 12})";
constexpr char kPlainPatchTst[] = R"({"encoderLayers": 12, "resAttention": false})";
constexpr char kAutoformer[] = R"({"encoderLayers": 8, "decoderLayers": 4})";

constexpr Case kDeep[] = {
    {"NBEATS, 24 blocks, b1024", "NBEATS", 96, 24, 1024, kNBeats},
    {"PatchTST, 12 layers, b32", "PatchTST", 336, 24, 32, kPatchTst},
    {"  no residual attention", "PatchTST", 336, 24, 32, kPlainPatchTst},
    {"Autoformer, 8 + 4 layers, b32", "Autoformer", 96, 24, 32, kAutoformer},
};

struct Result {
  double seconds;
  int64_t bytes;
};

Result measure(Case c, int threads, bool checkpointing, double budget) {
  const nd::parallel::ScopedFlushDenormals flush;
  c.checkpointing = checkpointing;
  Step step(c, threads);
  step.run();
  double (*const clock)() = clock_for(threads);
  double best = 1e300;
  const double begin = wall_seconds();
  for (int i = 0; i < 3 || wall_seconds() - begin < budget; ++i) {
    const double start = clock();
    step.run();
    best = std::min(best, clock() - start);
  }
  return {best, step.plan().memory_bytes()};
}

double mebibytes(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  std::printf("target %s, %d threads; least times of a step; memory of the training plan\n",
              nd::simd::target_name().c_str(), arguments.threads);
  std::printf("%-30s | %9s %9s %6s | %9s %9s %6s\n", "work", "kept MiB", "again MiB", "ratio",
              "kept ms", "again ms", "ratio");
  json rows = json::array();
  for (const Case& c : kDeep) {
    if (!is_chosen(arguments, c.name)) continue;
    const double budget = arguments.quick ? 0.3 : 3;
    const Result kept = measure(c, arguments.threads, false, budget);
    const Result again = measure(c, arguments.threads, true, budget);
    std::printf("%-30s | %9.1f %9.1f %6.2f | %9.1f %9.1f %6.2f\n", c.name, mebibytes(kept.bytes),
                mebibytes(again.bytes),
                static_cast<double>(again.bytes) / static_cast<double>(kept.bytes),
                kept.seconds * 1e3, again.seconds * 1e3, again.seconds / kept.seconds);
    std::fflush(stdout);
    rows.push_back({{"work", c.name},
                    {"threads", arguments.threads},
                    {"keptBytes", kept.bytes},
                    {"againBytes", again.bytes},
                    {"keptSeconds", kept.seconds},
                    {"againSeconds", again.seconds}});
  }
  write_report(arguments, {{"target", nd::simd::target_name()}, {"rows", rows}});
  return 0;
}
