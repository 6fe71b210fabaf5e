#include "predictor_wrap.h"

#include <nlohmann/json.hpp>

namespace nd::binding {

namespace {

using serve::Predictor;

Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto predictor = unwrap<Predictor>(info.This());
  const nlohmann::ordered_json description = {{"inputSize", predictor->input_size()},
                                              {"horizon", predictor->horizon()},
                                              {"outputs", predictor->outputs()},
                                              {"columns", predictor->columns()}};
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

int64_t output_size(const Predictor& predictor, int64_t count) {
  return count * predictor.horizon() * predictor.outputs();
}

Napi::Value predict_sync(const Napi::CallbackInfo& info) {
  constexpr const char* place = "predictSync";
  const auto predictor = unwrap<Predictor>(info.This());
  const Windows windows(info, place);
  const auto out = doubles(info[2], output_size(*predictor, windows.count), place);
  predictor->predict(windows.values, windows.count, windows.length, out);
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
  const auto values = std::make_shared<std::vector<double>>();
  const int64_t count = windows.count, length = windows.length;
  return jobs(info.Env())
      .submit(info.Env(), {.abandonable = true,
                           .done = function_argument(info, 3, place),
                           .work =
                               [=](Job&) {
                                 values->resize(static_cast<size_t>(size));
                                 predictor->predict(*input, count, length, *values);
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
