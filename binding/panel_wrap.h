// A checked panel behind a JavaScript object: describe(), dispose().
#pragma once

#include <functional>

#include "data/panel.h"
#include "handle.h"

namespace nd::binding {

template <>
struct HandleTraits<const data::Panel> {
  static constexpr Kind kind = Kind::panel;
  static constexpr const char* name = "panel";
};

void define_panel(Napi::Env env);
/// Reads a NativeFuture: a function that copies its columns, to be called while JavaScript keeps
/// the object alive.
std::function<data::RawFuture()> future_argument(const Napi::Object& input, const char* place);
/// createPanel(input, done): copies the columns and checks them on another thread.
Napi::Value create_panel(const Napi::CallbackInfo& info);

}  // namespace nd::binding
