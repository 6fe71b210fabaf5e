// JavaScript values to engine types and back. Arguments come from our own facade, which has
// validated them: a wrong one is a bug of ours and says so (E0014). Whatever the engine throws
// crosses the border as a plain record; the facade makes the Error from it, so that classes and
// realms are the caller's.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "napi_setup.h"

namespace nd::binding {

/// What JavaScript is told about a failure: NativeFailure of lib/native.ts.
struct Failure {
  std::string code;
  std::string number;
  std::string message;
  std::string details;  ///< text of a JSON object
};

/// The failure behind the exception that is being handled; call it inside a catch block. Never
/// throws.
Failure current_failure() noexcept;
/// {code, number, message, details}.
Napi::Object to_js(Napi::Env env, const Failure& failure);
/// Makes `failure` the pending JavaScript exception.
void throw_to_js(Napi::Env env, const Failure& failure);

/// Argument `index` as each type; throws E0014 naming `place` when it is something else.
std::string string_argument(const Napi::CallbackInfo& info, size_t index, const char* place);
int64_t integer_argument(const Napi::CallbackInfo& info, size_t index, const char* place);
Napi::Function function_argument(const Napi::CallbackInfo& info, size_t index, const char* place);
/// JSON text, parsed.
nlohmann::json json_argument(const Napi::CallbackInfo& info, size_t index, const char* place);

/// The elements of a typed array, valid until control returns to JavaScript; E0002 when its buffer
/// was detached (transferred to another thread) since JavaScript made it `expected` long; -1 = any
/// length.
std::span<double> doubles(const Napi::Value& value, int64_t expected, const char* place);
std::span<uint8_t> uint8s(const Napi::Value& value, int64_t expected, const char* place);
std::span<int32_t> int32s(const Napi::Value& value, int64_t expected, const char* place);
std::span<int64_t> int64s(const Napi::Value& value, int64_t expected, const char* place);

/// The member "threads" of a request, the default of this machine when absent or 0.
int threads_of(const nlohmann::json& options);

}  // namespace nd::binding
