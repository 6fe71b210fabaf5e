// One fitted model, resident, for serving: raw history in, forecast out, in microseconds. Scaling,
// network and inverse are one call; plans per batch size are kept.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/scalers.h"
#include "graph/parameters.h"
#include "models/network.h"
#include "serve/window_columns.h"

namespace nd::serve {

struct PredictorState {
  std::shared_ptr<const Network> network;
  std::shared_ptr<const FloatBuffer> parameters;
  data::WindowScaler window_scaler = data::WindowScaler::identity;
  data::RevinAffine revin;
  data::SeriesScaler series_scaler = data::SeriesScaler::none;
  bool exclude_insample_y = false, compat = false;
  bool allow_missing = false;  ///< NaN in a window is a missing value
  std::vector<std::string> columns;
  ColumnReading reading;
};

class Predictor {
 public:
  explicit Predictor(PredictorState state);
  ~Predictor();
  int64_t input_size() const;
  int64_t horizon() const;
  int64_t outputs() const;  ///< columns of a forecast
  const std::vector<std::string>& columns() const;
  /// What it reads beside the values of windows.
  const data::Exogenous& exogenous() const;
  /// `count` windows of raw values, each `length` long (oldest first; only the last L are read by
  /// the network, shorter ones are padded as in training; a series scaler is computed over all
  /// `length` values), to [count, H, Q] in original scale. For a multivariate model `count` is a
  /// multiple of its N series, in the order of the fit. Throws E0002 / E0003 / E0011 (NaN, unless
  /// it may be missing), and what window_panel() throws for `given`, the exogenous columns. Safe
  /// from any thread; calls at the same time do not wait for each other.
  void predict(std::span<const double> windows, int64_t count, int64_t length,
               std::span<double> out, const WindowColumns& given = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nd::serve
