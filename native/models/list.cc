#include "models/list.h"

#include <array>

#include "base/error.h"

namespace nd {

std::span<const ModelSpec* const> model_list() {
  static constexpr std::array<const ModelSpec*, 5> kModels = {&kMlp, &kDLinear, &kNLinear, &kNBeats,
                                                              &kNHits};
  return kModels;
}

const ModelSpec& find_model(std::string_view name) {
  std::vector<std::string> known;
  for (const ModelSpec* spec : model_list()) {
    if (lower_case(spec->name) == lower_case(name)) return *spec;
    known.emplace_back(spec->name);
  }
  const std::string near = closest_name(name, known);
  std::string message = "[models] received model \"" + std::string(name) + "\", expected one of ";
  for (size_t i = 0; i < known.size(); ++i) message += (i > 0 ? ", " : "") + known[i];
  if (!near.empty()) message += "; did you mean \"" + near + "\"?";
  throw Error(Code::config, message);
}

}  // namespace nd
