#include <nlohmann/json.hpp>

#include "base/error.h"
#include "forecast/forecaster.h"
#include "memory_file.h"
#include "model_text.h"
#include "serve/predictor.h"

namespace nd::fuzz {

namespace {

/// Networks read histories of this length at most here: reading is fuzzed, not computing.
constexpr int64_t kMostSteps = 256;

int64_t largest_size(const nlohmann::ordered_json& info) {
  int64_t largest = 0;
  for (const auto& model : info.at("models")) {
    for (const char* name : {"horizon", "inputSize", "inferenceInputSize", "hTrain"}) {
      const auto& options = model.at("options");
      if (options.contains(name) && options[name].is_number_integer())
        largest = std::max(largest, options[name].get<int64_t>());
    }
  }
  return largest;
}

void check_table(const forecast::ForecastTable& table) {
  const size_t rows = table.series.size() * static_cast<size_t>(table.horizon);
  require(table.times.size() == rows, "a stamp per row");
  require(table.values.size() == table.columns.size(), "values for every column");
  for (const auto& values : table.values) require(values.size() == rows, "a value per row");
}

void ask(const forecast::Forecaster& forecaster) {
  check_table(forecaster.predict(nullptr, {.horizon = 0, .threads = 1}));
  check_table(forecaster.predict(nullptr, {.horizon = forecaster.horizon() + 1, .threads = 1}));
}

void serve(const forecast::Forecaster& forecaster, const std::string& alias) {
  const auto predictor = forecaster.predictor(alias);
  const std::vector<double> window(static_cast<size_t>(predictor->input_size()), 1.5);
  std::vector<double> out(static_cast<size_t>(predictor->horizon() * predictor->outputs()));
  predictor->predict(window, 1, predictor->input_size(), out);
}

/// What a file holds may be unfit for a question; that is a documented error and no end.
template <class Question>
void put(Question question) {
  try {
    question();
  } catch (const Error& error) {
    if (error.code() == Code::internal) throw;
  }
}

}  // namespace

void model_file(Bytes bytes) {
  const std::vector<uint8_t> file =
      model_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (file.empty()) return;
  const MemoryFile memory(file);
  const auto forecaster = forecast::Forecaster::load(memory.path());
  require(forecaster.fitted(), "a loaded object is fitted");
  const nlohmann::ordered_json info = forecaster.info();
  info.dump();
  require(!forecaster.columns().empty(), "columns");
  forecaster.clone();
  if (largest_size(info) > kMostSteps) return;
  put([&] { ask(forecaster); });
  for (const std::string& alias : forecaster.aliases()) put([&] { serve(forecaster, alias); });
}

}  // namespace nd::fuzz
