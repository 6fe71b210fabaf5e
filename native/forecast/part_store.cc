#include "forecast/part_store.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "forecast/panel_digest.h"
#include "io/safetensors.h"

namespace nd::forecast {

namespace {

std::string column_name(size_t column) { return "column/" + std::to_string(column); }
}  // namespace

PartStore::PartStore(std::string folder, const ForecasterConfig& config, const data::Panel& panel,
                     const std::string& description)
    : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  digest_ = text_digest(config_json(config).dump() + '\0' + description + '\0' +
                        panel_digest(panel) + '\0' + kPackageVersion);
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    throw Error(Code::file,
                "[crossValidation] cannot make the folder " + folder_ + ": " + error.message());
  }
}

std::string PartStore::path_of(size_t part) const {
  return (std::filesystem::path(folder_) / ("part-" + std::to_string(part) + ".safetensors"))
      .string();
}

bool PartStore::load(size_t part, size_t rows, std::vector<std::vector<double>>& columns) const {
  if (folder_.empty()) return false;
  const std::string path = path_of(part);
  if (!std::filesystem::exists(path)) return false;
  const io::SafetensorsFile file(path);
  const auto found = file.metadata().find("digest");
  if (found == file.metadata().end() || found->second != digest_) {
    throw Error(Code::config, "[crossValidation] " + path +
                                  " is of a cross-validation with other options, models or data, "
                                  "or of another version; name another folder or empty this one");
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    columns[c] = file.doubles(column_name(c));
    if (columns[c].size() == rows) continue;
    throw Error(Code::file, "[crossValidation] " + path + ": holds " +
                                std::to_string(columns[c].size()) + " rows, expected " +
                                std::to_string(rows));
  }
  return true;
}

void PartStore::save(size_t part, const std::vector<std::vector<double>>& columns) const {
  if (folder_.empty()) return;
  std::vector<io::TensorData> tensors;
  for (size_t c = 0; c < columns.size(); ++c) {
    tensors.push_back({column_name(c),
                       "F64",
                       {static_cast<int64_t>(columns[c].size())},
                       std::as_bytes(std::span(columns[c]))});
  }
  io::write_safetensors(path_of(part), {{"digest", digest_}}, tensors);
}

}  // namespace nd::forecast
