// The finished parts of a cross-validation, kept in a folder: a run that was stopped goes on where
// it was. A part is one file, written atomically, so that a kill leaves it whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "data/panel.h"
#include "forecast/config.h"

namespace nd::forecast {

class PartStore {
 public:
  /// `description`: what the result depends on besides configuration and data. "" as folder: keeps
  /// nothing. Makes the folder; throws E0006 where it cannot.
  PartStore(std::string folder, const ForecasterConfig& config, const data::Panel& panel,
            const std::string& description);

  /// Reads the values of a part, one vector of `rows` per column; false where it is not there.
  /// Throws E0006 for a damaged file and E0010 for one of other options, models or data.
  bool load(size_t part, size_t rows, std::vector<std::vector<double>>& columns) const;
  void save(size_t part, const std::vector<std::vector<double>>& columns) const;

 private:
  std::string path_of(size_t part) const;

  std::string folder_, digest_;
};

}  // namespace nd::forecast
