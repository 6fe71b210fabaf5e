#include "forecast/training_file.h"

#include <string>

#include "train/weight_update.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

// Tensors that only some checkpoints have.
constexpr char kRates[] = "learning_rates", kGradients[] = "gradients";

/// The entries of `table` that lie within the first `size` floats.
std::vector<const ParameterEntry*> entries_within(const ParameterTable& table, int64_t size) {
  std::vector<const ParameterEntry*> within;
  for (const ParameterEntry& entry : table.entries())
    if (entry.offset < size) within.push_back(&entry);
  return within;
}

void add_buffer(TensorList& list, const std::string& prefix, const ParameterTable& table,
                const FloatBuffer& buffer) {
  for (const ParameterEntry* entry : entries_within(table, static_cast<int64_t>(buffer.size())))
    list.own(prefix + entry->name, "F32", entry->shape.dims, table.read(buffer.span(), *entry));
}

FloatBuffer read_buffer(SavedFile& file, const std::string& prefix, const ParameterTable& table,
                        int64_t size) {
  const auto entries = entries_within(table, size);
  for (const ParameterEntry* entry : entries)
    file.require(prefix + entry->name, "F32", entry->shape.dims);
  FloatBuffer buffer(static_cast<size_t>(size));
  for (const ParameterEntry* entry : entries)
    table.write(buffer.span(), *entry,
                file.read<float>(prefix + entry->name, "F32", entry->shape.dims));
  return buffer;
}

std::string optimizer_prefix(const ModelConfig& model, size_t buffer) {
  return "data/optimizer/" + model.alias + "/" + std::to_string(buffer) + "/";
}

std::string training_prefix(const ModelConfig& model) {
  return "data/training/" + model.alias + "/";
}

void add_numbers(TensorList& list, const std::string& name, const std::vector<double>& numbers) {
  list.own(name, "F64", {static_cast<int64_t>(numbers.size())}, numbers);
}
}  // namespace

ordered_json add_optimizer(TensorList& list, const ModelConfig& model,
                           const train::OptimizerState* state) {
  if (state == nullptr) return nullptr;
  const ParameterTable table = train::state_table(model.train, model.network->table());
  ordered_json in_use = ordered_json::array();
  for (size_t b = 0; b < state->buffers.size(); ++b) {
    in_use.push_back(state->buffers[b].size() > 0);
    add_buffer(list, optimizer_prefix(model, b), table, state->buffers[b]);
  }
  return {{"count", state->count}, {"buffers", in_use}};
}

std::shared_ptr<const train::OptimizerState> read_optimizer(SavedFile& file,
                                                            const ModelConfig& model,
                                                            const json& saved) {
  if (saved.is_null()) return nullptr;
  auto state = std::make_shared<train::OptimizerState>();
  state->count = saved.at("count").get<int64_t>();
  const auto in_use = saved.at("buffers").get<std::vector<bool>>();
  const ParameterTable table = train::state_table(model.train, model.network->table());
  // As many as the optimiser of these options has; the sizes follow from the network.
  state->buffers = train::WeightUpdate(model.train, model.network->table()).release().buffers;
  bool fits = state->count >= 0 && in_use.size() == state->buffers.size();
  for (size_t b = 0; fits && b < in_use.size(); ++b)
    fits = in_use[b] == (state->buffers[b].size() > 0);
  if (!fits)
    file.refuse("the state of the optimiser of " + model.alias + " is not one of its kind");
  for (size_t b = 0; b < in_use.size(); ++b)
    state->buffers[b] = read_buffer(file, optimizer_prefix(model, b), table,
                                    static_cast<int64_t>(state->buffers[b].size()));
  return state;
}

void add_training(TensorList& list, const ModelConfig& model, const train::TrainingState& state) {
  const std::string prefix = training_prefix(model);
  const train::TrainingNumbers numbers = train::to_numbers(state);
  add_numbers(list, prefix + "scalars", numbers.scalars);
  add_numbers(list, prefix + "train_history", numbers.train_history);
  add_numbers(list, prefix + "valid_history", numbers.valid_history);
  add_numbers(list, prefix + kRates, numbers.learning_rates);
  if (!numbers.gradients.empty()) add_numbers(list, prefix + kGradients, numbers.gradients);
  add_buffer(list, prefix + "best/", model.network->table(), state.early.best_parameters);
}

std::shared_ptr<const train::TrainingState> read_training(SavedFile& file,
                                                          const ModelConfig& model) {
  const std::string prefix = training_prefix(model);
  const ParameterTable& table = model.network->table();
  train::TrainingNumbers numbers;
  numbers.scalars = file.read<double>(prefix + "scalars", "F64", {-1});
  numbers.train_history = file.read<double>(prefix + "train_history", "F64", {-1});
  numbers.valid_history = file.read<double>(prefix + "valid_history", "F64", {-1});
  const auto optional = [&](const char* name) {
    return file.has(prefix + name) ? file.read<double>(prefix + name, "F64", {-1})
                                   : std::vector<double>();
  };
  numbers.learning_rates = optional(kRates);
  numbers.gradients = optional(kGradients);
  auto state = std::make_shared<train::TrainingState>();
  train::from_numbers(numbers, "[load] " + file.path(), *state);
  const auto& gradients = state->result.gradients;
  if (gradients && !gradients->weights.empty() &&
      gradients->weights.back() >= static_cast<int64_t>(table.entries().size()))
    file.refuse("the gradients of " + model.alias + " are of weights that it does not have");
  if (!table.entries().empty() && file.has(prefix + "best/" + table.entries().front().name))
    state->early.best_parameters = read_buffer(file, prefix + "best/", table, table.total());
  return state;
}

}  // namespace nd::forecast
