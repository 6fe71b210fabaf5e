#include "adaptive_wrap.h"

#include <nlohmann/json.hpp>

namespace nd::binding {

namespace {

using serve::AdaptiveIntervals;

Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto intervals = unwrap<AdaptiveIntervals>(info.This());
  const nlohmann::ordered_json description = {{"horizon", intervals->horizon()},
                                              {"levels", intervals->levels()}};
  return Napi::String::New(info.Env(), description.dump());
}

Napi::Value forecast(const Napi::CallbackInfo& info) {
  constexpr const char* place = "forecast";
  const auto intervals = unwrap<AdaptiveIntervals>(info.This());
  const std::string series = string_argument(info, 0, place);
  const auto point = doubles(info[1], -1, place);
  const auto size = static_cast<int64_t>(2 * intervals->levels().size() * point.size());
  intervals->forecast(series, point, doubles(info[2], size, place));
  return info.Env().Undefined();
}

Napi::Value update(const Napi::CallbackInfo& info) {
  constexpr const char* place = "update";
  const auto intervals = unwrap<AdaptiveIntervals>(info.This());
  const std::string series = string_argument(info, 0, place);
  intervals->update(series, info[1].As<Napi::Number>().DoubleValue());
  return info.Env().Undefined();
}

Napi::Value save(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), unwrap<AdaptiveIntervals>(info.This())->save().dump());
}

}  // namespace

void define_adaptive(Napi::Env env) {
  define_class(
      env, Kind::adaptive, "NativeAdaptiveIntervals",
      {method<describe>("describe"), method<forecast>("forecast"), method<update>("update"),
       method<save>("save"), method<dispose<AdaptiveIntervals>>("dispose")});
}

Napi::Value create_adaptive(const Napi::CallbackInfo& info) {
  return wrap(info.Env(), std::make_shared<AdaptiveIntervals>(AdaptiveIntervals::load(
                              json_argument(info, 0, "createAdaptiveIntervals"))));
}

}  // namespace nd::binding
