// Saved models (DESIGN §7): one safetensors file with the weights under `<alias>/<name>`, the last
// windows of every series under `data/…`, and everything else as JSON in its metadata, all of it
// covered by digests.
#include <cmath>

#include "forecast/intervals.h"
#include "forecast/training_file.h"

namespace nd::forecast {

namespace {
using nlohmann::json;
using nlohmann::ordered_json;

// Metadata that only some files have.
constexpr char kOptimizer[] = "optimizer", kTraining[] = "training";
constexpr char kRevinBias[] = "scaler.revin_bias",
               kRevinWeight[] = "scaler.revin_weight";  // the reference's names

void add_model(TensorList& list, const ModelConfig& model, const ModelState& state) {
  const ParameterTable& table = model.network->table();
  for (const ParameterEntry& entry : table.entries()) {
    list.own(model.alias + "/" + entry.name, "F32", entry.shape.dims,
             table.read(state.parameters->span(), entry));
  }
  if (model.window_scaler == data::WindowScaler::revin) {
    const std::vector<double> bias = {state.revin.bias}, weight = {state.revin.weight};
    list.own(model.alias + "/" + kRevinBias, "F64", {1, 1, 1, 1}, bias);
    list.own(model.alias + "/" + kRevinWeight, "F64", {1, 1, 1, 1}, weight);
  }
}

void add_scales(TensorList& list, const Scales& scales) {
  std::vector<double> shift, scale;
  const auto add = [&](const char* shifts, const char* scales_name, std::vector<int64_t> shape) {
    list.own(shifts, "F64", shape, shift);
    list.own(scales_name, "F64", std::move(shape), scale);
  };
  const auto n = static_cast<int64_t>(scales.target.size());
  for (const auto& s : scales.target) shift.push_back(s.shift), scale.push_back(s.scale);
  add("data/scaler_shift", "data/scaler_scale", {n});
  if (!scales.statics.empty()) {
    shift.clear(), scale.clear();
    for (const auto& [name, s] : scales.statics) shift.push_back(s.shift), scale.push_back(s.scale);
    add("data/static_shift", "data/static_scale", {static_cast<int64_t>(scales.statics.size())});
  }
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
  list.own("data/interval_series", "I64", {n}, calibration.series);
  list.own("data/interval_units", "F64", {static_cast<int64_t>(calibration.units.size())},
           calibration.units);
  for (size_t m = 0; m < state.config->models.size(); ++m) {
    const ModelConfig& model = state.config->models[m];
    if (calibration.absolute && !is_single(model.network->loss())) continue;
    const auto columns =
        static_cast<int64_t>(calibrated_columns(model, calibration.options).size());
    list.own(errors_name(model), "F64",
             {n, calibration.options.windows, calibration.horizon, columns}, calibration.errors[m]);
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
  list.own("data/offsets", "I64", {static_cast<int64_t>(offsets.size())}, offsets);
  list.own("data/last_times", "I64", {static_cast<int64_t>(last.size())}, last);
  list.own("data/values", "F64", {static_cast<int64_t>(values.size())}, values);
  const auto add_columns = [&](const char* name, const std::vector<data::Feature>& columns) {
    if (columns.empty()) return;
    std::vector<double> all;
    for (const data::Feature& column : columns)
      all.insert(all.end(), column.values.begin(), column.values.end());
    const auto count = static_cast<int64_t>(columns.size());
    list.own(name, "F64", {count, static_cast<int64_t>(all.size()) / count}, all);
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
      file.refuse("the series scaler holds NaN or Inf");
    statistics[i] = {shift[i], scale[i]};
  }
  return statistics;
}

Scales read_scales(SavedFile& file, int64_t series, const json& contract) {
  Scales scales{read_statistics(file, "data/scaler_shift", "data/scaler_scale", {series})};
  const auto statics = contract.value("scaledStatics", std::vector<std::string>());
  if (!statics.empty()) {
    const auto all = read_statistics(file, "data/static_shift", "data/static_scale",
                                     {static_cast<int64_t>(statics.size())});
    for (size_t i = 0; i < statics.size(); ++i) scales.statics[statics[i]] = all[i];
  }
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
      if (!fits) file.refuse("the column " + column.name + " holds a value out of range");
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
    if (panel->has_missing() && !state.config->mask_missing) file.refuse("a target is NaN");
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
  calibration->ids = saved->value("ids", *state.ids);
  calibration->absolute = saved->value("absolute", false);
  const auto all = static_cast<int64_t>(calibration->ids.size());
  calibration->units = file.read<double>("data/interval_units", "F64", {all});
  calibration->series = file.read<int64_t>("data/interval_series", "I64", {-1});
  const auto n = static_cast<int64_t>(calibration->series.size());
  for (const int64_t place : calibration->series) {
    if (place < 0 || place >= all)
      file.refuse("the errors of the intervals are of a series that it does not know");
  }
  for (const ModelConfig& model : config.models) {
    calibration->errors.emplace_back();
    // A checkpoint of the reference has errors of single forecasts only.
    if (calibration->absolute && !is_single(model.network->loss())) continue;
    const auto columns =
        static_cast<int64_t>(calibrated_columns(model, calibration->options).size());
    calibration->errors.back() =
        file.read<double>(errors_name(model), "F64",
                          {n, calibration->options.windows, calibration->horizon, columns});
  }
  return calibration;
}

void read_optimizers(SavedFile& file, const json& saved, State& state) {
  const ForecasterConfig& config = *state.config;
  for (size_t i = 0; i < config.models.size(); ++i)
    state.models[i].optimizer = read_optimizer(file, config.models[i], saved.at(i));
}

/// Of a checkpoint.
void read_trainings(SavedFile& file, const json& saved, State& state) {
  const ForecasterConfig& config = *state.config;
  state.fit_of = FitOf{saved.at("data").get<std::string>(),      saved.at("valSize").get<int64_t>(),
                       saved.at("intervals").get<std::string>(), saved.value("frozen", ""),
                       saved.value("initialWeights", ""),        saved.value("teacher", "")};
  for (size_t i = 0; i < config.models.size(); ++i)
    state.models[i].training = read_training(file, config.models[i]);
}

State read_saved(SavedFile& file, std::shared_ptr<const ForecasterConfig> saved) {
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
  if (file.has_metadata(kOptimizer)) read_optimizers(file, file.parse(kOptimizer), state);
  if (file.has_metadata(kTraining)) read_trainings(file, file.parse(kTraining), state);
  return state;
}

/// Networks as they are declared; loadWeights() brings their weights.
State read_description(SavedFile& file, std::shared_ptr<const ForecasterConfig> saved) {
  const json contract = file.parse("data");
  State state = read_data(file, contract, saved);
  state.calibration = read_calibration(file, contract, state);
  state.models = initial_models(*saved);
  for (ModelState& model : state.models) model.trained = model.declared = true;
  return state;
}
}  // namespace

void write_state(const std::string& path, const State& state, SavedParts parts) {
  const ForecasterConfig& config = *state.config;
  const data::Panel* panel = parts.data ? state.panel.get() : nullptr;
  TensorList list;
  ordered_json trained = ordered_json::array(), history = ordered_json::array(),
               optimizers = ordered_json::array();
  for (size_t i = 0; i < config.models.size(); ++i) {
    const ModelState& model = state.models[i];
    add_model(list, config.models[i], model);
    if (parts.optimizer)
      optimizers.push_back(add_optimizer(list, config.models[i], model.optimizer.get()));
    if (parts.training) add_training(list, config.models[i], *model.training);
    trained.push_back(model.trained);
    history.push_back(model.history);
  }
  add_scales(list, state.scales);
  if (panel != nullptr) add_windows(list, panel->tail(config.longest_input()));

  ordered_json contract = {{"frequency", state.frequency.text()},
                           {"calendar", state.calendar},
                           {"ids", *state.ids},
                           {"trained", trained}};
  if (!state.vocabularies.empty()) contract["vocabularies"] = state.vocabularies;
  for (const auto& [name, statistics] : state.scales.features)
    contract["scaledFeatures"].push_back(name);
  for (const auto& [name, statistics] : state.scales.statics)
    contract["scaledStatics"].push_back(name);
  if (panel != nullptr && !panel->features().empty())
    contract["features"] = columns_json(panel->features());
  if (panel != nullptr && !panel->statics().empty())
    contract["statics"] = columns_json(panel->statics());
  if (state.calibration != nullptr) {
    add_calibration(list, state);
    contract["intervals"] = intervals_json(state.calibration->options);
    contract["intervals"]["horizon"] = state.calibration->horizon;
    if (state.calibration->absolute) contract["intervals"]["absolute"] = true;
    if (state.calibration->ids != *state.ids) contract["intervals"]["ids"] = state.calibration->ids;
  }
  Metadata metadata;
  metadata["config"] = text_of(config_json(config));
  metadata["history"] = text_of(history);
  metadata["data"] = text_of(contract);
  if (parts.optimizer) metadata[kOptimizer] = text_of(optimizers);
  if (parts.training) {
    metadata[kTraining] = text_of({{"data", state.fit_of->data},
                                   {"valSize", state.fit_of->val_size},
                                   {"intervals", state.fit_of->intervals},
                                   {"frozen", state.fit_of->frozen},
                                   {"initialWeights", state.fit_of->initial},
                                   {"teacher", state.fit_of->teacher}});
  }
  if (!state.note.empty()) metadata[kNote] = state.note;
  write_saved_file(path, std::move(metadata), list);
}

void Forecaster::save(const std::string& path, const SaveRequest& request) const {
  const auto state = impl_->current();
  if (state == nullptr)
    throw Error(Code::not_fitted, "[save] the models are not fitted; call fit() first");
  State noted = *state;
  if (request.note) noted.note = *request.note;
  write_state(path, noted, {.data = request.data, .optimizer = request.optimizer});
}

Forecaster Forecaster::load(const std::string& path) { return read(path, false); }

Forecaster Forecaster::from_description(const std::string& path) { return read(path, true); }

namespace {
State read_file(const std::string& path, bool described) {
  SavedFile file(path, described);
  try {
    auto config = std::make_shared<const ForecasterConfig>(parse_config(file.parse("config")));
    State state =
        described ? read_description(file, std::move(config)) : read_saved(file, std::move(config));
    file.refuse_unused();
    return state;
  } catch (const nlohmann::json::exception& error) {
    file.refuse(std::string("the metadata is incomplete: ") + error.what());
  } catch (const Error& error) {
    if (error.code() == Code::file) throw;
    file.refuse("the metadata is not valid: " + error.message());
  }
}
}  // namespace

State read_state(const std::string& path) { return read_file(path, false); }

Forecaster Forecaster::read(const std::string& path, bool described) {
  auto state = std::make_shared<const State>(read_file(path, described));
  auto impl = std::make_unique<Impl>();
  impl->config = state->config;
  impl->state = std::move(state);
  return Forecaster(std::move(impl));
}

}  // namespace nd::forecast
