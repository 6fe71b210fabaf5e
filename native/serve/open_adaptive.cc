// Forecaster::adaptive_intervals lives here, because serving is the layer above forecasting.
#include "forecast/intervals.h"
#include "serve/adaptive.h"

namespace nd::forecast {

std::unique_ptr<serve::AdaptiveIntervals> Forecaster::adaptive_intervals(const std::string& alias,
                                                                         std::vector<double> levels,
                                                                         double rate) const {
  constexpr const char* place = "adaptiveIntervals";
  const size_t index = impl_->config->find(alias, place);
  const auto now = impl_->require(place, static_cast<int64_t>(index));
  const Calibration* const calibration = now->calibration.get();
  const int64_t horizon = calibration != nullptr ? calibration->horizon : now->config->horizon;
  auto intervals = std::make_unique<serve::AdaptiveIntervals>(horizon, std::move(levels), rate);
  // Radii of one side begin at errors with their signs.
  if (calibration == nullptr || calibration->absolute || calibration->errors[index].empty())
    return intervals;
  const ForecastColumns columns =
      calibrated_columns(now->config->models[index], calibration->options);
  const std::vector<double>& errors = calibration->errors[index];
  const auto rows = static_cast<size_t>(calibration->options.windows * horizon);
  std::vector<double> own(rows);
  for (size_t s = 0; s < calibration->series.size(); ++s) {
    for (size_t row = 0; row < rows; ++row)
      own[row] = errors[(s * rows + row) * columns.size() + columns.point()];
    intervals->start(calibration->ids[static_cast<size_t>(calibration->series[s])], own);
  }
  return intervals;
}

}  // namespace nd::forecast
