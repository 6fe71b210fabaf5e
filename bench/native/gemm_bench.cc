// Matrix products of the shapes that networks have, as a share of the FMA peak sampled right before
// and after each measurement: clocks and neighbours move absolute figures by tens of per cent. The
// second share is of what whole vectors allow: N of ceil16(N) lanes.
// nd_bench_gemm [--quick] [--json FILE] [--threads N]
#include <algorithm>
#include <chrono>
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

#include "parallel/team.h"
#include "simd/gemm.h"
#include "simd/peak.h"
#include "simd/target.h"

namespace {

using namespace nd::simd;

struct Shape {
  /// NN: C = A·B, a layer's output. NT: A·Bᵀ from the packed B of the layer, the gradient of its
  /// input. TN: Aᵀ·B with a packed C, the gradient of its weight.
  const char* form;
  int64_t m, n, k;
};

const Shape kShapes[] = {
    {"NN", 1024, 512, 512}, {"NN", 256, 512, 512},  {"NN", 32, 512, 512},
    {"NN", 1, 512, 512},    {"NN", 1024, 512, 168}, {"NN", 1024, 168, 512},
    {"NN", 1024, 174, 512}, {"NN", 1024, 180, 512}, {"NN", 1024, 192, 512},
    {"NN", 1024, 24, 512},  {"NN", 1024, 512, 24},  {"NN", 32, 512, 168},
    {"NN", 32, 192, 512},   {"NN", 32, 128, 128},   {"NN", 2048, 2048, 2048},
    {"NT", 1024, 512, 512}, {"NT", 256, 512, 512},  {"NT", 32, 512, 512},
    {"NT", 1, 512, 512},    {"NT", 1024, 512, 168}, {"NT", 1024, 512, 192},
    {"NT", 32, 512, 192},   {"NT", 1024, 168, 512}, {"NT", 1024, 512, 24},
    {"TN", 512, 512, 1024}, {"TN", 1024, 512, 512}, {"TN", 512, 512, 256},
    {"TN", 512, 512, 32},   {"TN", 512, 168, 1024}, {"TN", 512, 174, 1024},
    {"TN", 512, 180, 1024}, {"TN", 512, 192, 1024}, {"TN", 168, 512, 1024},
    {"TN", 512, 24, 1024},  {"TN", 512, 168, 32},
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

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// `work` performs `flop` operations per call, on `threads` threads.
template <class Work>
Measured measure(double flop, int threads, int samples, const Work& work) {
  const auto seconds = threads == 1 ? thread_seconds : wall_seconds;
  work();
  const double estimate = flop / (threads * fma_peak_flops(0.0005) * 0.7);
  const int repeats = std::max(1, static_cast<int>(0.002 / estimate));
  std::vector<double> percent, gflops;
  for (int s = 0; s < samples; ++s) {
    const double before = fma_peak_flops(0.0005);
    const double start = seconds();
    for (int r = 0; r < repeats; ++r) work();
    const double speed = flop * repeats / (seconds() - start);
    percent.push_back(200 * speed / (threads * (before + fma_peak_flops(0.0005))));
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
  int threads = 1;
  const char* json_path = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json_path = argv[++i];
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--json FILE] [--threads N]\n", argv[0]);
      return 2;
    }
  }
  std::unique_ptr<nd::parallel::Team> team;
  if (threads > 1) {
    team = std::make_unique<nd::parallel::Team>(threads);
  } else {
    pin_to_last_processor();
  }
  const auto share = [&](int64_t parts, const auto& work) {  // work(begin, end, thread)
    if (!team) return work(int64_t{0}, parts, 0);
    const auto body = [&](int member) {
      work(parts * member / threads, parts * (member + 1) / threads, member);
    };
    using Body = decltype(body);
    team->run([](void* context, int member) { (*static_cast<Body*>(context))(member); },
              const_cast<void*>(static_cast<const void*>(&body)));
  };
  const int samples = quick ? 15 : 61;
  const double peak = fma_peak_flops(0.05);
  std::printf("target %s, FMA peak %.1f GFLOP/s a thread, %d thread(s), median of %d\n",
              target_name().c_str(), peak * 1e-9, threads, samples);
  std::printf("%-4s %5s %5s %5s | %-28s | %-28s\n", "", "M", "N", "K",
              "B packed before: peak, bound", "B as it is");

  nlohmann::json rows = nlohmann::json::array();
  for (const Shape& shape : kShapes) {
    const auto [form, m, n, k] = shape;
    const bool a_transposed = form[0] == 'T', b_transposed = form[1] == 'T';
    const Floats a = filled(m * k), b = filled(k * n),
                 c = filled(std::max(m * n, packed_b_floats(m, n))),
                 packed = filled(b_transposed ? packed_b_floats(n, k) : packed_b_floats(k, n));
    std::vector<Floats> scratch;
    for (int t = 0; t < threads; ++t)
      scratch.push_back(filled(gemm_scratch_floats(m, n, k, a_transposed, true)));
    const int64_t panel = gemm_panel(), tiles = gemm_tiles(m, n, k);
    const int64_t packed_columns = b_transposed ? k : n, packed_rows = b_transposed ? n : k;
    Gemm gemm{.a = a.get(),
              .a_row = a_transposed ? 1 : k,
              .a_col = a_transposed ? m : 1,
              .b = packed.get(),
              .b_transposed = b_transposed,
              .c = c.get(),
              .ldc = a_transposed ? panel : n,
              .c_panel = a_transposed ? m * panel : panel,
              .m = m,
              .n = n,
              .k = k,
              .accumulate = false,
              .epilogue = {}};
    const auto pack = [&] {
      share((packed_columns + panel - 1) / panel, [&](int64_t begin, int64_t end, int) {
        pack_b(b.get(), packed_columns, 1, packed_rows, packed_columns, begin, end, packed.get());
      });
    };
    const auto multiply = [&] {
      share(tiles, [&](int64_t begin, int64_t end, int thread) {
        gemm_run(gemm, begin, end, scratch[static_cast<size_t>(thread)].get());
      });
    };
    pack();
    const double flop =
        2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const double bound = static_cast<double>(n) / static_cast<double>((n + 15) / 16 * 16);
    std::printf("%-4s %5ld %5ld %5ld", form, static_cast<long>(m), static_cast<long>(n),
                static_cast<long>(k));
    for (const bool before : {true, false}) {
      if (!before && b_transposed) break;  // a weight: packed for life
      if (!before) gemm.b = b.get(), gemm.b_row = n;
      const Measured result = measure(flop, threads, samples, multiply);
      std::printf(" | %5.1f %% %5.1f %% %7.1f GF", result.percent, result.percent / bound,
                  result.gflops);
      rows.push_back({{"form", form},
                      {"m", m},
                      {"n", n},
                      {"k", k},
                      {"packed", before},
                      {"gflops", result.gflops},
                      {"percentOfPeak", result.percent},
                      {"percentOfBound", result.percent / bound},
                      {"threads", threads}});
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  if (json_path) {
    std::ofstream out(json_path);
    out << nlohmann::json{{"benchmark", "gemm"},       {"target", target_name()},
                          {"peakGflops", peak * 1e-9}, {"threads", threads},
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
