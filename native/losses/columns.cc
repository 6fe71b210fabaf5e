#include "losses/columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "losses/loss.h"

namespace nd {
namespace {

std::vector<double> distinct(const std::vector<double>& values) {
  std::vector<double> result;
  for (const double v : values)
    if (std::find(result.begin(), result.end(), v) == result.end()) result.push_back(v);
  return result;
}

std::string list_of(const std::vector<double>& values) {
  std::string list;
  for (const double v : values) list += (list.empty() ? "" : ", ") + number_text(v, false);
  return "[" + list + "]";
}

void check_range(const std::vector<double>& values, double below, const std::string& place,
                 const std::string& name) {
  for (const double v : values) {
    if (v > 0 && v < below) continue;
    throw Error(Code::config, "[" + place + "] received " + name + " = " + list_of(values) +
                                  ", expected numbers in (0, " + number_text(below, false) + ")");
  }
}

/// Those of a quantile loss lie between the quantiles that it learned.
void check_learned(const Loss& loss, const std::vector<double>& asked, const std::string& opening) {
  const auto [least, most] = std::ranges::minmax(loss.trained_quantiles());
  for (const double q : asked) {
    if (q >= least && q <= most) continue;
    throw Error(Code::config, opening + ": received the quantile " + number_text(q, false) +
                                  ", expected quantiles in [" + number_text(least, false) + ", " +
                                  number_text(most, false) +
                                  "], between those that its loss learned; a distribution loss "
                                  "gives any");
  }
}

/// The forecast of a loss that has no other, then bounds.
ForecastColumns around_forecast(const Loss& loss, ForecastColumns columns,
                                const QuantileRequest& request) {
  if (!request.levels.empty()) {  // the forecast stands for the median
    columns.suffixes.erase(columns.suffixes.begin());
    columns.quantiles.erase(columns.quantiles.begin());
  }
  const ForecastColumns& own = loss.columns();
  columns.suffixes.insert(columns.suffixes.begin(), own.suffixes.front());
  columns.quantiles.insert(columns.quantiles.begin(), own.quantiles.front());
  return columns;
}

}  // namespace

bool is_single(const Loss& loss) {
  return loss.distribution() == nullptr && loss.trained_quantiles().size() < 2;
}

ForecastColumns network_columns(const Loss& loss, const QuantileRequest& request,
                                const std::string& place, const std::string& model) {
  return is_single(loss) && request.conformal ? loss.columns()
                                              : requested_columns(loss, request, place, model);
}

std::string number_text(double value, bool point) {
  char buffer[400];  // 5e-324 has 326 characters
  std::string text(
      buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr);
  return point && text.find('.') == std::string::npos ? text + ".0" : text;
}

size_t ForecastColumns::point() const {
  if (mean) return 0;
  const auto median = std::ranges::find(quantiles, 0.5);
  return median == quantiles.end() ? 0 : static_cast<size_t>(median - quantiles.begin());
}

ForecastColumns columns_of_levels(const std::vector<double>& levels) {
  std::vector<std::pair<double, std::string>> bounds;
  for (const double level : distinct(levels)) {
    bounds.emplace_back((50 - level / 2) / 100, "-lo-" + number_text(level, false));
    bounds.emplace_back((50 + level / 2) / 100, "-hi-" + number_text(level, false));
  }
  std::ranges::stable_sort(bounds, {}, [](const auto& bound) { return bound.first; });
  ForecastColumns columns;
  columns.suffixes = {"-median"}, columns.quantiles = {0.5};
  for (auto& [quantile, name] : bounds) {
    columns.quantiles.push_back(quantile);
    columns.suffixes.push_back(std::move(name));
  }
  return columns;
}

ForecastColumns columns_of_quantiles(const std::vector<double>& quantiles) {
  ForecastColumns columns;
  columns.quantiles = distinct(quantiles);
  for (const double q : columns.quantiles) {
    const double level =
        std::nearbyint((q < 0.5 ? 100 - 200 * q : 100 - 200 * (1 - q)) * 100) / 100;
    columns.suffixes.push_back(q == 0.5 ? "-median"
                                        : (q < 0.5 ? "-lo-" : "-hi-") + number_text(level, true));
  }
  return columns;
}

ForecastColumns requested_columns(const Loss& loss, const QuantileRequest& request,
                                  const std::string& place, const std::string& model) {
  if (request.empty()) return loss.columns();
  if (!request.levels.empty() && !request.quantiles.empty()) {
    throw Error(Code::config, "[" + place + "] received levels = " + list_of(request.levels) +
                                  " and quantiles = " + list_of(request.quantiles) +
                                  ", expected one of the two");
  }
  check_range(request.levels, 100, place, "levels");
  check_range(request.quantiles, 1, place, "quantiles");
  const std::string opening = "[" + place + "] " + model;
  const bool any = loss.distribution() != nullptr, single = is_single(loss);
  if (single && !request.conformal) {
    throw Error(Code::config,
                opening + ": received " + (request.levels.empty() ? "quantiles" : "levels") +
                    ", expected none: " + std::string(loss.spec().name) +
                    " forecasts one number per step. For intervals train with mqLoss() or "
                    "distributionLoss(), or fit with the option intervals");
  }
  ForecastColumns columns;
  if (request.levels.empty()) {
    columns.quantiles = distinct(request.quantiles);
    for (const double q : columns.quantiles)
      columns.suffixes.push_back("_ql" + number_text(q, true));
  } else {
    columns = columns_of_levels(request.levels);
  }
  if (single) return around_forecast(loss, std::move(columns), request);
  if (!any) check_learned(loss, columns.quantiles, opening);
  columns.mean = any;
  if (any) columns.suffixes.insert(columns.suffixes.begin(), "");
  return columns;
}

}  // namespace nd
