// Transfer: a fit that begins from the weights of other models, and one that leaves some weights as
// they are. Weights are chosen by patterns over their names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "forecast/forecaster_impl.h"

namespace nd::forecast {

/// What a request says about weights, with the source read.
struct Transfer {
  const char* place;                    ///< of the public call, for messages
  std::shared_ptr<const State> source;  ///< nullptr: the fit begins from its own weights
  std::string name;                     ///< of the source, in messages
  std::vector<std::string> weights;     ///< patterns of those that are taken; none = all
  std::vector<std::string> freeze;      ///< patterns
};

/// What training changes: weights and running statistics.
std::vector<const ParameterEntry*> learned_entries(const Network& network);

/// Per model the names of parameters that the patterns of the option `option` of the call `place`
/// match: as they are, or behind the alias and a slash. Only what training changes has a name here:
/// weights and running statistics. Throws E0010 for a pattern that matches nothing.
std::vector<std::vector<std::string>> matching_weights(const ForecasterConfig& config,
                                                       const std::vector<std::string>& patterns,
                                                       const std::string& option,
                                                       const char* place);

/// Puts the weights of the source into `start`: each model reads the one with its alias, or the
/// only one of the source where there is one on both sides. Throws E0001 for a source that is not
/// fitted, E0010 for models, weights, shapes and categories that it lacks (all of them are listed),
/// and where all weights are taken for those that it has besides.
void begin_from(const Transfer& transfer, State& start);

/// E0001: initialWeights of `what` in the call `place`.
[[noreturn]] void refuse_unfitted(const std::string& what, const char* place);

/// A fingerprint of the weights of all models.
std::string weights_digest(const State& state);
/// A fingerprint of where fits begin and what they keep.
std::string transfer_digest(const Transfer& transfer);

/// What of a file or an object does not fit, for a message: "a; b; and 3 more".
std::string listed(const std::vector<std::string>& differences);
/// "[64, 3]".
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace nd::forecast
