#include "base/error.h"

#include <array>

namespace nd {

namespace {
constexpr std::array<std::string_view, 15> kNames = {
    "ERR_ND_NOT_FITTED", "ERR_ND_SHAPE",  "ERR_ND_EMPTY",  "ERR_ND_FEATURES", "ERR_ND_HORIZON",
    "ERR_ND_FILE",       "ERR_ND_DEVICE", "ERR_ND_MEMORY", "ERR_ND_DIVERGED", "ERR_ND_CONFIG",
    "ERR_ND_DATA",       "ERR_ND_BUSY",   "ERR_ND_BINARY", "ERR_ND_INTERNAL", "AbortError"};
}  // namespace

std::string_view code_name(Code code) { return kNames[static_cast<size_t>(code)]; }

std::string code_number(Code code) {
  if (code == Code::aborted) return "";
  const std::string digits = std::to_string(static_cast<int>(code) + 1);
  return "E" + std::string(4 - digits.size(), '0') + digits;
}

void check_internal(bool holds, const char* what) {
  if (!holds) {
    throw Error(Code::internal, std::string("[internal] broken invariant: ") + what +
                                    "; please report it with the call that led here");
  }
}

}  // namespace nd
