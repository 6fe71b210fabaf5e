// The columns of a forecast: what a loss makes of the raw outputs of its network, and what else can
// be asked of them when the model is long trained.
#pragma once

#include <string>
#include <vector>

namespace nd {

class Loss;

/// In this order: the mean of a distribution, quantiles, parameters of a distribution. A point loss
/// has the single "quantile" 0.5.
struct ForecastColumns {
  std::vector<std::string> suffixes;  ///< of the model's alias: "", "-median", "-lo-80", …
  bool mean = false;
  std::vector<double> quantiles;
  bool parameters = false;
  size_t size() const { return suffixes.size(); }
  /// The column that stands for the whole forecast: the mean, else the median, else the first.
  size_t point() const;
};

/// What predict() may be asked for instead of what the loss gives: intervals by their coverage in
/// percent, or quantiles. At most one of the two.
struct QuantileRequest {
  std::vector<double> levels, quantiles;
  /// Whether the errors of a loss with a single forecast are known: then intervals around it can be
  /// asked for too.
  bool conformal = false;
  bool empty() const { return levels.empty() && quantiles.empty(); }
};

/// Quantiles and suffixes of intervals: the median first, then the bounds in ascending order.
ForecastColumns columns_of_levels(const std::vector<double>& levels);
/// The same of quantiles in the given order, named as intervals ("-lo-80.0").
ForecastColumns columns_of_quantiles(const std::vector<double>& quantiles);

/// The columns of `loss`, or those of `request` where it asks for any; `place` opens messages
/// ("predict", "NHITS"). Throws E0010 for both, for values out of range, for a loss with a single
/// forecast and for quantiles beyond those that a quantile loss learned.
ForecastColumns requested_columns(const Loss& loss, const QuantileRequest& request,
                                  const std::string& place, const std::string& model);

/// What of them the network itself gives: the forecast alone where intervals are put around it.
ForecastColumns network_columns(const Loss& loss, const QuantileRequest& request,
                                const std::string& place, const std::string& model);
/// Whether the loss has a single forecast per step.
bool is_single(const Loss& loss);

/// Shortest text that reads back as the number, with ".0" where Python writes one (`point`).
std::string number_text(double value, bool point);

}  // namespace nd
