#include "train/batch.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>

#include "base/error.h"
#include "models/network.h"
#include "nn/batch.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kGatherGrain = 64;  // windows; below this one thread is faster than waking a team

void copy_if_present(Plan& plan, const char* name, const std::vector<float>& values) {
  if (!plan.has_input(name)) return;
  const std::span<float> input = plan.input(name);
  check_internal(input.size() <= values.size(), "a plan input fits the capacity of the batch");
  std::copy_n(values.begin(), input.size(), input.begin());
}
}  // namespace

WindowBatch::WindowBatch(const BatchOptions& options, int64_t windows)
    : options_(options),
      capacity_(windows * options.layout.series),
      insample_y_(static_cast<size_t>(capacity_ * options.layout.input_size)),
      insample_mask_(insample_y_.size()),
      outsample_y_(static_cast<size_t>(capacity_ * options.layout.horizon)),
      outsample_mask_(outsample_y_.size()),
      exogenous_(options.exogenous, options.layout, options.scaler, options.compat,
                 options.recurrent, capacity_),
      statistics_(static_cast<size_t>(capacity_)) {
  if (!options_.sample_weight.empty()) outsample_weight_.resize(outsample_y_.size());
  if (!options_.distribution) return;
  z_.resize(outsample_y_.size());
  target_.resize(outsample_y_.size());
  loc_.resize(static_cast<size_t>(capacity_));
  scale_.resize(static_cast<size_t>(capacity_));
}

void WindowBatch::load(const data::Panel& panel, std::span<const data::WindowRef> windows,
                       int64_t hidden, bool with_target, parallel::Team* team) {
  const auto count = static_cast<int64_t>(windows.size());
  check_internal(count <= capacity_ && count % options_.layout.series == 0,
                 "whole windows that fit the capacity");
  const int64_t L = options_.layout.input_size, H = options_.layout.horizon;
  exogenous_.open(panel);
  std::exception_ptr failure;  // bodies of a team may not throw; gathering allocates, so it may
  std::mutex failure_mutex;
  for_ranges(team, count, 1, kGatherGrain, [&](int64_t begin, int64_t end) {
    try {
      for (int64_t row = begin; row < end; ++row) {
        const data::WindowRef& window = windows[static_cast<size_t>(row)];
        const auto l = static_cast<size_t>(row * L), h = static_cast<size_t>(row * H);
        const auto in = static_cast<size_t>(L), out = static_cast<size_t>(with_target ? H : 0);
        statistics_[static_cast<size_t>(row)] = data::gather_window(
            panel.target(window.series), window, options_.layout, options_.scaler, options_.revin,
            options_.exclude_insample_y, panel.length(window.series) - hidden, options_.compat,
            std::span(insample_y_).subspan(l, in), std::span(insample_mask_).subspan(l, in),
            std::span(outsample_y_).subspan(h, out), std::span(outsample_mask_).subspan(h, out));
        exogenous_.load(panel, window, panel.length(window.series) - hidden, row);
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
  const auto clear = [](std::vector<float>& values, int64_t begin, int64_t end) {
    if (begin < end) std::fill(values.begin() + begin, values.begin() + end, 0.0F);
  };
  clear(insample_y_, count * L, count_ * L);
  clear(insample_mask_, count * L, count_ * L);
  clear(outsample_y_, count * H, count_ * H);
  clear(outsample_mask_, count * H, count_ * H);
  exogenous_.clear(count, count_);
  count_ = count;
  if (options_.distribution) load_targets(panel, windows, with_target ? hidden : panel.longest());
  if (with_target && !options_.sample_weight.empty()) load_weights(panel, windows, hidden);
}

void WindowBatch::load_weights(const data::Panel& panel, std::span<const data::WindowRef> windows,
                               int64_t hidden) {
  const data::Feature& column = *data::find_feature(panel.features(), options_.sample_weight);
  const auto H = static_cast<size_t>(options_.layout.horizon);
  std::vector<double> weights(H);
  for (size_t row = 0; row < windows.size(); ++row) {
    const int64_t s = windows[row].series;
    data::gather_weights(panel.rows_of(column, s), windows[row], options_.layout,
                         panel.length(s) - hidden, options_.compat, weights);
    for (size_t t = 0; t < H; ++t)
      outsample_weight_[row * H + t] =
          outsample_mask_[row * H + t] * static_cast<float>(weights[t]);
  }
}

// A likelihood is that of the data themselves; what is left over of the buffers must not spoil it.
void WindowBatch::load_targets(const data::Panel& panel, std::span<const data::WindowRef> windows,
                               int64_t hidden) {
  const int64_t L = options_.layout.input_size, H = options_.layout.horizon;
  std::ranges::fill(z_, 0.0F);
  std::ranges::fill(target_, 0.0F);
  std::ranges::fill(loc_, 0.0F);
  std::ranges::fill(scale_, 1.0F);
  for (size_t row = 0; row < windows.size(); ++row) {
    const data::WindowStatistics& s = statistics_[row];
    loc_[row] = static_cast<float>(s.shift), scale_[row] = static_cast<float>(s.scale);
    const std::span<const double> series = panel.target(windows[row].series);
    const int64_t end = static_cast<int64_t>(series.size()) - hidden;
    for (int64_t t = 0; t < H; ++t) {
      const int64_t at = windows[row].start + L + t;
      if (at < 0 || at >= end) continue;
      const double y = series[static_cast<size_t>(at)];
      if (std::isnan(y)) continue;
      const size_t to = row * static_cast<size_t>(H) + static_cast<size_t>(t);
      target_[to] = static_cast<float>(y);
      z_[to] = static_cast<float>((y - s.shift) / s.scale);
    }
  }
}

void WindowBatch::feed_history(Plan& plan, const char* name, const std::vector<float>& insample,
                               const std::vector<float>& outsample) const {
  if (!plan.has_input(name)) return;
  const std::span<float> input = plan.input(name);
  const int64_t L = options_.layout.input_size, H = options_.layout.horizon,
                rows = plan.windows() * options_.layout.series,
                steps = static_cast<int64_t>(input.size()) / rows;
  check_internal(rows <= capacity_ && (steps == L || steps == L + H - 1),
                 "a plan input fits the capacity of the batch");
  for (int64_t row = 0; row < rows; ++row) {
    const auto to = input.begin() + row * steps;
    std::copy_n(insample.begin() + row * L, L, to);
    std::copy_n(outsample.begin() + row * H, steps - L, to + L);
  }
}

void WindowBatch::feed(Plan& plan) const {
  feed_history(plan, io_names::kInsampleY, insample_y_, outsample_y_);
  feed_history(plan, io_names::kInsampleMask, insample_mask_, outsample_mask_);
  copy_if_present(plan, io_names::kOutsampleY, options_.distribution ? z_ : outsample_y_);
  if (options_.distribution) {
    copy_if_present(plan, io_names::kTarget, target_);
    copy_if_present(plan, io_names::kLoc, loc_);
    copy_if_present(plan, io_names::kScale, scale_);
  }
  exogenous_.feed(plan);
  const int64_t windows = count_ / options_.layout.series;
  if (plan.has_input(kWindowMask)) {
    const std::span<float> mask = plan.input(kWindowMask);
    std::fill(mask.begin(), mask.begin() + windows, 1.0F);
    std::fill(mask.begin() + windows, mask.end(), 0.0F);
  }
  if (plan.has_input(kInverseWindows))
    plan.input(kInverseWindows)[0] = windows > 0 ? 1.0F / static_cast<float>(windows) : 0.0F;
}

}  // namespace nd::train
