// Cross-validation without an object around it: what Forecaster::cross_validate and the calibration
// of intervals share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "forecast/forecaster_impl.h"

namespace nd::forecast {

/// Forecasts of the last rows of `panel` by copies that are fitted as `request` says, or by
/// `fitted` where it uses the weights of now. `transfer` (nullptr = none): weights that fits begin
/// from and keep. `columns`: names of what the forecasts give.
ForecastTable run_cross_validation(std::shared_ptr<const ForecasterConfig> config,
                                   std::shared_ptr<const data::Panel> panel,
                                   const CrossValidationRequest& request,
                                   std::shared_ptr<const State> fitted,
                                   std::shared_ptr<const Transfer> transfer,
                                   std::vector<std::string> columns);

}  // namespace nd::forecast
