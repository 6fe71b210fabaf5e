#include "train/size_finder.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <new>

#include "train/trial.h"

namespace nd::train {

namespace {
constexpr double kNearlyBest = 0.9;
constexpr int64_t kWarmUp = 2;  // steps that compile plans and touch memory for the first time

class Measuring {
 public:
  Measuring(TrainRequest request, const FloatBuffer& parameters, const SizeRange& range)
      : r_(std::move(request)), initial_(parameters), range_(range) {
    for (int64_t size = range.from; size <= range.to; size *= 2) ++sizes_;
  }

  SizeResult run() {
    for (int64_t size = range_.from; size <= range_.to; size *= 2)
      if (!measure(size)) break;
    for (int64_t size = range_.from / 2; result_.measurements.empty(); size /= 2) {
      if (size == 0) throw std::bad_alloc();
      measure(size);
    }
    result_.suggestion = suggested_size(result_.measurements);
    return std::move(result_);
  }

 private:
  /// False: there is not enough memory.
  bool measure(int64_t size) try {
    using Clock = std::chrono::steady_clock;
    r_.config.windows_batch_size = size;
    FloatBuffer parameters = initial_;
    Trial trial(r_, parameters);
    std::vector<double> milliseconds;
    for (int64_t i = 0; i < kWarmUp + range_.steps; ++i) {
      const auto begin = Clock::now();
      const double loss = trial.step(0);  // the work of any rate, and it cannot diverge
      const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
      if (i >= kWarmUp) milliseconds.push_back(took.count());
      if (r_.on_progress)
        r_.on_progress({++done_, sizes_ * (kWarmUp + range_.steps), loss,
                        std::numeric_limits<double>::quiet_NaN()});
    }
    const auto middle = milliseconds.begin() + static_cast<ptrdiff_t>(milliseconds.size() / 2);
    std::nth_element(milliseconds.begin(), middle, milliseconds.end());
    result_.measurements.push_back({size, 1000 * static_cast<double>(size) / *middle, *middle,
                                    trial.gradient().memory_bytes()});
    return true;
  } catch (const std::bad_alloc&) {
    result_.out_of_memory = size;
    return false;
  }

  TrainRequest r_;
  const FloatBuffer& initial_;
  SizeRange range_;
  int64_t sizes_ = 0, done_ = 0;
  SizeResult result_;
};
}  // namespace

int64_t suggested_size(const std::vector<SizeMeasurement>& measurements) {
  double most = 0;
  for (const SizeMeasurement& m : measurements) most = std::max(most, m.windows_per_second);
  return std::find_if(
             measurements.begin(), measurements.end(),
             [&](const SizeMeasurement& m) { return m.windows_per_second >= kNearlyBest * most; })
      ->size;
}

SizeResult find_batch_size(TrainRequest request, const FloatBuffer& parameters,
                           const SizeRange& range) {
  return Measuring(std::move(request), parameters, range).run();
}

}  // namespace nd::train
