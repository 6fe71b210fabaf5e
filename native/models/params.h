// Short forms of the options that many models have; `value` is the default as JSON.
#pragma once

#include "models/spec.h"

namespace nd {

/// A whole number from 1 to `maximum`.
inline ParamSpec integer(std::string_view name, std::string_view value, std::string_view doc,
                         double maximum = 1e6) {
  return {.name = name,
          .type = ParamType::integer,
          .default_json = value,
          .doc = doc,
          .minimum = 1,
          .maximum = maximum};
}

/// A probability below 1.
inline ParamSpec probability(std::string_view name, std::string_view value, std::string_view doc) {
  return {.name = name,
          .type = ParamType::number,
          .default_json = value,
          .doc = doc,
          .minimum = 0,
          .maximum = 0.999};
}

inline ParamSpec boolean(std::string_view name, std::string_view value, std::string_view doc) {
  return {.name = name, .type = ParamType::boolean, .default_json = value, .doc = doc};
}

}  // namespace nd
