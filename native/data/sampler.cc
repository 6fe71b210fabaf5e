#include <algorithm>
#include <bit>
#include <numeric>

#include "base/error.h"
#include "base/philox.h"
#include "data/windows.h"

namespace nd::data {

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

std::span<const int32_t> WindowSampler::series_of(int64_t step) {
  const int64_t all = static_cast<int64_t>(eligible_.size()), size = options_.batch_size;
  if (all <= size) return eligible_;
  const int64_t per_pass = options_.drop_last ? all / size : (all + size - 1) / size;
  const int64_t first = step % per_pass * size, last = std::min(first + size, all);
  if (const int64_t pass = step / per_pass; pass != pass_) {
    const PhiloxKey key{options_.seed, Stream::series, 0, static_cast<uint32_t>(pass)};
    order_ = eligible_;
    for (int64_t i = 0; i < all; ++i) {
      const auto j = static_cast<int64_t>(
          philox_below(key, static_cast<uint64_t>(i), static_cast<uint64_t>(all - i)));
      std::swap(order_[static_cast<size_t>(i)], order_[static_cast<size_t>(i + j)]);
    }
    pass_ = pass;
  }
  batch_.assign(order_.begin() + first, order_.begin() + last);
  std::sort(batch_.begin(), batch_.end());
  return batch_;
}

void WindowSampler::draw_repeating(const PhiloxKey& key, int64_t bound) {
  for (size_t i = 0; i < drawn_.size(); ++i)
    drawn_[i] = static_cast<int64_t>(philox_below(key, i, static_cast<uint64_t>(bound)));
}

// The first steps of a Fisher–Yates shuffle of 0 … bound - 1, of which only the cells that a step
// has moved are kept: in a hash table with room for twice as many.
void WindowSampler::draw_distinct(const PhiloxKey& key, int64_t bound) {
  constexpr int64_t kFree = -1;
  moved_.assign(std::bit_ceil(2 * drawn_.size()), {kFree, 0});
  const size_t mask = moved_.size() - 1;
  const auto find = [&](int64_t cell) -> Moved& {
    size_t at = (static_cast<uint64_t>(cell) * 0x9E3779B97F4A7C15U >> 32) & mask;
    while (moved_[at].cell != kFree && moved_[at].cell != cell) at = (at + 1) & mask;
    return moved_[at];
  };
  for (size_t n = 0; n < drawn_.size(); ++n) {
    const auto i = static_cast<int64_t>(n);
    const int64_t j =
        i + static_cast<int64_t>(philox_below(key, n, static_cast<uint64_t>(bound - i)));
    const Moved& current = find(i);
    const int64_t replacement = current.cell == kFree ? i : current.value;
    Moved& chosen = find(j);
    drawn_[n] = chosen.cell == kFree ? j : chosen.value;
    chosen = {j, replacement};
  }
}

void WindowSampler::draw(int64_t step, WindowDraw& draw) {
  const std::span<const int32_t> batch = series_of(step);
  ends_.clear();
  int64_t available = 0;
  for (const int32_t s : batch) ends_.push_back(available += windows_.count(s));

  const PhiloxKey key{options_.seed, Stream::windows, 0, static_cast<uint32_t>(step)};
  const int64_t wanted = options_.windows_batch_size;
  drawn_.resize(static_cast<size_t>(wanted == 0 ? available : wanted));
  if (wanted == 0) {
    std::iota(drawn_.begin(), drawn_.end(), int64_t{0});
  } else {
    if (available < wanted)
      draw_repeating(key, available);
    else
      draw_distinct(key, available);
    std::sort(drawn_.begin(), drawn_.end());
  }

  draw.windows.clear(), draw.multiplicity.clear();
  const int64_t together = windows_.series_per_window();
  size_t b = 0;
  for (size_t i = 0; i < drawn_.size(); ++i) {
    if (options_.merge_repeated && i > 0 && drawn_[i] == drawn_[i - 1]) {
      for (int64_t s = 1; s <= together; ++s)
        draw.multiplicity[draw.multiplicity.size() - static_cast<size_t>(s)] += 1.0F;
      continue;
    }
    while (drawn_[i] >= ends_[b]) ++b;
    const int64_t before = b == 0 ? 0 : ends_[b - 1];
    for (int64_t s = 0; s < together; ++s) {
      draw.windows.push_back(windows_.at(batch[b] + s, drawn_[i] - before));
      draw.multiplicity.push_back(1.0F);
    }
  }
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
