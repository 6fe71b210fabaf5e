// A forecaster behind a JavaScript object: fit, predict, save, loadWeights, info, predictor,
// dispose. What changes it runs on the serial lane; what asks it runs beside a fit and sees the
// state before it. Forecast tables are objects of their own, because only native code knows their
// size and only JavaScript may allocate what they are copied into.
#pragma once

#include <optional>
#include <string>

#include "forecast/forecaster.h"
#include "handle.h"

namespace nd::binding {

template <>
struct HandleTraits<forecast::Forecaster> {
  static constexpr Kind kind = Kind::forecaster;
  static constexpr const char* name = "forecaster";
};

template <>
struct HandleTraits<const forecast::ForecastTable> {
  static constexpr Kind kind = Kind::table;
  static constexpr const char* name = "forecast table";
};

/// The event of a fit, a trial or (`fit`) one of the fits of a cross-validation, as JSON text.
std::string progress_event(const std::string& model, const train::Progress& progress,
                           std::optional<forecast::FitPlace> fit = {});

void define_forecaster(Napi::Env env);
/// createForecaster(config): the native object; throws E0010.
Napi::Value create_forecaster(const Napi::CallbackInfo& info);
/// loadForecaster(path, done).
Napi::Value load_forecaster(const Napi::CallbackInfo& info);
/// importForecaster(path, done).
Napi::Value import_forecaster(const Napi::CallbackInfo& info);

}  // namespace nd::binding
