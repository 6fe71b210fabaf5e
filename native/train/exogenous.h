// The exogenous inputs of a batch: which columns of a panel go where, gathered, scaled and fed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/features.h"
#include "data/panel.h"
#include "data/scalers.h"
#include "data/windows.h"
#include "graph/plan.h"

namespace nd::train {

/// Throws E0004 naming the first column of `names` that `panel` lacks (or its future, when
/// `with_future`), E0011 for texts where numbers are read.
void check_columns(const data::Exogenous& names, const data::Panel& panel, const std::string& model,
                   const char* place, bool with_future = false);

/// Buffers for the exogenous inputs of a fixed number of rows; a row is a window of one series.
class ExogenousBatch {
 public:
  /// `recurrent`: inputs of a step are what is known of the step that it forecasts.
  ExogenousBatch(const data::Exogenous& names, const data::WindowLayout& layout,
                 data::WindowScaler scaler, bool compat, bool recurrent, int64_t rows);

  bool empty() const { return blocks_.empty(); }
  /// Finds the columns in `panel`, which has them (check_columns); before load().
  void open(const data::Panel& panel);
  /// Gathers one row; safe for different rows at once. Rows from `limit` on count as unobserved.
  void load(const data::Panel& panel, const data::WindowRef& window, int64_t limit, int64_t row);
  /// Zeroes rows [begin, end).
  void clear(int64_t begin, int64_t end);
  /// Copies into the inputs that `plan` has.
  void feed(Plan& plan) const;

 private:
  enum class Span : uint8_t { history, window, series };
  /// One input of the network: [rows, steps, columns].
  struct Block {
    const char* input;
    Span span;
    bool categorical;
    std::vector<std::string> names;
    std::vector<const data::Feature*> columns;  ///< of the open panel
    std::vector<float> values;
  };
  int64_t steps(const Block& block) const;
  void feed_block(const Block& block, std::span<float> input, int64_t rows) const;

  data::WindowLayout layout_;
  data::WindowScaler scaler_;
  bool compat_, recurrent_;
  int64_t rows_;
  std::vector<Block> blocks_;
};

}  // namespace nd::train
