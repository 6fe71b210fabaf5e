#include "support/measure.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "graph/parameters.h"
#include "simd/peak.h"

namespace nd::bench {

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double (*clock_for(int threads))() { return threads == 1 ? thread_seconds : wall_seconds; }

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back(),
          static_cast<int>(values.size())};
}

nlohmann::json to_json(const Spread& s) {
  return {{"median", s.median}, {"min", s.least}, {"max", s.most}, {"samples", s.samples}};
}

namespace {

/// The sum of `rate` over all members, each measured for half a millisecond.
double total_rate(parallel::Team& team, double (*rate)(double seconds)) {
  struct Work {
    double (*rate)(double);
    std::vector<double> members;
  } work{rate, std::vector<double>(static_cast<size_t>(team.size()))};
  team.run(
      [](void* context, int member) {
        Work& w = *static_cast<Work*>(context);
        w.members[static_cast<size_t>(member)] = w.rate(0.0005);
      },
      &work);
  return std::accumulate(work.members.begin(), work.members.end(), 0.0);
}

}  // namespace

double peak_flops(parallel::Team& team) { return total_rate(team, simd::fma_peak_flops); }
double exponential_rate(parallel::Team& team) { return total_rate(team, simd::exponential_rate); }

double update_bandwidth(parallel::Team& team, int64_t parameters) {
  constexpr int64_t kLine = 16;  // floats: members never share a cache line
  constexpr int kPasses = 9;
  struct Work {
    FloatBuffer p, g, m, v;
    int64_t part, repeats;
  };
  const int64_t part = (parameters / team.size() + kLine - 1) / kLine * kLine;
  const auto size = static_cast<size_t>(part * team.size());
  // Small buffers are walked many times, so that starting the team costs nothing.
  Work work{FloatBuffer(size),
            FloatBuffer(size),
            FloatBuffer(size),
            FloatBuffer(size),
            part,
            std::max<int64_t>(1, (1 << 21) / std::max<int64_t>(part, 1))};
  for (FloatBuffer* buffer : {&work.p, &work.g, &work.m, &work.v})
    std::fill(buffer->span().begin(), buffer->span().end(), 1.0F);
  std::vector<double> seconds;
  double (*const clock)() = clock_for(team.size());
  for (int pass = 0; pass <= kPasses; ++pass) {
    const double start = clock();
    team.run(
        [](void* context, int member) {
          Work& w = *static_cast<Work*>(context);
          const int64_t begin = member * w.part;
          for (int64_t i = 0; i < w.repeats; ++i)
            simd::update_streams(w.p.data() + begin, w.g.data() + begin, w.m.data() + begin,
                                 w.v.data() + begin, w.part);
        },
        &work);
    if (pass > 0) seconds.push_back(clock() - start);
  }
  return kAdamBytes * static_cast<double>(size) * static_cast<double>(work.repeats) /
         spread_of(seconds).median;
}

Arguments parse_arguments(int argc, char** argv) {
  Arguments a;
  a.threads = std::min(2, parallel::default_threads());
  for (int i = 1; i < argc; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    const bool has_value = i + 1 < argc;
    if (is("--quick")) {
      a.quick = true;
    } else if (is("--profile")) {
      a.profile = true;
    } else if (is("--serve")) {
      a.serve = true;
    } else if (is("--json") && has_value) {
      a.json_path = argv[++i];
    } else if (is("--only") && has_value) {
      a.only = argv[++i];
    } else if (is("--threads") && has_value) {
      a.threads = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr,
                   "usage: %s [--quick] [--json FILE] [--threads N] [--only TEXT] [--serve] "
                   "[--profile]\n",
                   argv[0]);
      std::exit(2);
    }
  }
  return a;
}

bool is_chosen(const Arguments& arguments, std::string_view name) {
  std::string_view rest = arguments.only;
  for (;;) {
    const size_t end = rest.find('|');
    if (name.find(rest.substr(0, end)) != std::string_view::npos) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

void write_report(const Arguments& arguments, const nlohmann::json& report) {
  if (arguments.json_path.empty()) return;
  std::ofstream out(arguments.json_path);
  out << report.dump(1) << "\n";
  if (!out) {
    std::fprintf(stderr, "cannot write %s\n", arguments.json_path.c_str());
    std::exit(1);
  }
}

}  // namespace nd::bench
