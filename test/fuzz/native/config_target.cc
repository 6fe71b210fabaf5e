#include <nlohmann/json.hpp>

#include "forecast/config.h"
#include "targets.h"

namespace nd::fuzz {

void config(Bytes bytes) {
  const auto description = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (description.is_discarded()) return;  // the facade writes JSON, and a file's is parsed before
  const forecast::ForecasterConfig first = forecast::parse_config(description);
  const nlohmann::ordered_json canonical = forecast::config_json(first);
  const auto again = nlohmann::json::parse(canonical.dump());
  require(forecast::config_json(forecast::parse_config(again)) == canonical,
          "the canonical form reads as itself");
}

}  // namespace nd::fuzz
