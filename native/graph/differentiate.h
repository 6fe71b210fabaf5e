// Reverse-mode differentiation as a graph transformation: the derivative is more graph, made of the
// same ops, so every backend, precision and pass that can run a forward pass can run its gradient.
#pragma once

#include <string>
#include <vector>

#include "ops/graph.h"

namespace nd {

/// Name of the output that holds d loss / d parameter (or input) `name`.
inline std::string gradient_name(std::string_view name) { return "grad." + std::string(name); }

/// Adds to `graph` the derivative of its scalar output `loss` by every trainable parameter (outputs
/// `grad.<parameter>`, canonical shape) and by the inputs named in `wrt_inputs` (outputs
/// `grad.<input>`). A parameter that the loss does not reach gets a zero gradient; one of `frozen`
/// gets none. Throws E0014 when an op on the way has none.
void differentiate(Graph& graph, std::string_view loss,
                   const std::vector<std::string>& wrt_inputs = {},
                   const std::vector<std::string>& frozen = {});

}  // namespace nd
