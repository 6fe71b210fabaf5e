#include "forecast/model_windows.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <unordered_map>

#include "train/trainer.h"

namespace nd::forecast {

namespace {
/// The series of `panel` in the order in which NeuralForecast sorts them: numbers by value, texts
/// by code point.
std::vector<int32_t> sorted_order(const data::Panel& panel) {
  std::vector<int32_t> order(panel.ids().size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<int64_t> numbers(order.size());
  bool whole = true;
  for (size_t s = 0; s < numbers.size() && whole; ++s) {
    const std::string& id = panel.ids()[s];
    const auto [end, status] = std::from_chars(id.data(), id.data() + id.size(), numbers[s]);
    whole = status == std::errc() && end == id.data() + id.size();
  }
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
    return whole ? numbers[i] < numbers[j] : panel.ids()[i] < panel.ids()[j];
  });
  return order;
}

/// Where each series that a multivariate model learned is in `panel`. An imported model that was
/// saved without data has no names (`fitted` is empty), and an order that NeuralForecast gave it.
std::vector<int32_t> fitted_order(const ModelConfig& model, const std::vector<std::string>& fitted,
                                  const data::Panel& panel, const char* place) {
  train::check_series(model.network->geometry(), panel.series_count(), place, model.alias);
  if (fitted.empty()) return sorted_order(panel);
  std::unordered_map<std::string, int32_t> places;
  for (size_t s = 0; s < panel.ids().size(); ++s)
    places.emplace(panel.ids()[s], static_cast<int32_t>(s));
  std::vector<int32_t> order;
  for (const std::string& id : fitted) {
    const auto found = places.find(id);
    if (found == places.end()) {
      throw Error(Code::data, std::string("[") + place + "] " + model.alias +
                                  ": received no series \"" + id +
                                  "\", expected the series of the fit: a multivariate model "
                                  "forecasts them together");
    }
    order.push_back(found->second);
  }
  return order;
}
}  // namespace

WindowList windows_for(const ModelConfig& model, const std::vector<std::string>& fitted,
                       const data::Panel& panel, std::span<const Origin> origins,
                       const char* place) {
  WindowList list;
  if (!model.network->spec().capabilities.multivariate) {
    list.at.assign(origins.begin(), origins.end());
    list.origin.resize(origins.size());
    for (size_t i = 0; i < origins.size(); ++i) list.origin[i] = i;
    return list;
  }
  const std::vector<int32_t> order = fitted_order(model, fitted, panel, place);
  std::vector<size_t> rank(order.size());
  for (size_t r = 0; r < order.size(); ++r) rank[static_cast<size_t>(order[r])] = r;
  std::map<int64_t, std::vector<size_t>> by_distance;
  for (size_t i = 0; i < origins.size(); ++i) {
    auto& window = by_distance[panel.length(origins[i].series) - origins[i].row];
    window.resize(order.size(), kNowhere);
    window[rank[static_cast<size_t>(origins[i].series)]] = i;
  }
  for (auto distance = by_distance.rbegin(); distance != by_distance.rend(); ++distance) {
    for (size_t r = 0; r < order.size(); ++r) {
      list.at.push_back({order[r], panel.length(order[r]) - distance->first});
      list.origin.push_back(distance->second[r]);
    }
  }
  return list;
}

ModelForecaster::ModelForecaster(const ModelConfig& model, const ModelState& state,
                                 const ForecastColumns& columns, size_t windows,
                                 parallel::Team& team, const CancelToken* cancel)
    : state_(state), options_(batch_options(model, state)), cancel_(cancel) {
  const int64_t batch =
      train::inference_batch(model.train.inference_windows_batch_size,
                             static_cast<int64_t>(windows) / options_.layout.series);
  forecaster_.emplace(*model.network, options_, columns, batch, &team);
}

}  // namespace nd::forecast
