// Intervals of a stream behind a JavaScript object: describe, forecast, update, save, dispose.
#pragma once

#include "handle.h"
#include "serve/adaptive.h"

namespace nd::binding {

template <>
struct HandleTraits<serve::AdaptiveIntervals> {
  static constexpr Kind kind = Kind::adaptive;
  static constexpr const char* name = "adaptiveIntervals";
};

void define_adaptive(Napi::Env env);
/// (JSON text): of {horizon, levels, rate}, with {series} too what save() gave.
Napi::Value create_adaptive(const Napi::CallbackInfo& info);

}  // namespace nd::binding
