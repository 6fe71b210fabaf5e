#include "ops/list.h"

namespace nd {

std::span<const OpDef* const> op_list() {
#define ND_ADDRESS(Name) &k##Name,
  static constexpr const OpDef* kOps[] = {ND_OPS(ND_ADDRESS)};
#undef ND_ADDRESS
  return kOps;
}

}  // namespace nd
