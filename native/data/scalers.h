// Scalers. A window scaler (TemporalNorm of the reference) is computed per window over its observed
// insample steps; a series scaler once per series. All statistics are float64: a price near 1e6
// that moves by 0.01 survives.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nd::data {

/// standard (mean, population std), robust (lower median, MAD), minmax (to 0 … 1), minmax1 (to -1 …
/// 1), invariant (arcsinh of robust), revin (standard, learned affine in the inverse; Kim et al.,
/// ICLR 2022).
enum class WindowScaler : uint8_t { identity, standard, robust, minmax, minmax1, invariant, revin };
/// "none" → identity; throws E0010 with the closest name.
WindowScaler parse_window_scaler(std::string_view name);
std::string_view name_of(WindowScaler scaler);

/// Shift and scale of one window (one channel).
struct WindowStatistics {
  double shift = 0, scale = 1;  ///< of the inverse (revin: with the learned bias and weight)
  double raw_shift = 0, raw_scale = 1;  ///< of the forward transform
};

/// Learned affine of revin's inverse; 0 / 1 unless imported from a reference checkpoint.
struct RevinAffine {
  double bias = 0, weight = 1;
};

/// Statistics over x[t] with mask[t] = 1. `compat` reproduces the reference's ±3.4e38 for minmax on
/// an empty mask; without it an empty mask gives shift 0, scale 1 for every type.
WindowStatistics window_statistics(WindowScaler scaler, std::span<const double> x,
                                   std::span<const double> mask, const RevinAffine& affine = {},
                                   bool compat = false);
/// The same over values that are all observed.
WindowStatistics observed_statistics(WindowScaler scaler, std::span<const double> observed,
                                     const RevinAffine& affine = {}, bool compat = false);
/// Into network space with the raw statistics, and back into original space.
double scale_value(WindowScaler scaler, const WindowStatistics& s, double x);
double unscale_value(WindowScaler scaler, const WindowStatistics& s, double z);
/// z[t] = scale_value(x[t]) rounded to float, for spans of one length.
void scale_values(WindowScaler scaler, const WindowStatistics& s, std::span<const double> x,
                  std::span<float> z);

enum class SeriesScaler : uint8_t { none, standard, minmax, robust, robust_iqr, boxcox };
/// "" and "none" → none; throws E0010 with the closest name. `option`: where the name was given.
SeriesScaler parse_series_scaler(std::string_view name, const char* option = "localScaler");
std::string_view name_of(SeriesScaler scaler);

/// Shift and scale of one series: mean/std, min/range, median/MAD, median/IQR as in coreforecast;
/// |scale| < eps counts as 1. boxcox: λ and 1.
struct SeriesStatistics {
  double shift = 0, scale = 1;
};
/// Statistics of finite values; an empty series has shift 0, scale 1. Throws E0011 naming `series`
/// for a value that boxcox cannot transform (<= 0). `compat`: λ in the reference's precision. Of a
/// static column the values are those of all series.
SeriesStatistics series_statistics(SeriesScaler scaler, std::span<const double> values,
                                   std::string_view series = "", bool compat = false);
/// Into the scale in which networks see a series, and back.
double scale_value(SeriesScaler scaler, const SeriesStatistics& s, double x);
double unscale_value(SeriesScaler scaler, const SeriesStatistics& s, double z);

}  // namespace nd::data
