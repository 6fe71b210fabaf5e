// What each fit of a cross-validation may see, and what it forecasts: the place where leakage is
// prevented. Nothing here trains; the cut depends on lengths and options only.
#pragma once

#include <vector>

#include "forecast/forecaster.h"
#include "forecast/origins.h"

namespace nd::forecast {

/// One fit and the forecasts that it serves.
struct Split {
  FitPlace place;
  /// What the fit sees.
  std::vector<data::Piece> learned;
  /// By which rows the series that it forecasts are scaled, in order of series.
  std::vector<data::Piece> scaled_by;
  /// The forecasts: indices of origins, in ascending order.
  std::vector<size_t> blocks;
};

struct Splits {
  std::vector<Origin> origins;  ///< of all forecasts, in order of series, then of time
  std::vector<Split> parts;     ///< in the order in which one fit may go on from the one before
};

/// Cuts a panel. Without folds a series takes part in the windows before which their fit has at
/// least one of its rows. Folds over series hold every folds-th series out of the training of
/// others, whose rows end where the window begins; folds over time hold out one block of every
/// series and learn from the rows before and after it. Throws E0003 when nothing is left to learn
/// from or to forecast, E0005 for a `test_size` that is no whole number of steps, E0010 for more
/// folds than series.
Splits make_splits(const data::Panel& panel, const CrossValidationRequest& request,
                   int64_t horizon);

}  // namespace nd::forecast
