// Exogenous columns as a model's options name them, and what turns their values into numbers:
// vocabularies of categories, learned by a fit.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/panel.h"
#include "models/spec.h"

namespace nd::forecast {

/// The values of each categorical column, in order: value i has the place i + 1, and 0 is a value
/// that the fit did not see.
using Vocabularies = std::map<std::string, std::vector<std::string>>;

/// Takes `name` out of a flat object of options; null when absent.
nlohmann::json take_option(nlohmann::json& options, const char* name);

/// futrExog, histExog, statExog, catExog, catCardinalities and catEmbDim of one model.
class ExogenousOptions {
 public:
  ExogenousOptions() = default;
  /// Takes its options out of a flat object. Throws E0010 naming `place` and option.
  ExogenousOptions(nlohmann::json& options, const std::string& place);

  /// The columns, numbers and categories apart, each in the order in which they were given.
  data::Exogenous names() const;
  const std::vector<std::string>& categorical() const { return categorical_; }
  /// Sets widths and categories. A cardinality that is not known yet counts as 1.
  void apply(Geometry& geometry) const;
  /// Whether a cardinality is to be learned.
  bool is_open() const;
  /// Fills unknown cardinalities; throws E0011 for more values than were declared.
  void close(const Vocabularies& vocabularies, const std::string& model);
  /// Adds its options to those of a model.
  void write(nlohmann::ordered_json& options) const;

 private:
  int64_t dim(int64_t cardinality) const;

  std::vector<std::string> futr_, hist_, stat_, categorical_;
  std::map<std::string, int64_t> cardinalities_;
  std::string rule_ = "fastai";  ///< of the number of dimensions, unless they are given
  int64_t dim_ = 0;
};

/// The distinct values of columns of `panel` in their natural order: numbers by value, texts by
/// code point.
Vocabularies learn_vocabularies(const std::vector<std::string>& columns, const data::Panel& panel);
/// Puts places of a vocabulary for the values of its columns; what it lacks becomes 0, or is E0011
/// where `refusing`, the place of the call, is given.
void encode_categories(const Vocabularies& vocabularies, data::Panel& panel,
                       const char* refusing = nullptr);

}  // namespace nd::forecast
