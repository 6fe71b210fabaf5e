// Saved models (DESIGN §7): one safetensors file with the weights under `<alias>/<name>`, the last
// windows of every series under `data/…`, and everything else as JSON in its metadata, all of it
// covered by digests.
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <set>

#include "base/version.h"
#include "forecast/intervals.h"
#include "io/safetensors.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;
using Metadata = std::map<std::string, std::string>;

constexpr char kFormat[] = "neuro-divergent";
constexpr int64_t kFormatVersion = 1;
constexpr char kNote[] = "note";  // a metadata key that may be absent
constexpr char kRevinBias[] = "scaler.revin_bias",
               kRevinWeight[] = "scaler.revin_weight";  // the reference's names

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

/// One digest over all metadata but the digests themselves.
std::string metadata_digest(const Metadata& metadata) {
  std::string all;
  for (const auto& [key, value] : metadata) {
    if (key != "digests") all += key + '\0' + value + '\0';
  }
  return io::digest(std::as_bytes(std::span(all)));
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(Code::file, "[load] " + path + ": " + what);
}

/// Tensors to be written, with owned storage where there is no buffer to point to.
class TensorList {
 public:
  void view(std::string name, const char* dtype, std::vector<int64_t> shape,
            std::span<const std::byte> bytes) {
    digests_[name] = io::digest(bytes);
    tensors_.push_back({std::move(name), dtype, std::move(shape), bytes});
  }
  void own(std::string name, const char* dtype, std::vector<int64_t> shape,
           std::span<const std::byte> bytes) {
    storage_.emplace_back(bytes.begin(), bytes.end());
    view(std::move(name), dtype, std::move(shape), storage_.back());
  }
  const std::vector<io::TensorData>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& digests() const { return digests_; }

 private:
  std::deque<std::vector<std::byte>> storage_;
  std::vector<io::TensorData> tensors_;
  std::map<std::string, std::string> digests_;
};

void add_model(TensorList& list, const ModelConfig& model, const ModelState& state) {
  const ParameterTable& table = model.network->table();
  for (const ParameterEntry& entry : table.entries()) {
    list.own(model.alias + "/" + entry.name, "F32", entry.shape.dims,
             bytes_of(table.read(state.parameters->span(), entry)));
  }
  if (model.window_scaler == data::WindowScaler::revin) {
    const std::vector<double> bias = {state.revin.bias}, weight = {state.revin.weight};
    list.own(model.alias + "/" + kRevinBias, "F64", {1, 1, 1, 1}, bytes_of(bias));
    list.own(model.alias + "/" + kRevinWeight, "F64", {1, 1, 1, 1}, bytes_of(weight));
  }
}

void add_scales(TensorList& list, const Scales& scales) {
  std::vector<double> shift, scale;
  const auto add = [&](const char* shifts, const char* scales_name, std::vector<int64_t> shape) {
    list.own(shifts, "F64", shape, bytes_of(shift));
    list.own(scales_name, "F64", std::move(shape), bytes_of(scale));
  };
  const auto n = static_cast<int64_t>(scales.target.size());
  for (const auto& s : scales.target) shift.push_back(s.shift), scale.push_back(s.scale);
  add("data/scaler_shift", "data/scaler_scale", {n});
  if (scales.features.empty()) return;
  shift.clear(), scale.clear();
  for (const auto& [name, statistics] : scales.features)
    for (const auto& s : statistics) shift.push_back(s.shift), scale.push_back(s.scale);
  add("data/feature_shift", "data/feature_scale",
      {static_cast<int64_t>(scales.features.size()), n});
}

std::string errors_name(const ModelConfig& model) { return model.alias + "/intervals.errors"; }

/// Errors that intervals are made of.
void add_calibration(TensorList& list, const State& state) {
  const Calibration& calibration = *state.calibration;
  const auto n = static_cast<int64_t>(calibration.series.size());
  list.own("data/interval_series", "I64", {n}, bytes_of(calibration.series));
  list.own("data/interval_units", "F64", {static_cast<int64_t>(calibration.units.size())},
           bytes_of(calibration.units));
  for (size_t m = 0; m < state.config->models.size(); ++m) {
    const ModelConfig& model = state.config->models[m];
    const auto columns =
        static_cast<int64_t>(calibrated_columns(model, calibration.options).size());
    list.own(errors_name(model), "F64",
             {n, calibration.options.windows, calibration.horizon, columns},
             bytes_of(calibration.errors[m]));
  }
}

void add_windows(TensorList& list, const data::Panel& panel) {
  std::vector<int64_t> offsets = {0}, last;
  std::vector<double> values;
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const auto target = panel.target(s);
    values.insert(values.end(), target.begin(), target.end());
    offsets.push_back(static_cast<int64_t>(values.size()));
    last.push_back(panel.last_time(s));
  }
  list.own("data/offsets", "I64", {static_cast<int64_t>(offsets.size())}, bytes_of(offsets));
  list.own("data/last_times", "I64", {static_cast<int64_t>(last.size())}, bytes_of(last));
  list.own("data/values", "F64", {static_cast<int64_t>(values.size())}, bytes_of(values));
  const auto add_columns = [&](const char* name, const std::vector<data::Feature>& columns) {
    if (columns.empty()) return;
    std::vector<double> all;
    for (const data::Feature& column : columns)
      all.insert(all.end(), column.values.begin(), column.values.end());
    const auto count = static_cast<int64_t>(columns.size());
    list.own(name, "F64", {count, static_cast<int64_t>(all.size()) / count}, bytes_of(all));
  };
  add_columns("data/features", panel.features());
  add_columns("data/statics", panel.statics());
}

ordered_json columns_json(const std::vector<data::Feature>& columns) {
  ordered_json all = ordered_json::array();
  for (const data::Feature& column : columns) {
    ordered_json one = {{"name", column.name}};
    if (!column.is_numeric()) one["categories"] = column.categories;
    all.push_back(std::move(one));
  }
  return all;
}

/// A file whose digests have been checked, and its parsed metadata.
class SavedFile {
 public:
  /// `described`: one of importCheckpoint, which nothing has saved yet; it has no digests.
  explicit SavedFile(const std::string& path, bool described = false) : path_(path), file_(path) {
    if (described) return;
    check_format();
    const json digests = parse("digests");
    const auto expected = digests.find("metadata");
    if (expected == digests.end() || !expected->is_string() ||
        *expected != metadata_digest(file_.metadata())) {
      refuse(path_, "the metadata does not match its digest; the file is damaged");
    }
    check_tensors(digests);
  }

  json parse(const char* key) const {
    const json value = json::parse(text(key), nullptr, false);
    if (!value.is_object() && !value.is_array())
      refuse(path_, std::string("the metadata \"") + key + "\" is not valid JSON");
    return value;
  }
  ordered_json parse_ordered(const char* key) const {
    ordered_json value = ordered_json::parse(text(key), nullptr, false);
    if (value.is_discarded())
      refuse(path_, std::string("the metadata \"") + key + "\" is not valid JSON");
    return value;
  }

  /// The tensor after its type and shape have been checked; shape {-1} = any one-dimensional one.
  const io::TensorView& require(const std::string& name, const char* dtype,
                                const std::vector<int64_t>& shape) const {
    const auto found = file_.tensors().find(name);
    if (found == file_.tensors().end()) refuse(path_, "the tensor " + name + " is missing");
    const io::TensorView& tensor = found->second;
    const bool fits =
        shape == std::vector<int64_t>{-1} ? tensor.shape.size() == 1 : tensor.shape == shape;
    if (tensor.dtype != dtype || !fits)
      refuse(path_, "the tensor " + name + " has an unexpected type or shape");
    return tensor;
  }
  template <class T>
  std::vector<T> read(const std::string& name, const char* dtype,
                      const std::vector<int64_t>& shape) {
    const io::TensorView& tensor = require(name, dtype, shape);
    std::vector<T> values(tensor.bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
    used_.insert(name);
    return values;
  }
  std::string note() const {
    const auto found = file_.metadata().find(kNote);
    return found == file_.metadata().end() ? "" : found->second;
  }
  bool has(const std::string& name) const { return file_.tensors().count(name) > 0; }
  void refuse_unused() const {
    for (const auto& [name, tensor] : file_.tensors()) {
      if (used_.count(name) == 0) refuse(path_, "holds the unexpected tensor " + name);
    }
  }
  const std::string& path() const { return path_; }

 private:
  const std::string& text(const std::string& key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) refuse(path_, "the metadata \"" + key + "\" is missing");
    return found->second;
  }

  /// Before any digest: a later version may compute them differently.
  void check_format() const {
    const auto format = file_.metadata().find("format");
    if (format == file_.metadata().end() || format->second != kFormat) {
      refuse(path_,
             "this is no file saved by neuro-divergent (metadata \"format\" is not "
             "\"neuro-divergent\"); to "
             "import weights of another library use loadWeights()");
    }
    const std::string& version_text = text("format_version");
    int64_t version = 0;
    const auto [end, status] =
        std::from_chars(version_text.data(), version_text.data() + version_text.size(), version);
    if (status != std::errc() || end != version_text.data() + version_text.size() || version < 1) {
      refuse(path_,
             "received format_version \"" + version_text + "\", expected a whole number from 1");
    }
    if (version > kFormatVersion) {
      const auto writer = file_.metadata().find("package_version");
      refuse(path_, "has format version " + version_text + ", and this version (" +
                        kPackageVersion + ") reads up to " + std::to_string(kFormatVersion) +
                        "; install neuro-divergent " +
                        (writer == file_.metadata().end() ? "that wrote it" : writer->second) +
                        " or later");
    }
  }

  void check_tensors(const json& digests) const {
    const auto expected = digests.find("tensors");
    if (expected == digests.end() || !expected->is_object())
      refuse(path_, "the digests of the tensors are missing");
    for (const auto& [name, digest] : expected->items()) {
      if (!has(name)) refuse(path_, "the tensor " + name + " is missing");
    }
    for (const auto& [name, tensor] : file_.tensors()) {
      const auto found = expected->find(name);
      if (found == expected->end() || !found->is_string() || *found != io::digest(tensor.bytes)) {
        refuse(path_, "the tensor " + name + " does not match its digest; the file is damaged");
      }
    }
  }

  std::string path_;
  io::SafetensorsFile file_;
  std::set<std::string> used_;
};

ModelState read_model(SavedFile& file, const ModelConfig& model, const json& saved) {
  const ParameterTable& table = model.network->table();
  // Before any memory is asked for: a small file cannot describe a large network.
  for (const ParameterEntry& entry : table.entries())
    file.require(model.alias + "/" + entry.name, "F32", entry.shape.dims);
  auto parameters = std::make_shared<FloatBuffer>(static_cast<size_t>(table.total()));
  for (const ParameterEntry& entry : table.entries()) {
    const auto values = file.read<float>(model.alias + "/" + entry.name, "F32", entry.shape.dims);
    table.write(parameters->span(), entry, values);
  }
  ModelState state;
  state.parameters = parameters;
  if (model.window_scaler == data::WindowScaler::revin) {
    state.revin.bias =
        file.read<double>(model.alias + "/" + kRevinBias, "F64", {1, 1, 1, 1}).front();
    state.revin.weight =
        file.read<double>(model.alias + "/" + kRevinWeight, "F64", {1, 1, 1, 1}).front();
  }
  state.trained = saved.is_boolean() && saved.get<bool>();
  return state;
}

std::vector<data::SeriesStatistics> read_statistics(SavedFile& file, const char* shifts,
                                                    const char* scales,
                                                    const std::vector<int64_t>& shape) {
  const auto shift = file.read<double>(shifts, "F64", shape);
  const auto scale = file.read<double>(scales, "F64", shape);
  std::vector<data::SeriesStatistics> statistics(shift.size());
  for (size_t i = 0; i < statistics.size(); ++i) {
    if (!std::isfinite(shift[i]) || !std::isfinite(scale[i]))
      refuse(file.path(), "the series scaler holds NaN or Inf");
    statistics[i] = {shift[i], scale[i]};
  }
  return statistics;
}

Scales read_scales(SavedFile& file, int64_t series, const json& contract) {
  Scales scales{read_statistics(file, "data/scaler_shift", "data/scaler_scale", {series}), {}};
  const auto names = contract.value("scaledFeatures", std::vector<std::string>());
  if (names.empty()) return scales;
  const auto all = read_statistics(file, "data/feature_shift", "data/feature_scale",
                                   {static_cast<int64_t>(names.size()), series});
  for (size_t i = 0; i < names.size(); ++i) {
    const auto first = all.begin() + static_cast<ptrdiff_t>(i) * series;
    scales.features[names[i]] = {first, first + series};
  }
  return scales;
}

/// The columns that `contract` lists, `rows` values each.
std::vector<data::Feature> read_columns(SavedFile& file, const char* tensor, const json& contract,
                                        const char* key, int64_t rows) {
  std::vector<data::Feature> columns;
  for (const json& one : contract.value(key, json::array())) {
    columns.push_back({one.at("name").get<std::string>(), {}});
    if (one.contains("categories"))
      columns.back().categories = one.at("categories").get<std::vector<std::string>>();
  }
  if (columns.empty()) return columns;
  const auto all = file.read<double>(tensor, "F64", {static_cast<int64_t>(columns.size()), rows});
  for (size_t c = 0; c < columns.size(); ++c) {
    data::Feature& column = columns[c];
    const auto first = all.begin() + static_cast<ptrdiff_t>(c) * rows;
    column.values.assign(first, first + rows);
    const auto count = static_cast<double>(column.categories.size());
    for (const double v : column.values) {
      const bool fits =
          column.is_numeric() ? std::isfinite(v) : v >= 0 && v < count && v == std::floor(v);
      if (!fits) refuse(file.path(), "the column " + column.name + " holds a value out of range");
    }
  }
  return columns;
}

/// Series, their scales and the rows of the fit.
State read_data(SavedFile& file, const json& contract,
                std::shared_ptr<const ForecasterConfig> config) {
  State state;
  state.config = std::move(config);
  state.vocabularies = contract.value("vocabularies", Vocabularies());
  state.ids = std::make_shared<const std::vector<std::string>>(
      contract.at("ids").get<std::vector<std::string>>());
  state.frequency = data::Frequency::parse(contract.at("frequency").get<std::string>());
  state.calendar = contract.at("calendar").get<bool>();
  state.note = file.note();
  const auto series = static_cast<int64_t>(state.ids->size());
  state.scales = read_scales(file, series, contract);
  if (file.has("data/values")) {
    auto offsets = file.read<int64_t>("data/offsets", "I64", {series + 1});
    auto last = file.read<int64_t>("data/last_times", "I64", {series});
    auto values = file.read<double>("data/values", "F64", {-1});
    auto panel = std::make_shared<data::Panel>(data::make_panel(*state.ids, std::move(offsets),
                                                                std::move(values), std::move(last),
                                                                state.frequency, state.calendar));
    panel->mutable_features() =
        read_columns(file, "data/features", contract, "features", panel->rows());
    panel->mutable_statics() = read_columns(file, "data/statics", contract, "statics", series);
    state.panel = std::move(panel);
  }
  return state;
}

std::shared_ptr<const Calibration> read_calibration(SavedFile& file, const json& contract,
                                                    const State& state) {
  const auto saved = contract.find("intervals");
  if (saved == contract.end()) return nullptr;
  const ForecasterConfig& config = *state.config;
  auto calibration = std::make_shared<Calibration>();
  calibration->options = checked(intervals_from_json(*saved), config.compat, "load");
  calibration->horizon = saved->at("horizon").get<int64_t>();
  calibration->ids = *state.ids;
  const auto all = static_cast<int64_t>(state.ids->size());
  calibration->units = file.read<double>("data/interval_units", "F64", {all});
  calibration->series = file.read<int64_t>("data/interval_series", "I64", {-1});
  const auto n = static_cast<int64_t>(calibration->series.size());
  for (const int64_t place : calibration->series) {
    if (place < 0 || place >= all)
      refuse(file.path(), "the errors of the intervals are of a series that it does not know");
  }
  for (const ModelConfig& model : config.models) {
    const auto columns =
        static_cast<int64_t>(calibrated_columns(model, calibration->options).size());
    calibration->errors.push_back(
        file.read<double>(errors_name(model), "F64",
                          {n, calibration->options.windows, calibration->horizon, columns}));
  }
  return calibration;
}

State read_state(SavedFile& file, std::shared_ptr<const ForecasterConfig> saved) {
  const ForecasterConfig& config = *saved;
  const json contract = file.parse("data");
  State state = read_data(file, contract, saved);
  const ordered_json history = file.parse_ordered("history");
  const json trained = contract.at("trained");
  for (size_t i = 0; i < config.models.size(); ++i) {
    state.models.push_back(read_model(file, config.models[i], trained.at(i)));
    state.models.back().history = history.at(i);
  }
  state.calibration = read_calibration(file, contract, state);
  return state;
}

/// Networks as they are declared; loadWeights() brings their weights.
State read_description(SavedFile& file, std::shared_ptr<const ForecasterConfig> saved) {
  const json contract = file.parse("data");
  State state = read_data(file, contract, saved);
  state.calibration = read_calibration(file, contract, state);
  state.models = initial_models(*saved);
  for (ModelState& model : state.models) model.trained = true;
  return state;
}
}  // namespace

void Forecaster::save(const std::string& path, bool include_data,
                      const std::optional<std::string>& note) const {
  const auto state = impl_->current();
  if (state == nullptr)
    throw Error(Code::not_fitted, "[save] the models are not fitted; call fit() first");
  const ForecasterConfig& config = *state->config;

  TensorList list;
  ordered_json trained = ordered_json::array(), history = ordered_json::array();
  for (size_t i = 0; i < config.models.size(); ++i) {
    add_model(list, config.models[i], state->models[i]);
    trained.push_back(state->models[i].trained);
    history.push_back(state->models[i].history);
  }
  add_scales(list, state->scales);
  if (include_data && state->panel != nullptr)
    add_windows(list, state->panel->tail(config.longest_input()));

  ordered_json contract = {{"frequency", state->frequency.text()},
                           {"calendar", state->calendar},
                           {"ids", *state->ids},
                           {"trained", trained}};
  if (!state->vocabularies.empty()) contract["vocabularies"] = state->vocabularies;
  for (const auto& [name, statistics] : state->scales.features)
    contract["scaledFeatures"].push_back(name);
  if (include_data && state->panel != nullptr && !state->panel->features().empty())
    contract["features"] = columns_json(state->panel->features());
  if (include_data && state->panel != nullptr && !state->panel->statics().empty())
    contract["statics"] = columns_json(state->panel->statics());
  if (state->calibration != nullptr) {
    add_calibration(list, *state);
    contract["intervals"] = intervals_json(state->calibration->options);
    contract["intervals"]["horizon"] = state->calibration->horizon;
  }
  Metadata metadata;
  metadata["format"] = kFormat;
  metadata["format_version"] = std::to_string(kFormatVersion);
  metadata["package_version"] = kPackageVersion;
  metadata["config"] = text_of(config_json(config));
  metadata["history"] = text_of(history);
  metadata["data"] = text_of(contract);
  if (const std::string& text = note.value_or(state->note); !text.empty()) metadata[kNote] = text;
  ordered_json digests;
  digests["metadata"] = metadata_digest(metadata);
  digests["tensors"] = list.digests();
  metadata["digests"] = text_of(digests);
  io::write_safetensors(path, metadata, list.tensors());
}

Forecaster Forecaster::load(const std::string& path) { return read(path, false); }

Forecaster Forecaster::from_description(const std::string& path) { return read(path, true); }

Forecaster Forecaster::read(const std::string& path, bool described) {
  SavedFile file(path, described);
  try {
    Forecaster forecaster(file.parse("config"));
    auto config = forecaster.impl_->config;
    State state =
        described ? read_description(file, std::move(config)) : read_state(file, std::move(config));
    file.refuse_unused();
    forecaster.impl_->publish(std::make_shared<const State>(std::move(state)));
    return forecaster;
  } catch (const nlohmann::json::exception& error) {
    refuse(path, std::string("the metadata is incomplete: ") + error.what());
  } catch (const Error& error) {
    if (error.code() == Code::file) throw;
    refuse(path, "the metadata is not valid: " + error.message());
  }
}

}  // namespace nd::forecast
