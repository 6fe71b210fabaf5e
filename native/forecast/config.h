// The configuration of a forecaster: what the user wrote, validated once, with every default filled
// in. Its JSON is part of saved files, so reading it back gives the same object.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/frequency.h"
#include "data/scalers.h"
#include "forecast/exogenous.h"
#include "losses/loss.h"
#include "models/network.h"
#include "train/config.h"

namespace nd::forecast {

/// One model, ready to be built, trained and asked; nothing in it depends on data.
struct ModelConfig {
  std::string alias;
  std::shared_ptr<const Network> network;
  std::optional<Loss> valid_loss;
  train::TrainConfig train;
  data::WindowScaler window_scaler = data::WindowScaler::identity;
  ExogenousOptions exogenous;
  /// Forecast columns: the alias with each output's suffix.
  std::vector<std::string> columns() const;
};

/// {frequency, horizon, inputSize, localScaler, localStaticScaler?, sampleWeight?, missing?,
/// unseenCategory?, compat, models}.
struct ForecasterConfig {
  std::string frequency;  ///< "" = that of the panel
  int64_t horizon = 0;
  int64_t input_size = 0;  ///< < 1 = three horizons, as in the reference
  data::SeriesScaler series_scaler = data::SeriesScaler::none;
  data::SeriesScaler static_scaler = data::SeriesScaler::none;  ///< of static columns, over series
  std::string sample_weight;   ///< column of the weights of rows in losses; "" = all weigh 1
  bool mask_missing = false;   ///< targets may be missing
  bool refuse_unseen = false;  ///< categories that the fit did not see
  bool compat = false;
  std::vector<ModelConfig> models;

  /// Longest history that any model reads.
  int64_t longest_input() const;
  /// Columns that some model reads as categories.
  std::vector<std::string> categorical_columns() const;
  /// Future columns that some model reads.
  std::vector<std::string> future_columns() const;
  /// Index of a model; "" = the only one. Throws E0010 naming the closest alias.
  size_t find(const std::string& alias, const char* place) const;
};

/// Validates the user's configuration. Throws E0010 naming place, option and the closest known
/// name.
ForecasterConfig parse_config(const nlohmann::json& json);
/// The configuration with cardinalities learned from data where none were given, and networks to
/// match.
std::shared_ptr<const ForecasterConfig> closed(std::shared_ptr<const ForecasterConfig> config,
                                               const Vocabularies& vocabularies);
/// The canonical form, with defaults: parse_config(config_json(c)) gives the same configuration.
nlohmann::ordered_json config_json(const ForecasterConfig& config);
/// Part of it: one model's options (model, training, horizon, inputSize, loss, validLoss).
nlohmann::ordered_json options_json(const ModelConfig& model);

}  // namespace nd::forecast
