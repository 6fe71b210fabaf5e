#include "base/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace nd {

nlohmann::ordered_json finite_or_null(double value) {
  if (std::isfinite(value)) return value;
  return nullptr;
}

}  // namespace nd
