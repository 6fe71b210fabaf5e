// Engine objects held by JavaScript: a small object with methods, type-tagged, that owns a shared
// pointer. Jobs hold pointers of their own, so that dispose() and garbage collection during a job
// are safe; the finalizer only drops one and touches no JavaScript. `entry` is the one door of
// every native function: no exception passes it.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "jobs.h"

namespace nd::binding {

enum class Kind : uint8_t { panel, table, forecaster, predictor, names, adaptive };
inline constexpr size_t kKinds = 6;

/// Which class of JavaScript holds a T; specialised beside each wrapper: `static constexpr Kind
/// kind; … name`.
template <class T>
struct HandleTraits;

/// Everything that belongs to one environment.
struct Addon {
  std::shared_ptr<JobQueue> jobs;
  std::array<Napi::FunctionReference, kKinds> classes;
};

inline Addon& addon(Napi::Env env) { return *env.GetInstanceData<Addon>(); }
inline JobQueue& jobs(Napi::Env env) { return *addon(env).jobs; }

/// Differs between kinds, and between two copies of the addon in one process, whose layouts need
/// not agree.
napi_type_tag type_tag(Kind kind);

/// Turns `body` into a Node-API callback.
template <Napi::Value (*body)(const Napi::CallbackInfo&)>
napi_value entry(napi_env env, napi_callback_info raw) {
  try {
    try {
      const Napi::CallbackInfo info(env, raw);
      return body(info);
    } catch (const Napi::Error& error) {
      error.ThrowAsJavaScriptException();
    } catch (...) {
      throw_to_js(Napi::Env(env), current_failure());
    }
  } catch (...) {
    // While a worker is being terminated not even an exception can be made, and nobody would see
    // it.
  }
  return nullptr;
}

template <Napi::Value (*body)(const Napi::CallbackInfo&)>
napi_property_descriptor method(const char* name) {
  return {name, nullptr, &entry<body>, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

template <class T>
struct Handle {
  std::shared_ptr<T> object;  ///< null once disposed
};

/// A JavaScript object that owns `object`.
template <class T>
Napi::Object wrap(Napi::Env env, std::shared_ptr<T> object) {
  using Traits = HandleTraits<T>;
  const Napi::Object self = addon(env).classes[static_cast<size_t>(Traits::kind)].New({});
  auto handle = std::make_unique<Handle<T>>(Handle<T>{std::move(object)});
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<Handle<T>*>(data); };
  const napi_type_tag tag = type_tag(Traits::kind);
  if (napi_type_tag_object(env, self, &tag) != napi_ok ||
      napi_wrap(env, self, handle.get(), drop, nullptr, nullptr) != napi_ok) {
    throw Error(Code::internal, std::string("[binding] could not wrap a ") + Traits::name);
  }
  handle.release();
  return self;
}

/// The handle behind a value; throws when it is anything else, `A.prototype.method.call(b)`
/// included.
template <class T>
Handle<T>& handle_of(const Napi::Value& value) {
  using Traits = HandleTraits<T>;
  const napi_type_tag tag = type_tag(Traits::kind);
  bool matches = false;
  void* data = nullptr;
  if (!value.IsObject() ||
      napi_check_object_type_tag(value.Env(), value, &tag, &matches) != napi_ok || !matches ||
      napi_unwrap(value.Env(), value, &data) != napi_ok) {
    throw Error(
        Code::internal,
        std::string("[binding] received something else, expected a native ") + Traits::name);
  }
  return *static_cast<Handle<T>*>(data);
}

/// The object behind a value; throws E0012 once it was disposed.
template <class T>
std::shared_ptr<T> unwrap(const Napi::Value& value) {
  Handle<T>& handle = handle_of<T>(value);
  if (!handle.object)
    throw Error(Code::busy, std::string("[") + HandleTraits<T>::name + "] was disposed");
  return handle.object;
}

/// dispose(): drops our pointer; jobs in flight keep theirs. Harmless when repeated.
template <class T>
Napi::Value dispose(const Napi::CallbackInfo& info) {
  handle_of<T>(info.This()).object.reset();
  return info.Env().Undefined();
}

/// Defines the class of a kind. It is not exported and its constructor makes objects that no method
/// accepts.
void define_class(Napi::Env env, Kind kind, const char* name,
                  std::initializer_list<napi_property_descriptor> methods);

}  // namespace nd::binding
