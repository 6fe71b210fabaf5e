// Import of weights under the reference's tensor names.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "forecast/transfer.h"
#include "io/safetensors.h"

namespace nd::forecast {

namespace {
constexpr double kBasisTolerance =
    1e-4;  // bases are recomputed; the reference rounds some of them through float32

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

/// Tensors of a reference checkpoint that are no weights of the network.
bool is_ignored(const std::string& name) {
  return starts_with(name, "loss.") || starts_with(name, "valid_loss.") ||
         starts_with(name, "scaler.") || starts_with(name, "__hparams__.") ||
         name.ends_with(".num_batches_tracked");
}

/// Our name of a tensor that the reference stores under several; "" when it is not one.
std::string canonical_name(const std::string& name,
                           const std::vector<std::pair<std::string, std::string>>& aliases) {
  for (const auto& [other, ours] : aliases) {
    if (name == other) return ours;
    if (!other.empty() && other.back() == '.' && name.rfind(other, 0) == 0)
      return ours + name.substr(other.size());
  }
  return "";
}

/// Reads a file against a network's table, collecting every difference before refusing.
class Importer {
 public:
  Importer(const Network& network, const io::SafetensorsFile& file)
      : table_(network.table()), file_(file) {
    for (const ParameterEntry& entry : network.state()) state_.insert(entry.name);
    if (network.spec().aliases != nullptr) aliases_ = network.spec().aliases(network.options());
  }

  void run(std::span<float> parameters) {
    for (const ParameterEntry& entry : table_.entries()) read_entry(entry, parameters);
    for (const auto& [name, tensor] : file_.tensors()) {
      if (table_.find(name) == nullptr && !is_ignored(name)) check_extra(name, parameters);
    }
  }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  void read_entry(const ParameterEntry& entry, std::span<float> parameters) {
    const auto found = file_.tensors().find(entry.name);
    if (found == file_.tensors().end()) {
      differences_.push_back("missing " + entry.name + " " + shape_text(entry.shape.dims));
      return;
    }
    if (found->second.shape != entry.shape.dims) {
      differences_.push_back(entry.name + " is " + shape_text(found->second.shape) + ", expected " +
                             shape_text(entry.shape.dims));
      return;
    }
    const std::vector<float> values = file_.floats(entry.name);
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
      differences_.push_back(entry.name + " holds NaN or Inf");
      return;
    }
    if (!entry.trainable && !state_.contains(entry.name) &&
        !nearly_equal(values, table_.read(parameters, entry))) {
      differences_.push_back(entry.name + " differs from the basis of these options");
    }
    table_.write(parameters, entry, values);
  }

  static bool nearly_equal(std::span<const float> a, std::span<const float> b) {
    double largest = 1;
    for (const float v : b) largest = std::max(largest, std::abs(static_cast<double>(v)));
    for (size_t i = 0; i < a.size(); ++i) {
      if (!(std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) <=
            kBasisTolerance * largest))
        return false;
    }
    return true;
  }

  /// A tensor that we do not have must be another name of one that we have, with the same values.
  void check_extra(const std::string& name, std::span<const float> parameters) {
    const ParameterEntry* entry = table_.find(canonical_name(name, aliases_));
    if (entry == nullptr) {
      differences_.push_back("unexpected " + name + " " +
                             shape_text(file_.tensors().at(name).shape));
      return;
    }
    if (file_.floats(name) != table_.read(parameters, *entry)) {
      differences_.push_back(name + " differs from " + entry->name + ", with which it is shared");
    }
  }

  const ParameterTable& table_;
  const io::SafetensorsFile& file_;
  std::set<std::string> state_;  // running statistics: not trained, but learned
  std::vector<std::pair<std::string, std::string>> aliases_;
  std::vector<std::string> differences_;
};

/// Channel 0 (the target) of the learned affine of a revin scaler.
data::RevinAffine read_revin(const io::SafetensorsFile& file) {
  data::RevinAffine affine;
  const auto first = [&](const char* name, double& value) {
    if (file.tensors().count(name) == 0) return;
    const std::vector<double> values = file.doubles(name);
    if (!values.empty()) value = values.front();
  };
  first("scaler.revin_bias", affine.bias);
  first("scaler.revin_weight", affine.weight);
  return affine;
}
}  // namespace

void Forecaster::load_weights(const std::string& alias, const std::string& path) {
  const std::lock_guard fit_lock(impl_->fit_mutex);
  const auto now = impl_->require("loadWeights");
  const ForecasterConfig& config = *now->config;
  const size_t index = config.find(alias, "loadWeights");
  const Network& network = *config.models[index].network;
  const io::SafetensorsFile file(path);

  auto parameters = std::make_shared<FloatBuffer>(*now->models[index].parameters);
  // Bases are compared with their declared values, not with those of an earlier import.
  initialise_parameters(network.declarations(), network.table(), 0, parameters->span());
  Importer importer(network, file);
  importer.run(parameters->span());
  const std::vector<std::string>& differences = importer.differences();
  if (!differences.empty()) {
    throw Error(Code::file, "[loadWeights] " + path + " does not fit " +
                                config.models[index].alias + ": " + listed(differences) +
                                ". Expected the tensors of a " + std::string(network.spec().name) +
                                " with the same options.");
  }
  auto next = std::make_shared<State>(*now);
  next->models[index].parameters = parameters;
  next->models[index].optimizer = nullptr;
  next->models[index].revin = read_revin(file);
  if (!now->models[index].declared) next->calibration = nullptr;  // errors of other weights
  next->models[index].declared = false;
  impl_->publish(std::move(next));
}

}  // namespace nd::forecast
