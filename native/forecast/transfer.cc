#include "forecast/transfer.h"

#include <algorithm>
#include <set>

#include "base/glob.h"
#include "base/options.h"
#include "forecast/panel_digest.h"
#include "io/safetensors.h"

namespace nd::forecast {

namespace {
constexpr size_t kListed = 8;  // differences named in a message

[[noreturn]] void refuse(const char* place, const std::string& option, const std::string& what) {
  throw Error(Code::config, std::string("[") + place + "] received " + what,
              R"({"option":")" + option + R"("})");
}

[[noreturn]] void refuse_pattern(const char* place, const std::string& option,
                                 const std::string& pattern,
                                 const std::vector<std::string>& names) {
  std::string text = option + " = \"" + pattern + "\", which matches no weight, expected ";
  if (names.empty()) refuse(place, option, text + "nothing: these models have none");
  text += "a name or a pattern such as \"" + names.front() + "\" or \"" +
          names.front().substr(0, names.front().find('.')) + ".*\"";
  const std::string near = closest_name(pattern, names);
  refuse(place, option, near.empty() ? text : text + "; did you mean \"" + near + "\"?");
}

/// The model of the source whose weights model `index` takes.
size_t source_of(const Transfer& transfer, const ForecasterConfig& config, size_t index) {
  const std::vector<ModelConfig>& known = transfer.source->config->models;
  if (known.size() == 1 && config.models.size() == 1) return 0;
  const std::string& alias = config.models[index].alias;
  std::string names;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i].alias == alias) return i;
    names += (names.empty() ? "" : ", ") + known[i].alias;
  }
  refuse(transfer.place, "initialWeights",
         "initialWeights of " + names + ", expected a model \"" + alias + "\" among them");
}

/// One model that takes weights of another.
class Taker {
 public:
  Taker(const ModelConfig& to, const State& start, const ModelConfig& from, const State& source)
      : to_(to), start_(start), from_(from), source_(source) {}

  void take(const std::vector<std::string>& names, const ModelState& given,
            std::span<float> parameters) {
    const ParameterTable &ours = to_.network->table(), &theirs = from_.network->table();
    for (const std::string& name : names) {
      const ParameterEntry& entry = *ours.find(name);
      const ParameterEntry* const other = theirs.find(name);
      if (other == nullptr) {
        differences_.push_back("missing " + name + " " + shape_text(entry.shape.dims));
      } else if (other->shape.dims != entry.shape.dims) {
        differences_.push_back(name + " is " + shape_text(other->shape.dims) + ", expected " +
                               shape_text(entry.shape.dims));
      } else {
        ours.write(parameters, entry, theirs.read(given.parameters->span(), *other));
      }
    }
    check_categories(names);
  }
  void refuse_others(const std::vector<std::string>& names) {
    const std::set<std::string> taken(names.begin(), names.end());
    for (const ParameterEntry* entry : learned_entries(*from_.network))
      if (!taken.contains(entry->name))
        differences_.push_back("unexpected " + entry->name + " " + shape_text(entry->shape.dims));
  }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  /// The rows of an embedding belong to categories by their place.
  void check_categories(const std::vector<std::string>& names) {
    const data::Exogenous columns = to_.exogenous.names();
    const auto check = [&](const char* kind, const data::Exogenous::Kind& all) {
      for (size_t c = 0; c < all.categorical.size(); ++c) {
        const std::string name = std::string(kind) + "." + std::to_string(c) + ".weight",
                          &column = all.categorical[c];
        if (std::find(names.begin(), names.end(), name) == names.end()) continue;
        const auto known = source_.vocabularies.find(column);
        if (known == source_.vocabularies.end() || known->second != start_.vocabularies.at(column))
          differences_.push_back(name + " is of other values of the column \"" + column + "\"");
      }
    };
    check("futr_cat_embeddings", columns.futr);
    check("hist_cat_embeddings", columns.hist);
    check("stat_cat_embeddings", columns.stat);
  }

  const ModelConfig& to_;
  const State& start_;
  const ModelConfig& from_;
  const State& source_;
  std::vector<std::string> differences_;
};
}  // namespace

std::vector<const ParameterEntry*> learned_entries(const Network& network) {
  std::vector<const ParameterEntry*> entries;
  for (const ParameterEntry& entry : network.table().entries()) {
    const bool is_state =
        std::any_of(network.state().begin(), network.state().end(),
                    [&](const ParameterEntry& state) { return state.name == entry.name; });
    if (entry.trainable || is_state) entries.push_back(&entry);
  }
  return entries;
}

void refuse_unfitted(const std::string& what, const char* place) {
  throw Error(Code::not_fitted, std::string("[") + place + "] received initialWeights of " + what +
                                    " that is not fitted, expected a fitted one");
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string listed(const std::vector<std::string>& differences) {
  std::string text;
  for (size_t i = 0; i < std::min(differences.size(), kListed); ++i)
    text += (i > 0 ? "; " : "") + differences[i];
  if (differences.size() > kListed)
    text += "; and " + std::to_string(differences.size() - kListed) + " more";
  return text;
}

std::vector<std::vector<std::string>> matching_weights(const ForecasterConfig& config,
                                                       const std::vector<std::string>& patterns,
                                                       const std::string& option,
                                                       const char* place) {
  std::vector<std::vector<std::string>> matching(config.models.size());
  std::vector<std::string> all;
  std::vector<bool> used(patterns.size(), false);
  for (size_t i = 0; i < config.models.size(); ++i) {
    const ModelConfig& model = config.models[i];
    for (const ParameterEntry* entry : learned_entries(*model.network)) {
      all.push_back(entry->name);
      bool matches = false;
      for (size_t p = 0; p < patterns.size(); ++p) {
        if (!glob_matches(patterns[p], entry->name) &&
            !glob_matches(patterns[p], model.alias + "/" + entry->name))
          continue;
        matches = used[p] = true;
      }
      if (matches) matching[i].push_back(entry->name);
    }
  }
  for (size_t p = 0; p < patterns.size(); ++p)
    if (!used[p]) refuse_pattern(place, option, patterns[p], all);
  return matching;
}

void begin_from(const Transfer& transfer, State& start) {
  if (transfer.source == nullptr) return;
  const State& source = *transfer.source;
  const ForecasterConfig& config = *start.config;
  const bool whole = transfer.weights.empty();
  const auto taken =
      matching_weights(config, whole ? std::vector<std::string>{"*"} : transfer.weights,
                       "initialWeights.weights", transfer.place);
  for (size_t i = 0; i < config.models.size(); ++i) {
    if (taken[i].empty()) continue;
    const size_t from = source_of(transfer, config, i);
    const ModelConfig &model = config.models[i], &other = source.config->models[from];
    const ModelState& given = source.models[from];
    if (!given.trained) refuse_unfitted(other.alias + " of " + transfer.name, transfer.place);
    auto parameters = std::make_shared<FloatBuffer>(*start.models[i].parameters);
    Taker taker(model, start, other, source);
    taker.take(taken[i], given, parameters->span());
    if (whole) taker.refuse_others(taken[i]);
    if (!taker.differences().empty()) {
      refuse(transfer.place, "initialWeights",
             "initialWeights of " + transfer.name + " that do not fit " + model.alias + ": " +
                 listed(taker.differences()) +
                 ". Expected those of a model with the same options, or " +
                 "initialWeights: { from, weights } with patterns of those to "
                 "take");
    }
    start.models[i].parameters = std::move(parameters);
    if (whole && model.window_scaler == data::WindowScaler::revin &&
        other.window_scaler == data::WindowScaler::revin)
      start.models[i].revin = given.revin;
  }
}

std::string weights_digest(const State& state) {
  std::string digests;
  for (size_t i = 0; i < state.models.size(); ++i) {
    const ParameterTable& table = state.config->models[i].network->table();
    for (const ParameterEntry& entry : table.entries()) {
      const std::vector<float> values = table.read(state.models[i].parameters->span(), entry);
      digests += entry.name + '\0' + io::digest(std::as_bytes(std::span(values))) + '\0';
    }
  }
  return text_digest(digests);
}

std::string transfer_digest(const Transfer& transfer) {
  nlohmann::ordered_json parts = {{"weights", transfer.weights}, {"freeze", transfer.freeze}};
  if (transfer.source != nullptr) {
    for (const ModelConfig& model : transfer.source->config->models)
      parts["models"].push_back(model.alias);
    parts["source"] = weights_digest(*transfer.source);
  }
  return text_digest(parts.dump());
}

}  // namespace nd::forecast
