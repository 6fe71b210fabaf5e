#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/philox.h"
#include "data/windows.h"

namespace nd::data {

namespace {

/// `draws` distinct numbers below `bound`: the first steps of a Fisher–Yates shuffle whose
/// untouched cells are implied.
std::vector<int64_t> draw_distinct(const PhiloxKey& key, int64_t draws, int64_t bound) {
  std::unordered_map<int64_t, int64_t> moved;
  moved.reserve(static_cast<size_t>(draws));
  const auto value_at = [&](int64_t cell) {
    const auto found = moved.find(cell);
    return found == moved.end() ? cell : found->second;
  };
  std::vector<int64_t> drawn;
  drawn.reserve(static_cast<size_t>(draws));
  for (int64_t i = 0; i < draws; ++i) {
    const auto index = static_cast<uint64_t>(i);
    const int64_t j =
        i + static_cast<int64_t>(philox_below(key, index, static_cast<uint64_t>(bound - i)));
    drawn.push_back(value_at(j));
    moved[j] = value_at(i);
  }
  return drawn;
}

std::vector<int64_t> draw_repeating(const PhiloxKey& key, int64_t draws, int64_t bound) {
  std::vector<int64_t> drawn;
  drawn.reserve(static_cast<size_t>(draws));
  for (int64_t i = 0; i < draws; ++i) {
    drawn.push_back(static_cast<int64_t>(
        philox_below(key, static_cast<uint64_t>(i), static_cast<uint64_t>(bound))));
  }
  return drawn;
}

}  // namespace

WindowSampler::WindowSampler(const TrainingWindows& windows, int64_t series_count,
                             const Options& options)
    : windows_(windows), options_(options) {
  check_internal(options.batch_size >= 1 && options.windows_batch_size >= 0,
                 "sampler: sizes of a batch");
  // Series that are drawn together count as one.
  const int64_t drawn_alone = windows.series_per_window() > 1 ? 1 : series_count;
  for (int64_t s = 0; s < drawn_alone; ++s) {
    if (windows.count(s) > 0) eligible_.push_back(static_cast<int32_t>(s));
  }
  check_internal(!eligible_.empty(), "sampler: at least one series with a window");
}

std::vector<int32_t> WindowSampler::series_of(int64_t step) const {
  const int64_t all = static_cast<int64_t>(eligible_.size()), size = options_.batch_size;
  if (all <= size) return eligible_;
  const int64_t per_pass = options_.drop_last ? all / size : (all + size - 1) / size;
  const int64_t first = step % per_pass * size, last = std::min(first + size, all);
  const PhiloxKey key{options_.seed, Stream::series, 0, static_cast<uint32_t>(step / per_pass)};
  std::vector<int32_t> order = eligible_;
  for (int64_t i = 0; i < last; ++i) {
    const auto j = static_cast<int64_t>(
        philox_below(key, static_cast<uint64_t>(i), static_cast<uint64_t>(all - i)));
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(i + j)]);
  }
  std::vector<int32_t> batch(order.begin() + first, order.begin() + last);
  std::sort(batch.begin(), batch.end());
  return batch;
}

WindowDraw WindowSampler::draw(int64_t step) const {
  const std::vector<int32_t> batch = series_of(step);
  std::vector<int64_t> ends;  // running number of windows
  ends.reserve(batch.size());
  int64_t available = 0;
  for (const int32_t s : batch) ends.push_back(available += windows_.count(s));

  const PhiloxKey key{options_.seed, Stream::windows, 0, static_cast<uint32_t>(step)};
  const int64_t wanted = options_.windows_batch_size;
  std::vector<int64_t> drawn;
  if (wanted == 0) {
    drawn.resize(static_cast<size_t>(available));
    std::iota(drawn.begin(), drawn.end(), int64_t{0});
  } else {
    drawn = available < wanted ? draw_repeating(key, wanted, available)
                               : draw_distinct(key, wanted, available);
    std::sort(drawn.begin(), drawn.end());
  }

  WindowDraw draw;
  const int64_t together = windows_.series_per_window();
  size_t b = 0;
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (options_.merge_repeated && i > 0 && drawn[i] == drawn[i - 1]) {
      for (int64_t s = 1; s <= together; ++s)
        draw.multiplicity[draw.multiplicity.size() - static_cast<size_t>(s)] += 1.0F;
      continue;
    }
    while (drawn[i] >= ends[b]) ++b;
    const int64_t before = b == 0 ? 0 : ends[b - 1];
    for (int64_t s = 0; s < together; ++s) {
      draw.windows.push_back(windows_.at(batch[b] + s, drawn[i] - before));
      draw.multiplicity.push_back(1.0F);
    }
  }
  return draw;
}

int64_t WindowSampler::capacity() const {
  const int64_t wanted = options_.windows_batch_size;
  if (wanted > 0 && !options_.merge_repeated) return wanted;
  std::vector<int64_t> counts;
  for (const int32_t s : eligible_) counts.push_back(windows_.count(s));
  const size_t batch = std::min(counts.size(), static_cast<size_t>(options_.batch_size));
  std::partial_sort(counts.begin(), counts.begin() + static_cast<ptrdiff_t>(batch), counts.end(),
                    std::greater<>());
  const int64_t most =
      std::accumulate(counts.begin(), counts.begin() + static_cast<ptrdiff_t>(batch), int64_t{0});
  return wanted > 0 ? std::min(wanted, most) : most;
}

}  // namespace nd::data
