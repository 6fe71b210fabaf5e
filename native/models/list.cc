#include "models/list.h"

#include "base/error.h"

namespace nd {

std::span<const ModelSpec* const> model_list() {
  // clang-format off: one line per model
  static constexpr const ModelSpec* kModels[] = {
      &kMlp,       &kDLinear,  &kNLinear, &kNBeats,     &kNHits,
      &kLstmModel, &kPatchTst, &kTsMixer, &kAutoformer,
  };
  // clang-format on
  return kModels;
}

ParamSpec n_series_param() {
  return {.name = "n_series",
          .type = ParamType::integer,
          .doc =
              "Number of series that the model forecasts together: the panel must have exactly "
              "so many.",
          .minimum = 1,
          .maximum = 100000};
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
