// The window sampler: training, validation and prediction windows over a panel of series of
// different lengths, by index. Nothing is materialised but the batch at hand. Semantics: those of
// the reference (series are aligned at their ends and padded with zeros, mask 0, on the left to the
// longest; the horizon may run past the last training row).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.h"
#include "data/panel.h"
#include "data/scalers.h"

namespace nd::data {

/// One window: series and the row (relative to the series' first row; negative = padding) of its
/// first insample step.
struct WindowRef {
  int32_t series = 0;
  int64_t start = 0;
  bool operator==(const WindowRef&) const = default;
};

struct WindowLayout {
  int64_t input_size = 0, horizon = 0, step_size = 1;
  bool start_padding = false;
  double min_insample_fraction = 0,
         min_outsample_fraction = 0;  ///< of observed steps, 0 … 1; at least one step is
  int64_t val_size = 0;               ///< rows at the end of each series that training does not see
  /// N: a multivariate window holds the windows of all N series of the panel at one distance from
  /// their ends, in N consecutive WindowRefs. 1: a window is one series'.
  int64_t series = 1;
};

/// Which windows exist, by series: counts and n-th window in O(1) or O(log) without a list of all
/// windows.
class TrainingWindows {
 public:
  /// Throws E0003 (says how long a series must be) when no series has a window.
  TrainingWindows(const Panel& panel, const WindowLayout& layout);
  int64_t count(int64_t series) const;  ///< the same for all series of multivariate windows
  int64_t total() const;                ///< windows, each of N series counted once
  WindowRef at(int64_t series, int64_t n) const;
  int64_t series_per_window() const { return series_; }

 private:
  struct Range {
    int64_t first = 0;  // start of the first window
    int64_t count = 0;
  };
  void find_univariate(const Panel& panel, const WindowLayout& layout);
  void find_multivariate(const Panel& panel, const WindowLayout& layout);
  void drop_unobserved(const Panel& panel, const WindowLayout& layout);

  std::vector<Range> ranges_;
  std::vector<std::vector<int64_t>> starts_;  // by series, where targets are missing; else empty
  int64_t step_ = 1, total_ = 0, series_ = 1;
};

/// Windows of validation (the last val_size rows, step_size apart) in order of series, multivariate
/// ones in order of time; none for val_size 0. Throws E0010 for a val_size between 0 and the
/// horizon.
std::vector<WindowRef> validation_windows(const Panel& panel, const WindowLayout& layout);
/// One window per series whose horizon starts after its last row.
std::vector<WindowRef> prediction_windows(const Panel& panel, const WindowLayout& layout);

/// A batch of draws: each distinct window once, with its multiplicity, sorted by series and start;
/// a multivariate window is N entries of both lists.
struct WindowDraw {
  std::vector<WindowRef> windows;
  std::vector<float> multiplicity;
};

/// Draws training batches: `batch_size` series per step (a permutation per pass over the series
/// that have windows), then `windows_batch_size` of their windows: without replacement if enough,
/// else with (0 = all). Multivariate windows hold every series in every step. Every draw is a
/// function of (seed, step). Not thread-safe.
class WindowSampler {
 public:
  struct Options {
    int64_t batch_size = 32, windows_batch_size = 1024;
    bool drop_last = false;      ///< skip a last batch of fewer series than batch_size
    bool merge_repeated = true;  ///< false: a window drawn twice is listed twice
    uint64_t seed = 1;
  };
  /// `windows` must outlive the sampler.
  WindowSampler(const TrainingWindows& windows, int64_t series_count, const Options& options);
  /// Replaces what is in `draw`. Its room and the sampler's are used again: no allocation once they
  /// have grown.
  void draw(int64_t step, WindowDraw& draw);
  /// Upper bound of windows in any draw: the batch size a training plan is compiled for.
  int64_t capacity() const;

 private:
  struct Moved {
    int64_t cell, value;
  };
  std::span<const int32_t> series_of(int64_t step);
  void draw_repeating(const PhiloxKey& key, int64_t bound);
  void draw_distinct(const PhiloxKey& key, int64_t bound);

  const TrainingWindows& windows_;
  Options options_;
  std::vector<int32_t> eligible_;  // series with at least one window
  std::vector<int32_t> order_;     // of pass_, permuted
  int64_t pass_ = -1;
  std::vector<int32_t> batch_;
  std::vector<int64_t> ends_;  // of the batch: running number of windows
  std::vector<int64_t> drawn_;
  std::vector<Moved> moved_;
};

/// Gathers one window into scaled network inputs. `target`: the (series-scaled) values of the
/// series. insample_y, insample_mask: [L]; outsample_y (scaled like the insample part),
/// outsample_mask: [H], may be empty when there is no target. `exclude_insample_y` zeroes
/// insample_y after the statistics. Rows that are NaN, or at or after `limit`, count as unobserved.
/// An unobserved step has mask 0 and the last value that the window holds before it; before the
/// first of them (the beginning of a short series) that one; after the series, where the window
/// holds none and with compat the scaled value of 0, however far that is from the series.
WindowStatistics gather_window(std::span<const double> target, const WindowRef& window,
                               const WindowLayout& layout, WindowScaler scaler,
                               const RevinAffine& affine, bool exclude_insample_y, int64_t limit,
                               bool compat, std::span<float> insample_y,
                               std::span<float> insample_mask, std::span<float> outsample_y,
                               std::span<float> outsample_mask);

/// One exogenous column of a window, `steps` of it from `first` (0 = the window's first) on, into
/// out[t * stride]. `rows` and `future` are the values of the series and what is known after them.
/// Numbers are scaled by their own statistics over the observed insample steps; a step before the
/// series counts as its first value that the window holds, with compat as 0; one from row `limit`
/// on without a known future as 0. Categories are places (`scaler` = identity, `compat`), 0 where
/// there is none.
void gather_feature(std::span<const double> rows, std::span<const double> future,
                    const WindowRef& window, const WindowLayout& layout, WindowScaler scaler,
                    int64_t limit, bool compat, int64_t first, int64_t steps, float* out,
                    int64_t stride);

/// What the horizon of a window weighs in a loss, [H]: `rows` (the weights of a series) at each
/// step, 0 before the series and from row `limit` on; with `averaged` their mean at every step.
void gather_weights(std::span<const double> rows, const WindowRef& window,
                    const WindowLayout& layout, int64_t limit, bool averaged,
                    std::span<double> out);

}  // namespace nd::data
