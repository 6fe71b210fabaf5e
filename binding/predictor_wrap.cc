#include "predictor_wrap.h"

#include <nlohmann/json.hpp>

#include "panel_wrap.h"

namespace nd::binding {

namespace {

using serve::Predictor;

nlohmann::ordered_json names_of(const data::Exogenous::Kind& kind) {
  nlohmann::ordered_json names = kind.numeric;
  for (const std::string& name : kind.categorical) names.push_back(name);
  return names;
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto predictor = unwrap<Predictor>(info.This());
  const nlohmann::ordered_json description = {
      {"inputSize", predictor->input_size()},
      {"horizon", predictor->horizon()},
      {"outputs", predictor->outputs()},
      {"columns", predictor->columns()},
      {"exogenous",
       {{"futrExog", names_of(predictor->exogenous().futr)},
        {"histExog", names_of(predictor->exogenous().hist)},
        {"statExog", names_of(predictor->exogenous().stat)}}}};
  return Napi::String::New(info.Env(), description.dump());
}

/// Windows of equal length in one array.
struct Windows {
  std::span<double> values;
  int64_t count = 0, length = 0;

  Windows(const Napi::CallbackInfo& info, const char* place)
      : values(doubles(info[0], -1, place)), count(integer_argument(info, 1, place)) {
    const auto total = static_cast<int64_t>(values.size());
    if (count < 1 || total % count != 0) {
      throw Error(Code::shape, std::string("[") + place + "] received " + std::to_string(total) +
                                   " values as " + std::to_string(count) +
                                   " windows, expected windows of equal length");
    }
    length = total / count;
  }
};

/// A NativeWindowColumns, copied; null = none.
serve::WindowColumns columns_argument(const Napi::Value& value, const char* place) {
  if (!value.IsObject()) return {};
  const auto columns = value.As<Napi::Object>();
  return {copied(feature_arrays(columns.Get("features"), -1, place)),
          copied(feature_arrays(columns.Get("statics"), -1, place))};
}

int64_t output_size(const Predictor& predictor, int64_t count) {
  return count * predictor.horizon() * predictor.outputs();
}

Napi::Value predict_sync(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predictSync";
  const auto predictor = unwrap<Predictor>(info.This());
  const Windows windows(info, place);
  const auto out = doubles(info[2], output_size(*predictor, windows.count), place);
  predictor->predict(windows.values, windows.count, windows.length, out,
                     columns_argument(info[3], place));
  return info.Env().Undefined();
}

Napi::Value predict(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predict";
  const auto predictor = unwrap<Predictor>(info.This());
  const Windows windows(info, place);
  const int64_t size = output_size(*predictor, windows.count);
  doubles(info[2], size, place);
  // Only the settling function, which runs and dies on the JavaScript thread, holds the array.
  const auto out =
      std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[2].As<Napi::Object>()));
  const auto input =
      std::make_shared<std::vector<double>>(windows.values.begin(), windows.values.end());
  const auto columns = std::make_shared<serve::WindowColumns>(columns_argument(info[3], place));
  const auto values = std::make_shared<std::vector<double>>();
  const int64_t count = windows.count, length = windows.length;
  return jobs(info.Env())
      .submit(info.Env(), {.abandonable = true,
                           .done = function_argument(info, 4, place),
                           .work =
                               [=](Job&) {
                                 values->resize(static_cast<size_t>(size));
                                 predictor->predict(*input, count, length, *values, *columns);
                               },
                           .settle = [=](Napi::Env env) -> Napi::Value {
                             std::copy(values->begin(), values->end(),
                                       doubles(out->Value(), size, place).begin());
                             return env.Null();
                           }});
}

}  // namespace

void define_predictor(Napi::Env env) {
  define_class(env, Kind::predictor, "NativePredictor",
               {method<describe>("describe"), method<predict_sync>("predictSync"),
                method<predict>("predict"), method<dispose<Predictor>>("dispose")});
}

}  // namespace nd::binding
