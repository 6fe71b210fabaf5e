// Numbers as JSON can say them.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace nd {

/// `value`, or null where it is NaN or infinite.
nlohmann::ordered_json finite_or_null(double value);

}  // namespace nd
