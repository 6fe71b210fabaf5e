// The addon: what lib/native.ts calls NativeBinding, and the state of each environment.
#include <nlohmann/json.hpp>

#include "adaptive_wrap.h"
#include "base/version.h"
#include "forecaster_wrap.h"
#include "models/spec.h"
#include "names_wrap.h"
#include "panel_wrap.h"
#include "parallel/team.h"
#include "predictor_wrap.h"
#include "simd/gemm_bf16.h"
#include "simd/target.h"

namespace nd::binding {

namespace {

Napi::Value runtime_info(const Napi::CallbackInfo& info) {
  const nlohmann::ordered_json facts = {{"version", kPackageVersion},
                                        {"target", simd::target_name()},
                                        {"targets", simd::target_names()},
                                        {"bf16", simd::bf16_unit()},
                                        {"threads", parallel::default_threads()},
                                        {"napi", NAPI_VERSION},
                                        {"compiler", __VERSION__}};
  return Napi::String::New(info.Env(), facts.dump());
}

Napi::Value registry(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), registry_json().dump());
}

Napi::Value stats(const Napi::CallbackInfo& info) {
  const nlohmann::ordered_json facts = {{"inFlight", jobs(info.Env()).in_flight()},
                                        {"capacity", JobQueue::kCapacity}};
  return Napi::String::New(info.Env(), facts.dump());
}

Napi::Value shut_down(const Napi::CallbackInfo& info) {
  jobs(info.Env()).shut_down();
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto state = std::make_unique<Addon>();
  state->jobs = JobQueue::create(env);
  env.SetInstanceData(state.release());
  define_panel(env);
  define_forecaster(env);
  define_predictor(env);
  define_names(env);
  define_adaptive(env);
  const std::initializer_list<napi_property_descriptor> functions = {
      method<runtime_info>("runtimeInfo"),
      method<registry>("registry"),
      method<stats>("stats"),
      method<create_panel>("createPanel"),
      method<create_forecaster>("createForecaster"),
      method<load_forecaster>("loadForecaster"),
      method<import_forecaster>("importForecaster"),
      method<create_adaptive>("createAdaptiveIntervals"),
      method<shut_down>("shutDown")};
  napi_define_properties(env, exports, functions.size(), functions.begin());
  return exports;
}

}  // namespace

}  // namespace nd::binding

static Napi::Object nd_init(Napi::Env env, Napi::Object exports) {
  return nd::binding::init(env, exports);
}
NODE_API_MODULE(neuro_divergent, nd_init)
