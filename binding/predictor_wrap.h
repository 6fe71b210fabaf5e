// A predictor behind a JavaScript object: describe, predictSync, predict, dispose.
#pragma once

#include "handle.h"
#include "serve/predictor.h"

namespace nd::binding {

template <>
struct HandleTraits<serve::Predictor> {
  static constexpr Kind kind = Kind::predictor;
  static constexpr const char* name = "predictor";
};

void define_predictor(Napi::Env env);

}  // namespace nd::binding
