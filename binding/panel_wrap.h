// A checked panel behind a JavaScript object: describe(), dispose().
#pragma once

#include "data/panel.h"
#include "handle.h"

namespace nd::binding {

template <>
struct HandleTraits<const data::Panel> {
  static constexpr Kind kind = Kind::panel;
  static constexpr const char* name = "panel";
};

void define_panel(Napi::Env env);
/// createPanel(input, done): copies the columns at once, checks them on another thread.
Napi::Value create_panel(const Napi::CallbackInfo& info);

}  // namespace nd::binding
