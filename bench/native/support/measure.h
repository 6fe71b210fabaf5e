// What every benchmark measures with: clocks, medians with their spread, and the two limits of the
// machine (FMA peak, bandwidth of an optimiser's streams), sampled in the same run as the figures
// that stand beside them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parallel/team.h"

namespace nd::bench {

/// Seconds of the steady clock.
double wall_seconds();
/// Seconds of processor time of the calling thread: what other processes take does not count.
double thread_seconds();

/// The clock that `threads` threads are timed by: one by its own processor time, several by the
/// wall clock.
double (*clock_for(int threads))();

struct Spread {
  double median = 0, least = 0, most = 0;
  int samples = 0;
};
/// Of at least one value.
Spread spread_of(std::vector<double> values);
/// {"median", "min", "max", "samples"}.
nlohmann::json to_json(const Spread& spread);

/// FLOP/s of all members of `team` computing at once, about half a millisecond.
double peak_flops(parallel::Team& team);
/// Exponentials per second of all members of `team` at once, of those that a softmax takes.
double exponential_rate(parallel::Team& team);

/// Bytes per second that all members of `team` reach together on the streams of an Adam step over
/// `parameters` parameters (buffers of that very size: small networks stay in a cache); median of
/// several passes.
double update_bandwidth(parallel::Team& team, int64_t parameters);

/// Bytes that one step of Adam reads and writes per parameter: p, g, m, v in, p, m, v out.
inline constexpr double kAdamBytes = 7 * sizeof(float);

/// What all benchmark programs are started with.
struct Arguments {
  bool quick = false;     ///< fewer repetitions, rougher figures
  bool profile = false;   ///< where the time goes instead of how much it is
  bool serve = false;     ///< answer requests on standard input instead of printing a table
  std::string json_path;  ///< empty: no file
  std::string only;  ///< parts of the names of the work to measure, "|" between them; empty: all
  int threads = 1;   ///< the largest number of threads to measure
};
/// [--quick] [--json FILE] [--threads N] [--only TEXT] [--serve] [--profile]; prints the usage and
/// exits with 2 on anything else. Threads default to what the process may use, at most 2.
Arguments parse_arguments(int argc, char** argv);

/// Whether a work is to be measured.
bool is_chosen(const Arguments& arguments, std::string_view name);

/// Writes `report` to arguments.json_path, if any; exits with 1 when that fails.
void write_report(const Arguments& arguments, const nlohmann::json& report);

}  // namespace nd::bench
