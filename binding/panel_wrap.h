// A checked panel behind a JavaScript object: describe(), dispose().
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/panel.h"
#include "handle.h"
#include "names_wrap.h"

namespace nd::binding {

template <>
struct HandleTraits<const data::Panel> {
  static constexpr Kind kind = Kind::panel;
  static constexpr const char* name = "panel";
};

/// A column whose values stay where JavaScript has them until they are copied.
struct FeatureArray {
  std::string name;
  std::span<const double> values;
  PackedNames categories;
};

/// Reads a list of NativeFeature; `rows`: values of each, -1 = any number.
std::vector<FeatureArray> feature_arrays(const Napi::Value& value, int64_t rows, const char* place);
/// For any thread, while JavaScript keeps the arrays alive.
std::vector<data::Feature> copied(const std::vector<FeatureArray>& arrays);

void define_panel(Napi::Env env);
/// Reads a NativeFuture: a function that copies its columns, to be called while JavaScript keeps
/// the object alive.
std::function<data::RawFuture()> future_argument(const Napi::Object& input, const char* place);
/// createPanel(input, done): copies the columns and checks them on another thread.
Napi::Value create_panel(const Napi::CallbackInfo& info);

}  // namespace nd::binding
