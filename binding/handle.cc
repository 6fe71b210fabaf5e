#include "handle.h"

namespace nd::binding {

napi_type_tag type_tag(Kind kind) {
  static const char anchor = 0;
  return {0x6e6575726f2d6476ULL + static_cast<uint64_t>(kind),
          reinterpret_cast<uintptr_t>(&anchor)};
}

void define_class(Napi::Env env, Kind kind, const char* name,
                  std::initializer_list<napi_property_descriptor> methods) {
  const auto construct = [](napi_env, napi_callback_info) -> napi_value { return nullptr; };
  napi_value constructor = nullptr;
  if (napi_define_class(env, name, NAPI_AUTO_LENGTH, construct, nullptr, methods.size(),
                        methods.begin(), &constructor) != napi_ok) {
    throw Error(Code::internal, std::string("[binding] could not define the class ") + name);
  }
  addon(env).classes[static_cast<size_t>(kind)] =
      Napi::Persistent(Napi::Function(env, constructor));
}

}  // namespace nd::binding
