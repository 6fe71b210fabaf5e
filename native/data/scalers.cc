#include "data/scalers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/options.h"
#include "data/boxcox.h"

namespace nd::data {

namespace {

constexpr double kEpsilon = 1e-6;                  // of the reference's TemporalNorm
constexpr double kMadPerStd = 0.6744897501960817;  // 0.75 quantile of the normal distribution
constexpr std::array<std::string_view, 7> kWindowNames = {
    "identity", "standard", "robust", "minmax", "minmax1", "invariant", "revin"};
constexpr std::array<std::string_view, 6> kSeriesNames = {"none",   "standard",   "minmax",
                                                          "robust", "robust-iqr", "boxcox"};

[[noreturn]] void throw_unknown(const char* place, std::string_view name,
                                std::span<const std::string_view> known) {
  const std::vector<std::string> names(known.begin(), known.end());
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "\"" : ", \"") + n + "\"";
  const std::string closest = closest_name(name.substr(0, 32), names);
  throw Error(Code::config, std::string("[") + place + "] received \"" +
                                std::string(name.substr(0, 64)) + "\", expected one of " + list +
                                (closest.empty() ? "" : "; did you mean \"" + closest + "\"?"));
}

/// Mean and population standard deviation.
struct Moments {
  double mean = 0, std = 0;
};

/// Σ term(x[t]) in several sums side by side: one alone would wait for each addition.
template <class Term>
double sum_of(std::span<const double> x, const Term& term) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  size_t t = 0;
  for (; t + kLanes <= x.size(); t += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(x[t + lane]);
  double sum = 0;
  for (; t < x.size(); ++t) sum += term(x[t]);
  for (const double lane : lanes) sum += lane;
  return sum;
}

Moments moments(std::span<const double> x) {
  // Rounding of the mean would give a constant window a tiny deviation, and then a scale of 1e-6
  // instead of 1.
  if (std::all_of(x.begin(), x.end(), [&](double v) { return v == x.front(); }))
    return {x.front(), 0};
  const auto count = static_cast<double>(x.size());
  const double mean = sum_of(x, [](double v) { return v; }) / count;
  const double squares = sum_of(x, [mean](double v) { return (v - mean) * (v - mean); });
  return {mean, std::sqrt(squares / count)};
}

double order_statistic(std::vector<double>& values, size_t k) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(k), values.end());
  return values[k];
}

struct Robust {
  double median = 0, mad = 0;
};

/// Both medians are the lower middle for an even count, as torch's nanmedian.
Robust robust(std::span<const double> x) {
  thread_local std::vector<double> scratch;
  const size_t middle = (x.size() - 1) / 2;
  scratch.assign(x.begin(), x.end());
  const double median = order_statistic(scratch, middle);
  for (double& v : scratch) v = std::abs(v - median);
  return {median, order_statistic(scratch, middle)};
}

double averaged_median(std::vector<double>& values) {
  const size_t n = values.size();
  const double upper = order_statistic(values, n / 2);
  if (n % 2 == 1) return upper;
  return (*std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(n / 2)) +
          upper) /
         2;
}

double linear_quantile(std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const size_t k = static_cast<size_t>(position);
  const double below = order_statistic(values, k);
  if (k + 1 == values.size()) return below;
  const double above =
      *std::min_element(values.begin() + static_cast<ptrdiff_t>(k) + 1, values.end());
  return below + (above - below) * (position - static_cast<double>(k));
}

double one_if_zero(double value) { return value == 0 ? 1 : value; }

WindowStatistics raw_statistics(WindowScaler scaler, std::span<const double> x) {
  double shift = 0, scale = 1;
  switch (scaler) {
    case WindowScaler::identity:
      return {};
    case WindowScaler::standard:
    case WindowScaler::revin: {
      const Moments m = moments(x);
      shift = m.mean;
      scale = one_if_zero(m.std) + kEpsilon;
      break;
    }
    case WindowScaler::robust:
    case WindowScaler::invariant: {
      const Robust r = robust(x);
      shift = r.median;
      scale = one_if_zero(r.mad > 0 ? r.mad : kMadPerStd * moments(x).std) + kEpsilon;
      break;
    }
    case WindowScaler::minmax:
    case WindowScaler::minmax1: {
      const auto [low, high] = std::minmax_element(x.begin(), x.end());
      shift = *low;
      scale = one_if_zero(*high - *low) + kEpsilon;
      break;
    }
  }
  return {shift, scale, shift, scale};
}

/// What the reference computes when nothing is observed (in float32: max - min overflows to -inf).
WindowStatistics empty_statistics_of_reference(WindowScaler scaler) {
  if (scaler == WindowScaler::identity) return {};
  if (scaler == WindowScaler::minmax || scaler == WindowScaler::minmax1) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {kLargest, -kInfinity, kLargest, -kInfinity};
  }
  return {0, 1 + kEpsilon, 0, 1 + kEpsilon};
}

}  // namespace

WindowScaler parse_window_scaler(std::string_view name) {
  if (name == "none") return WindowScaler::identity;
  for (size_t i = 0; i < kWindowNames.size(); ++i) {
    if (name == kWindowNames[i]) return static_cast<WindowScaler>(i);
  }
  throw_unknown("scaler", name, kWindowNames);
}

std::string_view name_of(WindowScaler scaler) { return kWindowNames[static_cast<size_t>(scaler)]; }

WindowStatistics observed_statistics(WindowScaler scaler, std::span<const double> observed,
                                     const RevinAffine& affine, bool compat) {
  WindowStatistics s;
  if (!observed.empty()) {
    s = raw_statistics(scaler, observed);
  } else if (compat) {
    s = empty_statistics_of_reference(scaler);
  }
  if (scaler == WindowScaler::revin) {
    s.shift = s.raw_shift + affine.bias;
    s.scale = s.raw_scale * (std::max(affine.weight, 0.0) + kEpsilon);
  }
  return s;
}

WindowStatistics window_statistics(WindowScaler scaler, std::span<const double> x,
                                   std::span<const double> mask, const RevinAffine& affine,
                                   bool compat) {
  check_internal(x.size() == mask.size(), "window_statistics: mask as long as the window");
  thread_local std::vector<double> observed;
  observed.clear();
  for (size_t t = 0; t < x.size(); ++t) {
    if (mask[t] >= 1) observed.push_back(x[t]);
  }
  return observed_statistics(scaler, observed, affine, compat);
}

double scale_value(WindowScaler scaler, const WindowStatistics& s, double x) {
  if (scaler == WindowScaler::identity) return x;
  const double z = (x - s.raw_shift) / s.raw_scale;
  if (scaler == WindowScaler::minmax1) return 2 * z - 1;
  return scaler == WindowScaler::invariant ? std::asinh(z) : z;
}

void scale_values(WindowScaler scaler, const WindowStatistics& s, std::span<const double> x,
                  std::span<float> z) {
  check_internal(x.size() == z.size(), "scale_values: spans of one length");
  if (scaler == WindowScaler::invariant || scaler == WindowScaler::minmax1) {
    for (size_t t = 0; t < x.size(); ++t) z[t] = static_cast<float>(scale_value(scaler, s, x[t]));
    return;
  }
  // Without a choice per value the compiler vectorises this; identity has shift 0 and scale 1.
  const double shift = s.raw_shift, factor = 1 / s.raw_scale;
  for (size_t t = 0; t < x.size(); ++t) z[t] = static_cast<float>((x[t] - shift) * factor);
}

double unscale_value(WindowScaler scaler, const WindowStatistics& s, double z) {
  if (scaler == WindowScaler::identity) return z;
  if (scaler == WindowScaler::minmax1) z = (z + 1) / 2;
  if (scaler == WindowScaler::invariant) z = std::sinh(z);
  return z * s.scale + s.shift;
}

SeriesScaler parse_series_scaler(std::string_view name, const char* option) {
  if (name.empty()) return SeriesScaler::none;
  for (size_t i = 0; i < kSeriesNames.size(); ++i) {
    if (name == kSeriesNames[i]) return static_cast<SeriesScaler>(i);
  }
  throw_unknown(option, name, kSeriesNames);
}

std::string_view name_of(SeriesScaler scaler) { return kSeriesNames[static_cast<size_t>(scaler)]; }

namespace {
void check_positive(std::span<const double> values, std::string_view series) {
  const auto wrong = std::find_if_not(values.begin(), values.end(), [](double v) { return v > 0; });
  if (wrong == values.end()) return;
  throw Error(Code::data,
              "[localScaler] " +
                  (series.empty() ? "" : "series \"" + std::string(series) + "\": ") +
                  "received the value " + std::to_string(*wrong) +
                  ", expected positive values: localScaler 'boxcox' takes their logarithm");
}
}  // namespace

SeriesStatistics series_statistics(SeriesScaler scaler, std::span<const double> values,
                                   std::string_view series, bool compat) {
  if (values.empty() || scaler == SeriesScaler::none) return {};
  SeriesStatistics s;
  std::vector<double> scratch(values.begin(), values.end());
  switch (scaler) {
    case SeriesScaler::none:
      break;
    case SeriesScaler::standard: {
      const Moments m = moments(values);
      s = {m.mean, m.std};
      break;
    }
    case SeriesScaler::minmax: {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      s = {*low, *high - *low};
      break;
    }
    case SeriesScaler::robust:
      s.shift = averaged_median(scratch);
      for (double& v : scratch) v = std::abs(v - s.shift);
      s.scale = averaged_median(scratch);
      break;
    case SeriesScaler::robust_iqr:
      s.shift = averaged_median(scratch);
      s.scale = linear_quantile(scratch, 0.75) - linear_quantile(scratch, 0.25);
      break;
    case SeriesScaler::boxcox:
      check_positive(values, series);
      s.shift = boxcox_lambda(values, compat);
      break;
  }
  if (std::abs(s.scale) < std::numeric_limits<double>::epsilon()) s.scale = 1;
  return s;
}

double scale_value(SeriesScaler scaler, const SeriesStatistics& s, double x) {
  return scaler == SeriesScaler::boxcox ? boxcox(s.shift, x) : (x - s.shift) / s.scale;
}

double unscale_value(SeriesScaler scaler, const SeriesStatistics& s, double z) {
  return scaler == SeriesScaler::boxcox ? inverse_boxcox(s.shift, z) : z * s.scale + s.shift;
}

}  // namespace nd::data
