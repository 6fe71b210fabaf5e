// The model registry is the single source of truth: from a spec come validation, the JSON of saved
// models, the TypeScript option types and their JSDoc, the factories, the CLI's help and
// docs/models.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"
#include "ops/graph.h"

namespace nd {

/// An exogenous column of texts: its values are places in a vocabulary, from 1; 0 is a value that
/// training did not see. Each has a learned vector.
struct CategoricalInput {
  int64_t cardinality = 0;  ///< values of the vocabulary
  int64_t dim = 0;          ///< numbers per vector
  bool operator==(const CategoricalInput&) const = default;
};

/// Sizes that a model does not choose: L, H, Q, N and the widths of its exogenous inputs (after
/// embedding).
struct Geometry {
  int64_t input_size = 0;                ///< L
  int64_t horizon = 0;                   ///< H
  int64_t outputs = 1;                   ///< Q, numbers per horizon step, set by the loss
  int64_t futr = 0, hist = 0, stat = 0;  ///< F, X, S
  int64_t series = 1;                    ///< N, set from `n_series` of a multivariate model
  /// The last columns of F, X and S, as vectors of categories.
  std::vector<CategoricalInput> futr_categories{}, hist_categories{}, stat_categories{};
};

/// `step` is one time step of a recurrent model whose state comes in and goes out (next_name).
enum class Phase : uint8_t { train, infer, step };

/// The inputs of a network, univariate | multivariate; absent exogenous inputs are invalid Vars. A
/// recurrent network reads all of them, future ones included, at the same T steps; exogenous ones
/// are those of the step to come.
struct ModelInputs {
  Var insample_y;     ///< [B, L] | [B, L, N], scaled
  Var insample_mask;  ///< [B, L] | [B, L, N], 1 = observed
  Var futr_exog;      ///< [B, L+H, F] | [B, F, L+H, N]
  Var hist_exog;      ///< [B, L, X] | [B, X, L, N]
  Var stat_exog;      ///< [B, S] | [N, S]
};

/// Everything a build function needs; it emits ops into `graph` and returns the raw output [B, H,
/// Q], of a multivariate model [B, H, Q·N] (all series of the first output, then of the second …).
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
  /// Whether a network with these options forecasts one step at a time and reads its own forecasts
  /// back; nullptr = never. It has the options h_train and inference_input_size. In its graphs
  /// `horizon` of BuildArgs is the number of last steps whose successors it gives: h_train in
  /// training, else 1. In the phases infer and step it hands out its state as next_name().
  bool (*recurrent)(const Options&) = nullptr;
  /// Other names under which the reference stores a tensor, as (other, ours); a name that ends in
  /// "." stands for all parameters with that prefix. nullptr = none.
  std::vector<std::pair<std::string, std::string>> (*aliases)(const Options&) = nullptr;
};

/// Every model, in one explicit list (native/models/list.cc).
std::span<const ModelSpec* const> model_list();
/// Case-insensitive; throws E0010 naming the closest known model.
const ModelSpec& find_model(std::string_view name);

// The three below also name training options and are defined above this layer, in
// train/registry.cc.

/// Options of one model and of its training as one flat list, with the training defaults that the
/// model overrides: what a user writes in `nhits({ maxSteps: 500, nBlocks: [1, 1, 1] })`. Without
/// loss, validLoss, alias, horizon and inputSize, which callers take out first.
std::vector<ParamSpec> model_and_training_params(const ModelSpec& spec);
/// horizon, inputSize, alias, loss, validLoss, exogenous columns: the options that are neither the
/// model's nor training's.
std::span<const ParamSpec> common_params();

/// The option that every multivariate model has: how many series its windows hold.
ParamSpec n_series_param();

/// models, losses, training and common options, scalers, optimizers, errors as JSON: what the
/// TypeScript generator, the documentation and the `models` command print.
nlohmann::ordered_json registry_json();

}  // namespace nd
