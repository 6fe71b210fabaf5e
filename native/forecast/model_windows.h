// Forecasts of one model from any moments, before they become columns: which windows its network
// reads for them, and the network run over those.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "forecast/origins.h"
#include "parallel/team.h"
#include "train/evaluation.h"

namespace nd::forecast {

inline constexpr size_t kNowhere = static_cast<size_t>(-1);

/// Windows in the order in which a network reads them, and for which origin each of them is:
/// `kNowhere` for a series that completes a multivariate window unasked.
struct WindowList {
  std::vector<Origin> at;
  std::vector<size_t> origin;
};

/// One window per origin, which are distinct; those of a multivariate model hold all series at one
/// distance from their ends, in the order that it learned: that of `fitted`, the series of its fit.
/// Throws E0002 and E0011 when the series of `panel` are others.
WindowList windows_for(const ModelConfig& model, const std::vector<std::string>& fitted,
                       const data::Panel& panel, std::span<const Origin> origins,
                       const char* place);

/// Forecasts of one network from many moments: [windows, H, columns] in the scale of the panel.
class ModelForecaster {
 public:
  /// `windows`: the most of one run, those of each series counted.
  ModelForecaster(const ModelConfig& model, const ModelState& state, const ForecastColumns& columns,
                  size_t windows, parallel::Team& team, const CancelToken* cancel);

  int64_t input_size() const { return options_.layout.input_size; }

  /// Calls `take(first, forecasts)` for runs of consecutive windows.
  template <class Take>
  void run(const data::Panel& scaled, std::span<const Origin> windows, const Take& take) {
    const auto capacity = static_cast<size_t>(forecaster_->capacity());
    for (size_t begin = 0; begin < windows.size(); begin += capacity) {
      if (cancel_ != nullptr) cancel_->check();
      const auto batch = windows.subspan(begin, std::min(windows.size() - begin, capacity));
      refs_.clear();
      for (const Origin& o : batch) refs_.push_back({o.series, o.row - input_size()});
      take(begin, forecaster_->run(scaled, refs_, state_.parameters->span(), cancel_));
    }
  }

 private:
  const ModelState& state_;
  train::BatchOptions options_;
  const CancelToken* cancel_;
  std::optional<train::WindowForecaster> forecaster_;
  std::vector<data::WindowRef> refs_;
};

}  // namespace nd::forecast
