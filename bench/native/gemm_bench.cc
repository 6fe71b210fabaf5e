// Matrix products of the shapes that networks have, on one core, as a share of the FMA peak sampled
// right before and after each measurement: clocks and neighbours move absolute figures by tens of
// per cent. nd_bench_gemm [--quick] [--json FILE]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif
#include <time.h>

#include "simd/gemm.h"
#include "simd/peak.h"
#include "simd/target.h"

namespace {

using namespace nd::simd;

struct Shape {
  const char* kind;  ///< NN: C = A·B; NT: A·Bᵀ (weights [out, in]); TN: Aᵀ·B (weight gradients)
  int64_t m, n, k;
};

const Shape kShapes[] = {
    {"NN", 1024, 512, 512},   {"NN", 256, 512, 512},  {"NN", 32, 512, 512},
    {"NN", 1, 512, 512},      {"NN", 1024, 512, 168}, {"NN", 1024, 168, 512},
    {"NN", 1024, 24, 512},    {"NN", 1024, 512, 24},  {"NN", 32, 128, 128},
    {"NN", 2048, 2048, 2048}, {"NT", 1024, 512, 512}, {"NT", 256, 512, 512},
    {"NT", 32, 512, 512},     {"NT", 1, 512, 512},    {"NT", 1, 192, 512},
    {"TN", 512, 512, 1024},   {"TN", 1024, 512, 512}, {"TN", 512, 512, 256},
    {"TN", 512, 512, 32},     {"TN", 512, 168, 1024}, {"TN", 168, 512, 1024},
};

struct Free {
  void operator()(float* p) const { std::free(p); }
};
using Floats = std::unique_ptr<float[], Free>;

Floats filled(int64_t count) {
  Floats values(
      static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(count + 32) * 4 / 64 * 64)));
  for (int64_t i = 0; i < count; ++i) {
    values[i] =
        static_cast<float>((static_cast<uint64_t>(i) * 2654435761u >> 16) & 1023) / 1024.0f - 0.5f;
  }
  return values;
}

/// The thread's own processor time, like fma_peak_flops: what other processes take does not count.
double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void pin_to_last_processor() {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
#endif
}

struct Measured {
  double percent;  ///< of the FMA peak, median of the samples
  double gflops;
};

/// `work` performs `flop` operations per call.
template <class Work>
Measured measure(double flop, int samples, const Work& work) {
  work();
  const double estimate = flop / (fma_peak_flops(0.0005) * 0.7);
  const int repeats = std::max(1, static_cast<int>(0.002 / estimate));
  std::vector<double> percent, gflops;
  for (int s = 0; s < samples; ++s) {
    const double before = fma_peak_flops(0.0005);
    const double start = thread_seconds();
    for (int r = 0; r < repeats; ++r) work();
    const double speed = flop * repeats / (thread_seconds() - start);
    percent.push_back(200 * speed / (before + fma_peak_flops(0.0005)));
    gflops.push_back(speed * 1e-9);
  }
  const auto median = [](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
    return v[v.size() / 2];
  };
  return {median(percent), median(gflops)};
}

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  const char* json_path = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json_path = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--json FILE]\n", argv[0]);
      return 2;
    }
  }
  pin_to_last_processor();
  const int samples = quick ? 15 : 61;
  const double peak = fma_peak_flops(0.05);
  std::printf("target %s, FMA peak %.1f GFLOP/s, one thread, median of %d\n", target_name().c_str(),
              peak * 1e-9, samples);
  std::printf("%-4s %5s %5s %5s | %16s | %16s\n", "", "M", "N", "K", "B packed before",
              "B packed each time");

  nlohmann::json rows = nlohmann::json::array();
  for (const Shape& shape : kShapes) {
    const auto [kind, m, n, k] = shape;
    const bool a_transposed = kind[0] == 'T', b_transposed = kind[1] == 'T';
    const Floats a = filled(m * k), b = filled(k * n), c = filled(m * n),
                 packed = filled(packed_b_floats(k, n));
    const Floats scratch = filled(gemm_scratch_floats(m, n, k, a_transposed, false));
    const int64_t panels = (n + gemm_panel() - 1) / gemm_panel(), tiles = gemm_tiles(m, n, k);
    const Gemm gemm{a.get(),
                    a_transposed ? 1 : k,
                    a_transposed ? m : 1,
                    packed.get(),
                    false,
                    c.get(),
                    n,
                    gemm_panel(),
                    m,
                    n,
                    k,
                    false,
                    {}};
    const auto pack = [&] {
      pack_b(b.get(), b_transposed ? 1 : n, b_transposed ? k : 1, k, n, 0, panels, packed.get());
    };
    const auto multiply = [&] { gemm_run(gemm, 0, tiles, scratch.get()); };
    pack();
    const double flop =
        2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const Measured alone = measure(flop, samples, multiply);
    const Measured both = measure(flop, samples, [&] { pack(), multiply(); });
    std::printf("%-4s %5ld %5ld %5ld | %5.1f %% %6.1f GF | %5.1f %% %6.1f GF\n", kind,
                static_cast<long>(m), static_cast<long>(n), static_cast<long>(k), alone.percent,
                alone.gflops, both.percent, both.gflops);
    std::fflush(stdout);
    rows.push_back({{"kind", kind},
                    {"m", m},
                    {"n", n},
                    {"k", k},
                    {"tiles", tiles},
                    {"percentOfPeak", alone.percent},
                    {"gflops", alone.gflops},
                    {"packingPercentOfPeak", both.percent},
                    {"packingGflops", both.gflops}});
  }
  if (json_path) {
    std::ofstream out(json_path);
    out << nlohmann::json{{"benchmark", "gemm"},       {"target", target_name()},
                          {"peakGflops", peak * 1e-9}, {"threads", 1},
                          {"samples", samples},        {"rows", rows}}
               .dump(2)
        << '\n';
    if (!out) {
      std::fprintf(stderr, "cannot write %s\n", json_path);
      return 1;
    }
  }
  return 0;
}
