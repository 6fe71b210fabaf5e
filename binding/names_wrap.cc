#include "names_wrap.h"

#include <algorithm>

namespace nd::binding {

namespace {

Napi::Value count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(unwrap<Names>(info.This())->size()));
}

Napi::Value read(const Napi::CallbackInfo& info) {
  return names_between(info, *unwrap<Names>(info.This()));
}

}  // namespace

void define_names(Napi::Env env) {
  define_class(env, Kind::names, "NativeNames",
               {method<count>("count"), method<read>("read"), method<dispose<Names>>("dispose")});
}

Napi::Value names_between(const Napi::CallbackInfo& info, Names& names) {
  const auto count = static_cast<int64_t>(names.size());
  const int64_t begin = std::clamp<int64_t>(integer_argument(info, 0, "names"), 0, count);
  const int64_t end = std::clamp<int64_t>(integer_argument(info, 1, "names"), begin, count);
  const auto out = Napi::Array::New(info.Env(), static_cast<size_t>(end - begin));
  for (int64_t i = begin; i < end; ++i) {
    const Napi::HandleScope scope(info.Env());
    out.Set(static_cast<uint32_t>(i - begin),
            Napi::String::New(info.Env(), names[static_cast<size_t>(i)]));
  }
  return out;
}

PackedNames::PackedNames(const Napi::Value& packed, const Napi::Value& positions, const char* place)
    : bytes(uint8s(packed, -1, place)), ends(int32s(positions, -1, place)) {}

std::vector<std::string> PackedNames::unpack() const {
  std::vector<std::string> names;
  names.reserve(ends.size());
  size_t begin = 0;
  for (const int32_t position : ends) {
    const auto end = static_cast<size_t>(position);
    if (position < 0 || end < begin || end > bytes.size())
      throw Error(Code::internal, "[binding] received names whose ends are not in order");
    names.emplace_back(bytes.begin() + static_cast<ptrdiff_t>(begin),
                       bytes.begin() + static_cast<ptrdiff_t>(end));
    begin = end;
  }
  return names;
}

}  // namespace nd::binding
