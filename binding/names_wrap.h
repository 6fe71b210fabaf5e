// Names of many series across the border without holding up the event loop: out of native memory in
// pieces that the caller chooses, into it as UTF-8 bytes that a job cuts up on its thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "handle.h"

namespace nd::binding {

using Names = const std::vector<std::string>;

template <>
struct HandleTraits<Names> {
  static constexpr Kind kind = Kind::names;
  static constexpr const char* name = "list of names";
};

void define_names(Napi::Env env);

/// The names [begin, end) of the two arguments of a call, as an array of JavaScript.
Napi::Value names_between(const Napi::CallbackInfo& info, Names& names);

/// Name i is bytes [ends[i - 1], ends[i]). Valid as long as its typed arrays; `unpack` is for any
/// thread.
struct PackedNames {
  std::span<uint8_t> bytes;
  std::span<int32_t> ends;

  PackedNames(const Napi::Value& bytes, const Napi::Value& ends, const char* place);
  /// Throws E0014 when the ends are no such positions.
  std::vector<std::string> unpack() const;
};

}  // namespace nd::binding
