#include "data/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/philox.h"

namespace nd::data {
namespace {

/// Deterministic numbers for a test.
struct Random {
  uint64_t seed, index = 0;
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(
        philox_below({seed, Stream::sampling, 0, 0}, index++, static_cast<uint64_t>(bound)));
  }
};

Panel ragged(const std::vector<int64_t>& lengths) {
  RawPanel raw;
  for (size_t s = 0; s < lengths.size(); ++s) {
    raw.ids.push_back("s" + std::to_string(s));
    for (int64_t t = 0; t < lengths[s]; ++t) {
      raw.series.push_back(static_cast<int32_t>(s));
      raw.times.push_back(t);
      raw.target.push_back(100.0 * static_cast<double>(s + 1) +
                           3.0 * std::sin(static_cast<double>(t * (static_cast<int64_t>(s) + 2))));
    }
  }
  return Panel(raw, {"1"});
}

WindowDraw draw_of(WindowSampler& sampler, int64_t step) {
  WindowDraw draw;
  sampler.draw(step, draw);
  return draw;
}

/// What the reference does, with every array materialised: align right, cut, pad, unfold, filter.
struct Padded {
  std::vector<double> value, mask;
  int64_t shift;  // position of the series' first row
};

Padded pad(const Panel& panel, int64_t s, int64_t cut, int64_t left, int64_t right) {
  const int64_t longest = panel.longest(), n = panel.length(s);
  Padded p;
  p.value.assign(static_cast<size_t>(longest), 0.0);
  p.mask.assign(static_cast<size_t>(longest), 0.0);
  for (int64_t t = 0; t < n; ++t) {
    p.value[static_cast<size_t>(longest - n + t)] = panel.target(s)[static_cast<size_t>(t)];
    p.mask[static_cast<size_t>(longest - n + t)] = 1;
  }
  for (auto* v : {&p.value, &p.mask}) {
    v->resize(static_cast<size_t>(std::max<int64_t>(0, longest - cut)));
    v->insert(v->begin(), static_cast<size_t>(left), 0.0);
    v->insert(v->end(), static_cast<size_t>(right), 0.0);
  }
  p.shift = longest - n + left;
  return p;
}

double sum(const std::vector<double>& v, int64_t begin, int64_t end) {
  double total = 0;
  for (int64_t i = begin; i < end; ++i) total += v[static_cast<size_t>(i)];
  return total;
}

std::vector<WindowRef> naive_training(const Panel& panel, const WindowLayout& w) {
  std::vector<WindowRef> windows;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const Padded p = pad(panel, s, w.val_size, w.start_padding ? w.input_size - 1 : 0, w.horizon);
    const int64_t size = w.input_size + w.horizon;
    for (int64_t i = 0; i + size <= static_cast<int64_t>(p.mask.size()); i += w.step_size) {
      const double in = sum(p.mask, i, i + w.input_size),
                   out = sum(p.mask, i + w.input_size, i + size);
      const double need_in =
          std::max(1.0, std::floor(static_cast<double>(w.input_size) * w.min_insample_fraction));
      const double need_out =
          std::max(1.0, std::floor(static_cast<double>(w.horizon) * w.min_outsample_fraction));
      if (in >= need_in && out >= need_out)
        windows.push_back({static_cast<int32_t>(s), i - p.shift});
    }
  }
  return windows;
}

std::vector<WindowRef> all_of(const TrainingWindows& windows, int64_t series) {
  std::vector<WindowRef> all;
  for (int64_t s = 0; s < series; ++s) {
    for (int64_t n = 0; n < windows.count(s); ++n) all.push_back(windows.at(s, n));
  }
  return all;
}

void expect_gathered(const Panel& panel, const WindowLayout& w, const WindowRef& ref, int64_t limit,
                     WindowScaler scaler, bool compat) {
  const size_t L = static_cast<size_t>(w.input_size), H = static_cast<size_t>(w.horizon);
  std::vector<double> x(L + H, 0.0), mask(L + H, 0.0);
  for (size_t i = 0; i < L + H; ++i) {
    const int64_t row = ref.start + static_cast<int64_t>(i);
    if (row < 0 || row >= std::min(limit, panel.length(ref.series))) continue;
    x[i] = panel.target(ref.series)[static_cast<size_t>(row)];
    mask[i] = 1;
  }
  std::vector<double> statistics_mask = mask;
  std::fill(statistics_mask.begin() + static_cast<ptrdiff_t>(L), statistics_mask.end(), 0.0);
  const WindowStatistics expected = window_statistics(scaler, x, statistics_mask);
  const bool starts = ref.start < 0 && ref.start + w.input_size > 0 && limit > 0;
  for (int64_t i = 0; starts && !compat && i < -ref.start; ++i)
    x[static_cast<size_t>(i)] = panel.target(ref.series).front();
  std::vector<float> y(L), m(L), out(H), out_mask(H);
  const WindowStatistics received = gather_window(panel.target(ref.series), ref, w, scaler, {},
                                                  false, limit, compat, y, m, out, out_mask);
  ASSERT_EQ(received.raw_shift, expected.raw_shift);
  ASSERT_EQ(received.scale, expected.scale);
  for (size_t i = 0; i < L + H; ++i) {
    ASSERT_EQ(i < L ? y[i] : out[i - L], static_cast<float>(scale_value(scaler, expected, x[i])));
    ASSERT_EQ(i < L ? m[i] : out_mask[i - L], static_cast<float>(mask[i]));
  }
}

WindowLayout random_layout(Random& random) {
  WindowLayout w;
  w.input_size = 1 + random.below(12);
  w.horizon = 1 + random.below(6);
  w.step_size = 1 + random.below(4);
  w.start_padding = random.below(2) == 1;
  w.val_size = random.below(3) == 0 ? w.horizon + random.below(5) : 0;
  w.min_insample_fraction = random.below(3) == 0 ? 0.1 * static_cast<double>(random.below(11)) : 0;
  w.min_outsample_fraction = random.below(3) == 0 ? 0.1 * static_cast<double>(random.below(11)) : 0;
  return w;
}

TEST(Windows, TrainingWindowsEqualTheMaterialisedOnes) {
  Random random{11};
  int nonempty = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<int64_t> lengths;
    for (int64_t s = 1 + random.below(4); s > 0; --s) lengths.push_back(1 + random.below(40));
    const Panel panel = ragged(lengths);
    const WindowLayout w = random_layout(random);
    const std::vector<WindowRef> expected = naive_training(panel, w);
    if (expected.empty()) {
      EXPECT_THROW(TrainingWindows(panel, w), Error);
      continue;
    }
    ++nonempty;
    const TrainingWindows windows(panel, w);
    ASSERT_EQ(all_of(windows, panel.series_count()), expected) << trial;
    ASSERT_EQ(windows.total(), static_cast<int64_t>(expected.size()));
    const auto scaler = static_cast<WindowScaler>(random.below(7));
    for (const WindowRef& ref : expected)
      expect_gathered(panel, w, ref, panel.length(ref.series) - w.val_size, scaler, trial % 2 == 0);
  }
  EXPECT_GT(nonempty, 200);
}

/// All series side by side, filtered by their observed steps together.
std::vector<WindowRef> naive_multivariate(const Panel& panel, const WindowLayout& w) {
  const int64_t all = panel.series_count(), size = w.input_size + w.horizon;
  std::vector<Padded> padded;
  for (int64_t s = 0; s < all; ++s)
    padded.push_back(pad(panel, s, w.val_size, w.start_padding ? w.input_size - 1 : 0, w.horizon));
  const auto need = [&](int64_t steps, double fraction) {
    return std::max(1.0,
                    std::floor(static_cast<double>(steps) * fraction * static_cast<double>(all)));
  };
  std::vector<WindowRef> windows;
  for (int64_t i = 0; i + size <= static_cast<int64_t>(padded[0].mask.size()); i += w.step_size) {
    double in = 0, out = 0;
    for (const Padded& p : padded) {
      in += sum(p.mask, i, i + w.input_size);
      out += sum(p.mask, i + w.input_size, i + size);
    }
    if (in < need(w.input_size, w.min_insample_fraction) ||
        out < need(w.horizon, w.min_outsample_fraction))
      continue;
    for (int64_t s = 0; s < all; ++s)
      windows.push_back({static_cast<int32_t>(s), i - padded[static_cast<size_t>(s)].shift});
  }
  return windows;
}

TEST(Windows, MultivariateWindowsEqualTheMaterialisedOnes) {
  Random random{12};
  int nonempty = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<int64_t> lengths;
    for (int64_t s = 2 + random.below(3); s > 0; --s) lengths.push_back(1 + random.below(40));
    const Panel panel = ragged(lengths);
    WindowLayout w = random_layout(random);
    w.series = panel.series_count();
    const std::vector<WindowRef> expected = naive_multivariate(panel, w);
    if (expected.empty()) {
      EXPECT_THROW(TrainingWindows(panel, w), Error);
      continue;
    }
    ++nonempty;
    const TrainingWindows windows(panel, w);
    ASSERT_EQ(windows.total(), static_cast<int64_t>(expected.size()) / w.series) << trial;
    WindowSampler all(windows, w.series, {.windows_batch_size = 0});
    EXPECT_EQ(draw_of(all, 0).windows, expected) << trial;
    EXPECT_EQ(all.capacity(), windows.total());

    WindowSampler sampler(windows, w.series, {.batch_size = 1, .windows_batch_size = 3, .seed = 5});
    const WindowDraw draw = draw_of(sampler, 7);
    ASSERT_EQ(draw.windows.size(), draw.multiplicity.size());
    float drawn = 0;
    for (size_t i = 0; i < draw.windows.size(); i += static_cast<size_t>(w.series)) {
      drawn += draw.multiplicity[i];
      const auto found = std::find(expected.begin(), expected.end(), draw.windows[i]);
      for (int64_t s = 0; s < w.series; ++s) {
        EXPECT_EQ(draw.windows[i + static_cast<size_t>(s)], *(found + s));
        EXPECT_EQ(draw.multiplicity[i + static_cast<size_t>(s)], draw.multiplicity[i]);
      }
    }
    EXPECT_EQ(drawn, 3);
  }
  EXPECT_GT(nonempty, 200);
}

TEST(Windows, ErrorStatesTheLengthThatSuffices) {
  for (const bool padding : {false, true}) {
    for (const int64_t step : {1, 3, 5}) {
      WindowLayout w{6, 3, step, padding, 0.5, 1.0, 4};
      int64_t shortest = 1;
      while (naive_training(ragged({shortest}), w).empty()) ++shortest;
      try {
        TrainingWindows(ragged({shortest - 1}), w);
        FAIL();
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Code::empty);
        EXPECT_NE(e.message().find("at least " + std::to_string(shortest) + " "), std::string::npos)
            << e.message();
        EXPECT_NE(e.details().find("\"required\":" + std::to_string(shortest)), std::string::npos);
      }
      EXPECT_NO_THROW(TrainingWindows(ragged({shortest}), w));
    }
  }
}

TEST(Windows, ValidationCoversTheLastRows) {
  const Panel panel = ragged({30, 9, 3});
  const WindowLayout w{8, 2, 3, false, 0, 0, 9};
  const std::vector<WindowRef> windows = validation_windows(panel, w);
  // The materialised arrays, padded to input + validation rows.
  std::vector<WindowRef> expected;
  for (int64_t s = 0; s < 3; ++s) {
    for (int64_t i = 0; i + 10 <= 8 + 9; i += 3)
      expected.push_back({static_cast<int32_t>(s), panel.length(s) - 17 + i});
  }
  EXPECT_EQ(windows, expected);
  for (const WindowRef& ref : windows)
    expect_gathered(panel, w, ref, panel.length(ref.series), WindowScaler::robust, false);
  WindowLayout together = w;
  together.series = 3;
  std::stable_sort(expected.begin(), expected.end(), [&](const WindowRef& a, const WindowRef& b) {
    return a.start - panel.length(a.series) < b.start - panel.length(b.series);
  });
  EXPECT_EQ(validation_windows(panel, together), expected);
  WindowLayout none = w;
  none.val_size = 0;
  EXPECT_TRUE(validation_windows(panel, none).empty());
  none.val_size = 1;
  EXPECT_THROW(validation_windows(panel, none), Error);
}

TEST(Windows, PredictionStartsAfterTheLastRow) {
  const Panel panel = ragged({30, 3, 1});
  const WindowLayout w{8, 2};
  const std::vector<WindowRef> windows = prediction_windows(panel, w);
  EXPECT_EQ(windows, (std::vector<WindowRef>{{0, 22}, {1, -5}, {2, -7}}));
  std::vector<float> y(8), mask(8);
  const auto gather = [&](bool compat) {
    return gather_window(panel.target(1), windows[1], w, WindowScaler::minmax, {}, false, 3, compat,
                         y, mask, {}, {});
  };
  gather(false);
  EXPECT_EQ(mask, (std::vector<float>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(std::vector<float>(y.begin(), y.begin() + 5), std::vector<float>(5, y[5]));
  EXPECT_NEAR(*std::max_element(y.begin() + 5, y.end()), 1, 1e-5);
  const WindowStatistics s = gather(true);  // 0 in the scale of the data, as the reference
  EXPECT_EQ(y[0], static_cast<float>(-s.shift / s.scale));
}

TEST(Windows, GatherOptions) {
  const Panel panel = ragged({20});
  const WindowLayout w{4, 2};
  std::vector<float> y(4), m(4), out(2), out_mask(2);
  const RevinAffine affine{0.5, 2};
  WindowStatistics s = gather_window(panel.target(0), {0, 3}, w, WindowScaler::revin, affine, true,
                                     8, false, y, m, out, out_mask);
  EXPECT_EQ(y, (std::vector<float>(4, 0.0F)));
  EXPECT_EQ(m, (std::vector<float>(4, 1.0F)));
  EXPECT_EQ(out_mask, (std::vector<float>{1, 0}));
  EXPECT_DOUBLE_EQ(s.shift, s.raw_shift + 0.5);
  EXPECT_DOUBLE_EQ(s.scale, s.raw_scale * (2 + 1e-6));
  s = gather_window(panel.target(0), {0, -9}, w, WindowScaler::minmax, {}, false, 20, true, y, m,
                    out, out_mask);
  EXPECT_TRUE(std::isinf(s.scale));
  s = gather_window(panel.target(0), {0, 40}, w, WindowScaler::minmax, {}, false, 20, false, y, m,
                    out, out_mask);
  EXPECT_EQ(s.scale, 1);
  EXPECT_EQ(out, (std::vector<float>{0, 0}));
}

using Key = std::pair<int32_t, int64_t>;

TEST(Sampler, WithoutReplacementWhenEnough) {
  const Panel panel = ragged({60, 50, 40, 30, 20});
  const TrainingWindows windows(panel, {5, 2});
  WindowSampler::Options options;
  options.batch_size = 2;
  options.windows_batch_size = 16;
  WindowSampler sampler(windows, 5, options);
  EXPECT_EQ(sampler.capacity(), 16);
  std::set<Key> seen;
  for (int64_t pass = 0; pass < 3; ++pass) {
    std::multiset<int32_t> series_of_pass;
    for (int64_t k = 0; k < 3; ++k) {
      const WindowDraw d = draw_of(sampler, 3 * pass + k);
      ASSERT_EQ(d.windows.size(), 16U);
      EXPECT_EQ(d.multiplicity, std::vector<float>(16, 1.0F));
      std::set<Key> distinct;
      std::set<int32_t> series;
      for (const WindowRef& ref : d.windows) {
        distinct.insert({ref.series, ref.start});
        series.insert(ref.series);
        seen.insert({ref.series, ref.start});
      }
      EXPECT_EQ(distinct.size(), 16U);
      EXPECT_LE(series.size(), 2U);
      EXPECT_TRUE(std::is_sorted(d.windows.begin(), d.windows.end(),
                                 [](const WindowRef& a, const WindowRef& b) {
                                   return Key(a.series, a.start) < Key(b.series, b.start);
                                 }));
      series_of_pass.insert(series.begin(), series.end());
    }
    for (const int32_t s : series_of_pass)
      EXPECT_EQ(series_of_pass.count(s), 1U);  // each series at most once a pass
    EXPECT_GE(series_of_pass.size(), 4U);
  }
  EXPECT_GT(seen.size(), 100U);
}

TEST(Sampler, WithReplacementCountsRepeats) {
  const TrainingWindows windows(ragged({12}), {5, 2});  // 7 windows
  ASSERT_EQ(windows.total(), 7);
  WindowSampler::Options options;
  options.windows_batch_size = 1000;
  WindowSampler merged(windows, 1, options);
  EXPECT_EQ(merged.capacity(), 7);
  const WindowDraw d = draw_of(merged, 3);
  ASSERT_EQ(d.windows.size(), 7U);
  float total = 0;
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(d.windows[i], windows.at(0, static_cast<int64_t>(i)));
    EXPECT_NEAR(d.multiplicity[i], 1000.0 / 7, 60);  // about five standard deviations
    total += d.multiplicity[i];
  }
  EXPECT_EQ(total, 1000);

  options.merge_repeated = false;
  WindowSampler listed(windows, 1, options);
  EXPECT_EQ(listed.capacity(), 1000);
  const WindowDraw l = draw_of(listed, 3);
  ASSERT_EQ(l.windows.size(), 1000U);
  std::map<int64_t, float> counts;
  for (const WindowRef& ref : l.windows) counts[ref.start] += 1;
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(counts[d.windows[i].start], d.multiplicity[i]);
}

TEST(Sampler, AllWindowsAndDropLast) {
  const Panel panel = ragged({20, 14, 1, 9, 10});  // the third has none
  const TrainingWindows windows(panel, {5, 2});
  WindowSampler::Options options;
  options.windows_batch_size = 0;
  WindowSampler all(windows, 5, options);
  EXPECT_EQ(all.capacity(), windows.total());
  EXPECT_EQ(draw_of(all, 0).windows, all_of(windows, 5));
  options.batch_size = 3;
  options.drop_last = true;
  WindowSampler dropped(windows, 5, options);
  options.drop_last = false;
  WindowSampler kept(windows, 5, options);
  for (int64_t step = 0; step < 20; ++step) {
    std::set<int32_t> of_dropped, of_kept;
    for (const WindowRef& ref : draw_of(dropped, step).windows) of_dropped.insert(ref.series);
    for (const WindowRef& ref : draw_of(kept, step).windows) of_kept.insert(ref.series);
    EXPECT_EQ(of_dropped.size(), 3U);
    EXPECT_EQ(of_kept.size(), step % 2 == 0 ? 3U : 1U);
    EXPECT_LE(static_cast<int64_t>(draw_of(kept, step).windows.size()), kept.capacity());
  }
}

TEST(Sampler, DrawIsAFunctionOfSeedAndStep) {
  const Panel panel = ragged({200, 150, 90});
  const TrainingWindows windows(panel, {5, 2});
  WindowSampler::Options options;
  options.batch_size = 2;
  options.windows_batch_size = 32;
  WindowSampler a(windows, 3, options), b(windows, 3, options);
  draw_of(a, 0);
  EXPECT_EQ(draw_of(a, 7).windows, draw_of(b, 7).windows);
  EXPECT_NE(draw_of(a, 7).windows, draw_of(a, 8).windows);
  options.seed = 2;
  WindowSampler other(windows, 3, options);
  EXPECT_NE(draw_of(other, 7).windows, draw_of(a, 7).windows);
}

TEST(Sampler, DistinctDrawsAreUniform) {
  const TrainingWindows windows(ragged({24}), {5, 2});
  WindowSampler::Options options;
  options.windows_batch_size = 5;
  WindowSampler sampler(windows, 1, options);
  std::map<int64_t, int> counts;
  for (int64_t step = 0; step < 4000; ++step) {
    for (const WindowRef& ref : draw_of(sampler, step).windows) ++counts[ref.start];
  }
  ASSERT_EQ(static_cast<int64_t>(counts.size()), windows.total());
  const double expected = 20000.0 / static_cast<double>(windows.total());
  for (const auto& [start, count] : counts)
    EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << start;
}

}  // namespace
}  // namespace nd::data
