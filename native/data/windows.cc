#include "data/windows.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/calendar.h"
#include "data/missing.h"

namespace nd::data {

namespace {

/// Observed steps that a window needs, of all its series together; the reference truncates the
/// fraction and asks for at least one.
struct Need {
  int64_t in, out, series;

  explicit Need(const WindowLayout& w)
      : in(required(w.input_size, w.min_insample_fraction, w.series)),
        out(required(w.horizon, w.min_outsample_fraction, w.series)),
        series(w.series) {}
  /// The share of one series, rounded up.
  Need of_one() const {
    Need one = *this;
    one.in = (in + series - 1) / series, one.out = (out + series - 1) / series;
    return one;
  }

 private:
  static int64_t required(int64_t steps, double fraction, int64_t series) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(steps) * fraction *
                                                     static_cast<double>(series)));
  }
};

/// The smallest start >= `low` on the grid base, base + step, …
int64_t align_up(int64_t low, int64_t base, int64_t step) {
  return low <= base ? base : base - floor_div(base - low, step) * step;
}

void check_layout(const WindowLayout& layout) {
  check_internal(layout.input_size >= 1 && layout.horizon >= 1 && layout.step_size >= 1 &&
                     layout.val_size >= 0 && layout.series >= 1,
                 "windows: sizes of at least one step");
}

}  // namespace

// The reference pads every series on the left to the longest of T rows (and by L-1 more with start
// padding), cuts the validation rows, adds H rows on the right and unfolds. A checked panel has no
// hole inside a series, so the windows with enough observed steps are those whose start lies in one
// interval, on a grid that begins with the padding.
void TrainingWindows::find_univariate(const Panel& panel, const WindowLayout& layout) {
  const Need need(layout);
  const int64_t L = layout.input_size, H = layout.horizon, longest = panel.longest();
  const int64_t padding = layout.start_padding ? L - 1 : 0;
  const int64_t low = std::max(need.in - L, need.out - L - H);
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const int64_t rows = std::max<int64_t>(0, panel.length(s) - layout.val_size);
    const int64_t base = -padding - (longest - panel.length(s));
    const int64_t first = align_up(low, base, step_);
    const int64_t last = rows - std::max(need.in, L + need.out);
    Range range{first, 0};
    if (rows >= std::max(need.in, need.out) && last >= first)
      range.count = (last - first) / step_ + 1;
    total_ += range.count;
    ranges_.push_back(range);
  }
}

// Going right, the observed steps of all series together rise until the window meets the end and
// fall from there on, inside the window and in its horizon: here too the starts form one interval.
void TrainingWindows::find_multivariate(const Panel& panel, const WindowLayout& layout) {
  const Need need(layout);
  const int64_t L = layout.input_size, H = layout.horizon, longest = panel.longest();
  const int64_t end = longest - layout.val_size;
  const auto observed = [&](int64_t begin, int64_t size) {
    int64_t steps = 0;
    for (int64_t s = 0; s < panel.series_count(); ++s)
      steps += std::max<int64_t>(
          0, std::min(begin + size, end) - std::max(begin, longest - panel.length(s)));
    return steps;
  };
  Range range;
  for (int64_t start = layout.start_padding ? 1 - L : 0; start + L <= end; start += step_) {
    const bool enough = observed(start, L) >= need.in && observed(start + L, H) >= need.out;
    if (enough && range.count++ == 0) range.first = start;
    if (!enough && range.count > 0) break;
  }
  total_ = range.count;
  for (int64_t s = 0; s < panel.series_count(); ++s)
    ranges_.push_back({range.first - (longest - panel.length(s)), range.count});
}

// Where targets are missing, the windows with enough observed steps among those found above.
void TrainingWindows::drop_unobserved(const Panel& panel, const WindowLayout& layout) {
  const Need need(layout);
  const int64_t L = layout.input_size, H = layout.horizon, all = panel.series_count();
  std::vector<ObservedCounts> counts;
  for (int64_t s = 0; s < all; ++s)
    counts.emplace_back(panel.target(s).first(
        static_cast<size_t>(std::max<int64_t>(0, panel.length(s) - layout.val_size))));
  starts_.resize(static_cast<size_t>(all));
  total_ = 0;
  for (int64_t s = 0; s < all; s += series_) {
    const int64_t candidates = ranges_[static_cast<size_t>(s)].count;
    for (int64_t n = 0; n < candidates; ++n) {
      int64_t in = 0, out = 0;
      for (int64_t i = s; i < s + series_; ++i) {
        const auto at = static_cast<size_t>(i);
        const int64_t start = ranges_[at].first + n * step_;
        in += counts[at].in(start, start + L), out += counts[at].in(start + L, start + L + H);
      }
      if (in < need.in || out < need.out) continue;
      ++total_;
      for (int64_t i = s; i < s + series_; ++i) {
        const auto at = static_cast<size_t>(i);
        starts_[at].push_back(ranges_[at].first + n * step_);
      }
    }
  }
  for (size_t s = 0; s < starts_.size(); ++s)
    ranges_[s].count = static_cast<int64_t>(starts_[s].size());
}

TrainingWindows::TrainingWindows(const Panel& panel, const WindowLayout& layout)
    : step_(layout.step_size), series_(layout.series) {
  check_layout(layout);
  ranges_.reserve(static_cast<size_t>(panel.series_count()));
  if (series_ > 1)
    find_multivariate(panel, layout);
  else
    find_univariate(panel, layout);
  const bool long_enough = total_ > 0;
  if (panel.has_missing()) drop_unobserved(panel, layout);
  if (total_ > 0) return;
  if (long_enough) {
    throw Error(Code::empty,
                "[training] no window of the panel has enough targets in its inputSize of " +
                    std::to_string(layout.input_size) + " and its horizon of " +
                    std::to_string(layout.horizon) + " steps: the others are missing");
  }

  const int64_t L = layout.input_size, H = layout.horizon;
  const Need need = Need(layout).of_one();
  const int64_t low = std::max(need.in - L, need.out - L - H);
  const int64_t first = align_up(low, layout.start_padding ? 1 - L : 0, step_);
  const int64_t training_rows =
      std::max({first + L + need.out, first + need.in, need.in, need.out});
  const int64_t rows = training_rows + layout.val_size;
  throw Error(Code::empty,
              "[training] received a longest series of " + std::to_string(panel.longest()) +
                  " rows, expected at least " + std::to_string(rows) + " (inputSize " +
                  std::to_string(L) + ", horizon " + std::to_string(H) + ", valSize " +
                  std::to_string(layout.val_size) + "); give longer series, a smaller inputSize" +
                  (layout.start_padding ? "" : " or startPaddingEnabled"),
              "{\"longest\":" + std::to_string(panel.longest()) +
                  ",\"required\":" + std::to_string(rows) + "}");
}

int64_t TrainingWindows::count(int64_t series) const {
  return ranges_[static_cast<size_t>(series)].count;
}

int64_t TrainingWindows::total() const { return total_; }

WindowRef TrainingWindows::at(int64_t series, int64_t n) const {
  const auto at = static_cast<size_t>(series);
  if (!starts_.empty()) return {static_cast<int32_t>(series), starts_[at][static_cast<size_t>(n)]};
  return {static_cast<int32_t>(series), ranges_[static_cast<size_t>(series)].first + n * step_};
}

std::vector<WindowRef> validation_windows(const Panel& panel, const WindowLayout& layout) {
  check_layout(layout);
  std::vector<WindowRef> windows;
  if (layout.val_size == 0) return windows;
  if (layout.val_size < layout.horizon) {
    throw Error(Code::config, "[valSize] received " + std::to_string(layout.val_size) +
                                  ", expected 0 or at least the horizon of " +
                                  std::to_string(layout.horizon));
  }
  const int64_t count = (layout.val_size - layout.horizon) / layout.step_size + 1;
  windows.reserve(static_cast<size_t>(count * panel.series_count()));
  const auto append = [&](int64_t s, int64_t n) {
    const int64_t first = panel.length(s) - layout.val_size - layout.input_size;
    windows.push_back({static_cast<int32_t>(s), first + n * layout.step_size});
  };
  const int64_t all = panel.series_count();
  if (layout.series > 1) {
    for (int64_t n = 0; n < count; ++n)
      for (int64_t s = 0; s < all; ++s) append(s, n);
  } else {
    for (int64_t s = 0; s < all; ++s)
      for (int64_t n = 0; n < count; ++n) append(s, n);
  }
  return windows;
}

std::vector<WindowRef> prediction_windows(const Panel& panel, const WindowLayout& layout) {
  check_layout(layout);
  std::vector<WindowRef> windows;
  windows.reserve(static_cast<size_t>(panel.series_count()));
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    windows.push_back({static_cast<int32_t>(s), panel.length(s) - layout.input_size});
  }
  return windows;
}

WindowStatistics gather_window(std::span<const double> target, const WindowRef& window,
                               const WindowLayout& layout, WindowScaler scaler,
                               const RevinAffine& affine, bool exclude_insample_y, int64_t limit,
                               bool compat, std::span<float> insample_y,
                               std::span<float> insample_mask, std::span<float> outsample_y,
                               std::span<float> outsample_mask) {
  const int64_t L = layout.input_size, H = layout.horizon;
  check_internal(static_cast<int64_t>(insample_y.size()) == L &&
                     static_cast<int64_t>(insample_mask.size()) == L,
                 "gather_window: insample spans of the input size");
  check_internal(outsample_y.size() == outsample_mask.size() &&
                     (outsample_y.empty() || static_cast<int64_t>(outsample_y.size()) == H),
                 "gather_window: outsample spans of the horizon, or empty");
  const int64_t rows = std::clamp<int64_t>(limit, 0, static_cast<int64_t>(target.size()));
  const int64_t middle = window.start + L;
  const int64_t seen_begin = std::clamp<int64_t>(window.start, 0, rows),
                seen_end = std::clamp<int64_t>(middle, seen_begin, rows);
  const auto seen =
      target.subspan(static_cast<size_t>(seen_begin), static_cast<size_t>(seen_end - seen_begin));
  thread_local std::vector<double> room;
  const WindowStatistics statistics =
      observed_statistics(scaler, observed_values(seen, room), affine, compat);

  const float zero = static_cast<float>(scale_value(scaler, statistics, 0));
  float last = zero;  // observed value of the window
  if (!compat) {
    const auto first = std::ranges::find_if_not(seen, [](double v) { return std::isnan(v); });
    if (first != seen.end()) last = static_cast<float>(scale_value(scaler, statistics, *first));
  }
  const auto fill = [&](int64_t first_row, std::span<float> y, std::span<float> mask) {
    const int64_t size = static_cast<int64_t>(y.size());
    const int64_t begin = std::clamp<int64_t>(-first_row, 0, size);
    const int64_t end = std::clamp<int64_t>(rows - first_row, begin, size);
    const size_t skipped = static_cast<size_t>(begin), count = static_cast<size_t>(end - begin);
    std::fill_n(y.begin(), begin, last);
    std::fill(y.begin() + begin, y.end(), zero);
    std::fill(mask.begin(), mask.end(), 0.0F);
    if (count == 0) return;
    std::fill_n(mask.begin() + begin, count, 1.0F);
    const auto values = target.subspan(static_cast<size_t>(first_row + begin), count);
    scale_values(scaler, statistics, values, y.subspan(skipped, count));
    if (!has_missing(values)) {
      last = y[skipped + count - 1];
      return;
    }
    for (size_t t = skipped; t < skipped + count; ++t) {
      if (std::isnan(y[t]))
        y[t] = compat ? zero : last, mask[t] = 0;
      else
        last = y[t];
    }
  };
  fill(window.start, insample_y, insample_mask);
  fill(middle, outsample_y, outsample_mask);
  if (exclude_insample_y) std::fill(insample_y.begin(), insample_y.end(), 0.0F);
  return statistics;
}

void gather_feature(std::span<const double> rows, std::span<const double> future,
                    const WindowRef& window, const WindowLayout& layout, WindowScaler scaler,
                    int64_t limit, bool compat, int64_t first, int64_t steps, float* out,
                    int64_t stride) {
  const auto length = static_cast<int64_t>(rows.size());
  const int64_t known = std::clamp<int64_t>(limit, 0, length);
  const int64_t end = known == length ? length + static_cast<int64_t>(future.size()) : known;
  const int64_t seen_begin = std::clamp<int64_t>(window.start, 0, known),
                seen_end = std::clamp<int64_t>(window.start + layout.input_size, seen_begin, known);
  const WindowStatistics statistics = observed_statistics(
      scaler,
      rows.subspan(static_cast<size_t>(seen_begin), static_cast<size_t>(seen_end - seen_begin)), {},
      compat);
  const double before =
      compat || seen_begin == seen_end ? 0.0 : rows[static_cast<size_t>(seen_begin)];
  for (int64_t t = 0; t < steps; ++t) {
    const int64_t row = window.start + first + t;
    const double value = row < 0        ? before
                         : row >= end   ? 0.0
                         : row < length ? rows[static_cast<size_t>(row)]
                                        : future[static_cast<size_t>(row - length)];
    out[t * stride] = static_cast<float>(scale_value(scaler, statistics, value));
  }
}

void gather_weights(std::span<const double> rows, const WindowRef& window,
                    const WindowLayout& layout, int64_t limit, bool averaged,
                    std::span<double> out) {
  const int64_t end = std::clamp<int64_t>(limit, 0, static_cast<int64_t>(rows.size()));
  double sum = 0;
  for (size_t t = 0; t < out.size(); ++t) {
    const int64_t row = window.start + layout.input_size + static_cast<int64_t>(t);
    out[t] = row >= 0 && row < end ? rows[static_cast<size_t>(row)] : 0;
    sum += out[t];
  }
  if (averaged) std::ranges::fill(out, sum / static_cast<double>(out.size()));
}

}  // namespace nd::data
