// Into the panels of a matrix product, and out of them.
#pragma once

#include <memory>

#include "backends/cpu/kernel.h"
#include "graph/parameters.h"

namespace nd::cpu {

/// Writes the right operand `form` of `in` as panels to `out`, padding lanes zero.
std::unique_ptr<Kernel> make_pack(Slot in, Slot out, const PanelForm& form);
/// Writes the packed parameter at `in` in canonical order to `out`.
std::unique_ptr<Kernel> make_unpack(Slot in, Slot out, const ParameterEntry& entry);

}  // namespace nd::cpu
