#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/target.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"

#include "simd/dispatch.h"
#include "simd/target.h"

HWY_BEFORE_NAMESPACE();
namespace nd::simd::HWY_NAMESPACE {

int64_t current_target() { return HWY_TARGET; }

}  // namespace nd::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cstdlib>

namespace nd::simd {

HWY_EXPORT(current_target);

std::string target_name() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(current_target)()); }

namespace {

/// What this binary and this processor share, less ND_DISABLE_TARGETS; select_target does not
/// change it.
const std::vector<int64_t>& available_targets() {
  static const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  return targets;
}

}  // namespace

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const int64_t target : available_targets()) names.push_back(hwy::TargetName(target));
  return names;
}

bool select_target(std::string_view name) {
  int64_t chosen = 0;
  for (const int64_t target : available_targets()) {
    if (name == hwy::TargetName(target)) chosen = target;
  }
  hwy::SetSupportedTargetsForTest(chosen);  // 0: all of them
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return name.empty() || chosen != 0;
}

bool apply_target_environment() {
  static const bool applied = [] {
    const char* variable = std::getenv("ND_DISABLE_TARGETS");
    std::string_view names = variable ? variable : "";
    int64_t disabled = 0;
    while (!names.empty()) {
      const size_t comma = names.find(',');
      const std::string_view name = names.substr(0, comma);
      for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
        if (name == hwy::TargetName(target)) disabled |= target;
      }
      names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
    if (disabled) hwy::DisableTargets(disabled);
    available_targets();
    // Listing the targets has dispatched to the best of all, disabled ones included.
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return true;
  }();
  return applied;
}

}  // namespace nd::simd
#endif  // HWY_ONCE
