// The model registry is the single source of truth: from a spec come validation, the JSON of saved models, the
// TypeScript option types and their JSDoc, the factories, the CLI's help and docs/models.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/graph.h"

namespace nd {

enum class ParamType : uint8_t { integer, number, boolean, choice, integer_list, number_list, choice_list, integer_matrix, object };

/// No bound on that side.
inline constexpr double kUnbounded = 1e308;

/// One option: its name (snake_case; camelCase in JSON and JavaScript, mechanically), default, range and meaning.
struct ParamSpec {
  std::string_view name;
  ParamType type = ParamType::number;
  std::string_view default_json = {};  ///< JSON text of the default; "" = required, "null" = absent
  std::string_view doc = {};           ///< one sentence with the unit
  double minimum = -kUnbounded, maximum = kUnbounded;    ///< of each number
  bool open_minimum = false, open_maximum = false;       ///< the bound itself is excluded
  std::vector<std::string_view> choices = {};            ///< of choice and choice_list; "cubic-*" is a prefix
  bool nullable = false;
  bool single = false;  ///< a list option that also accepts one bare element
};

/// Validated options with defaults filled in. Names are the snake_case ones of the spec.
class Options {
 public:
  Options();
  /// Checks `json` (camelCase object) against `specs`: unknown names (closest known one is named), types, ranges.
  /// Throws E0010; `place` opens the message, e.g. "nhits".
  Options(const nlohmann::json& json, std::span<const ParamSpec> specs, std::string_view place);
  ~Options();
  Options(const Options&);
  Options(Options&&) noexcept;
  Options& operator=(const Options&);
  Options& operator=(Options&&) noexcept;

  int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::string choice(std::string_view name) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<double> numbers(std::string_view name) const;
  std::vector<std::string> choices(std::string_view name) const;
  std::vector<std::vector<int64_t>> matrix(std::string_view name) const;
  bool is_null(std::string_view name) const;
  /// camelCase object with every option, defaults included, in the order of the specs.
  const nlohmann::ordered_json& json() const;

 private:
  std::unique_ptr<nlohmann::ordered_json> values_;
};

/// snake_case → camelCase, mechanically ("n_pool_kernel_size" → "nPoolKernelSize").
std::string camel_case(std::string_view snake);
/// The nearest of `known` by edit distance (letter case and underscores do not count), or "" when nothing is near.
std::string closest_name(std::string_view received, std::span<const std::string> known);

/// Sizes that a model does not choose: L, H, Q and the widths of its exogenous inputs (after embedding).
struct Geometry {
  int64_t input_size = 0;  ///< L
  int64_t horizon = 0;     ///< H
  int64_t outputs = 1;     ///< Q, numbers per horizon step, set by the loss
  int64_t futr = 0, hist = 0, stat = 0;  ///< F, X, S
};

enum class Phase : uint8_t { train, infer };

/// The inputs of a univariate network; absent exogenous inputs are invalid Vars.
struct ModelInputs {
  Var insample_y;     ///< [B, L], scaled
  Var insample_mask;  ///< [B, L], 1 = observed
  Var futr_exog;      ///< [B, L+H, F]
  Var hist_exog;      ///< [B, L, X]
  Var stat_exog;      ///< [B, S]
};

/// Everything a build function needs; it emits ops into `graph` and returns the raw output [B, H, Q].
struct BuildArgs {
  Graph& graph;
  const Options& options;
  const Geometry& geometry;
  const ModelInputs& in;
  Phase phase;
};

struct Capabilities {
  bool futr = false, hist = false, stat = false;
  bool multivariate = false, recurrent = false;
  bool interpretable = false;
};

/// A training default that a model overrides, as JSON text.
struct DefaultOverride {
  std::string_view name;  ///< of a TrainConfig option, snake_case
  std::string_view json;
};

struct ModelSpec {
  std::string_view name;     ///< "NHITS": also in files and forecast columns
  std::string_view family;   ///< "N-HiTS"
  std::string_view paper;    ///< authors, venue, link
  std::string_view summary;  ///< one sentence
  std::vector<ParamSpec> params;
  Capabilities capabilities;
  std::vector<DefaultOverride> train_defaults;
  Var (*build)(const BuildArgs&);
  /// Other names under which the reference stores a tensor, as (other, ours); a name that ends in "." stands for all
  /// parameters with that prefix. nullptr = none.
  std::vector<std::pair<std::string, std::string>> (*aliases)(const Options&) = nullptr;
};

/// Options of one model and of its training as one flat list, with the training defaults that the model overrides:
/// what a user writes in `nhits({ maxSteps: 500, nBlocks: [1, 1, 1] })`. Without loss, validLoss, alias, horizon and
/// inputSize, which callers take out first.
std::vector<ParamSpec> model_and_training_params(const ModelSpec& spec);
/// horizon, inputSize, alias, loss, validLoss, exogenous columns: the options that are neither the model's nor training's.
std::span<const ParamSpec> common_params();

/// Every model, in one explicit list (native/models/list.cc).
std::span<const ModelSpec* const> model_list();
/// Case-insensitive; throws E0010 naming the closest known model.
const ModelSpec& find_model(std::string_view name);

/// models, losses, training and common options, scalers, optimizers, errors as JSON: what the TypeScript generator,
/// the documentation and the `models` command print.
nlohmann::ordered_json registry_json();

}  // namespace nd
