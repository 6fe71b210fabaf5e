#include "convert.h"

#include <nlohmann/json.hpp>

#include <new>
#include <system_error>

#include "base/error.h"
#include "parallel/team.h"

namespace nd::binding {

namespace {

[[noreturn]] void wrong_argument(const char* place, const char* expected) {
  throw Error(Code::internal, std::string("[") + place + "] received a wrong argument, expected " +
                                  expected + "; please report it with the call that led here");
}

Failure make_failure(Code code, std::string message, std::string details = "{}") {
  return {std::string(code_name(code)), code_number(code), std::move(message), std::move(details)};
}

template <class T>
std::span<T> elements(const Napi::Value& value, napi_typedarray_type type, int64_t expected,
                      const char* place, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type)
    wrong_argument(place, what);
  auto array = value.As<Napi::TypedArrayOf<T>>();
  const auto length = static_cast<int64_t>(array.ElementLength());
  if (expected >= 0 && length != expected) {
    throw Error(Code::shape, std::string("[") + place + "] received an array of " +
                                 std::to_string(length) + " numbers, expected " +
                                 std::to_string(expected) +
                                 (length == 0 ? "; its buffer was detached meanwhile" : ""));
  }
  return std::span<T>(length == 0 ? nullptr : array.Data(), static_cast<size_t>(length));
}

}  // namespace

Failure current_failure() noexcept {
  try {
    try {
      throw;
    } catch (const Error& error) {
      return make_failure(error.code(), error.message(), error.details());
    } catch (const std::bad_alloc&) {
      return make_failure(Code::memory,
                          "[memory] the system refused an allocation; use smaller batches or "
                          "models, or more memory");
    } catch (const std::system_error& error) {
      return make_failure(Code::internal, std::string("[system] ") + error.what());
    } catch (const std::exception& error) {
      return make_failure(Code::internal, std::string("[internal] ") + error.what() +
                                              "; please report it with the call that led here");
    } catch (...) {
      return make_failure(
          Code::internal,
          "[internal] an unknown exception; please report it with the call that led here");
    }
  } catch (...) {
    // Only an allocation can have failed here; these strings are short enough to need none.
    return {"ERR_ND_MEMORY", "E0008", "out of memory", "{}"};
  }
}

Napi::Object to_js(Napi::Env env, const Failure& failure) {
  Napi::Object record = Napi::Object::New(env);
  record.Set("code", failure.code);
  record.Set("number", failure.number);
  record.Set("message", failure.message);
  record.Set("details", failure.details);
  return record;
}

void throw_to_js(Napi::Env env, const Failure& failure) { napi_throw(env, to_js(env, failure)); }

std::string string_argument(const Napi::CallbackInfo& info, size_t index, const char* place) {
  if (!info[index].IsString()) wrong_argument(place, "a string");
  return info[index].As<Napi::String>().Utf8Value();
}

int64_t integer_argument(const Napi::CallbackInfo& info, size_t index, const char* place) {
  if (!info[index].IsNumber()) wrong_argument(place, "an integer");
  return info[index].As<Napi::Number>().Int64Value();
}

Napi::Function function_argument(const Napi::CallbackInfo& info, size_t index, const char* place) {
  if (!info[index].IsFunction()) wrong_argument(place, "a function");
  return info[index].As<Napi::Function>();
}

nlohmann::json json_argument(const Napi::CallbackInfo& info, size_t index, const char* place) {
  nlohmann::json value = nlohmann::json::parse(string_argument(info, index, place), nullptr, false);
  if (!value.is_object()) wrong_argument(place, "the JSON text of an object");
  return value;
}

std::span<double> doubles(const Napi::Value& value, int64_t expected, const char* place) {
  return elements<double>(value, napi_float64_array, expected, place, "a Float64Array");
}

std::span<uint8_t> uint8s(const Napi::Value& value, int64_t expected, const char* place) {
  return elements<uint8_t>(value, napi_uint8_array, expected, place, "a Uint8Array");
}

std::span<int32_t> int32s(const Napi::Value& value, int64_t expected, const char* place) {
  return elements<int32_t>(value, napi_int32_array, expected, place, "an Int32Array");
}

std::span<int64_t> int64s(const Napi::Value& value, int64_t expected, const char* place) {
  return elements<int64_t>(value, napi_bigint64_array, expected, place, "a BigInt64Array");
}

int threads_of(const nlohmann::json& options) {
  const int asked = options.value("threads", 0);
  return asked > 0 ? asked : parallel::default_threads();
}

}  // namespace nd::binding
