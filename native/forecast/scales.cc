// What a panel goes through before a network sees it: series scalers and vocabularies.
#include <algorithm>

#include "data/missing.h"
#include "forecast/forecaster_impl.h"

namespace nd::forecast {

namespace {
/// Numeric columns with a scale of their own.
std::vector<std::string> scaled_columns(const ForecasterConfig& config, const data::Panel& panel) {
  std::vector<std::string> names;
  if (config.series_scaler == data::SeriesScaler::none ||
      config.series_scaler == data::SeriesScaler::boxcox)
    return names;
  const std::vector<std::string> categorical = config.categorical_columns();
  for (const data::Feature& column : panel.features()) {
    const bool is_category =
        std::find(categorical.begin(), categorical.end(), column.name) != categorical.end();
    const bool is_weight = column.name == config.sample_weight;
    if (column.is_numeric() && !is_category && !is_weight) names.push_back(column.name);
  }
  return names;
}

void check_positive(const data::Feature& column) {
  const auto wrong = std::ranges::find_if_not(column.values, [](double v) { return v > 0; });
  if (wrong == column.values.end()) return;
  throw Error(Code::data,
              "[localStaticScaler] static column \"" + column.name + "\": received the value " +
                  std::to_string(*wrong) +
                  ", expected positive values: localStaticScaler 'boxcox' takes their logarithm");
}

void scale_statics(data::SeriesScaler scaler, const Scales& scales, data::Panel& panel) {
  for (data::Feature& column : panel.mutable_statics()) {
    const auto found = scales.statics.find(column.name);
    if (found == scales.statics.end()) continue;
    for (double& v : column.values) v = data::scale_value(scaler, found->second, v);
  }
}

void scale_panel(data::SeriesScaler scaler, const Scales& scales, data::Panel& panel) {
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    const data::SeriesStatistics& one = scales.target[static_cast<size_t>(s)];
    for (double& y : panel.mutable_target(s)) y = data::scale_value(scaler, one, y);
  }
  for (data::Feature& column : panel.mutable_features()) {
    const auto found = scales.features.find(column.name);
    if (found == scales.features.end()) continue;
    const size_t steps = column.future.size() / panel.ids().size();
    for (int64_t s = 0; s < panel.series_count(); ++s) {
      const auto at = static_cast<size_t>(s);
      const data::SeriesStatistics& one = found->second[at];
      const auto scale = [&](std::span<double> values) {
        for (double& v : values) v = data::scale_value(scaler, one, v);
      };
      scale(
          std::span(column.values)
              .subspan(static_cast<size_t>(panel.begin(s)), static_cast<size_t>(panel.length(s))));
      scale(std::span(column.future).subspan(at * steps, steps));
    }
  }
}
}  // namespace

std::map<std::string, data::SeriesStatistics> static_scales(const ForecasterConfig& config,
                                                            const data::Panel& panel) {
  std::map<std::string, data::SeriesStatistics> scales;
  if (config.static_scaler == data::SeriesScaler::none) return scales;
  const std::vector<std::string> categorical = config.categorical_columns();
  for (const data::Feature& column : panel.statics()) {
    const bool is_category =
        std::find(categorical.begin(), categorical.end(), column.name) != categorical.end();
    if (!column.is_numeric() || is_category) continue;
    if (config.static_scaler == data::SeriesScaler::boxcox) check_positive(column);
    scales[column.name] =
        data::series_statistics(config.static_scaler, column.values, "", config.compat);
  }
  return scales;
}

Scales panel_scales(const ForecasterConfig& config, const data::Panel& panel,
                    const std::function<int64_t(int64_t)>& rows) {
  Scales scales;
  const auto of_series = [&](const auto& values_of) {
    std::vector<data::SeriesStatistics> all(static_cast<size_t>(panel.series_count()));
    if (config.series_scaler == data::SeriesScaler::none) return all;
    std::vector<double> room;
    for (int64_t s = 0; s < panel.series_count(); ++s) {
      const auto known = static_cast<size_t>(std::clamp<int64_t>(rows(s), 0, panel.length(s)));
      all[static_cast<size_t>(s)] = data::series_statistics(
          config.series_scaler, data::observed_values(values_of(s).first(known), room),
          panel.ids()[static_cast<size_t>(s)], config.compat);
    }
    return all;
  };
  scales.target = of_series([&](int64_t s) { return panel.target(s); });
  for (const std::string& name : scaled_columns(config, panel)) {
    const data::Feature& column = *data::find_feature(panel.features(), name);
    scales.features[name] = of_series([&](int64_t s) { return panel.rows_of(column, s); });
  }
  scales.statics = static_scales(config, panel);
  return scales;
}

Scales panel_scales(const ForecasterConfig& config, const data::Panel& panel) {
  return panel_scales(config, panel, [&](int64_t s) { return panel.length(s); });
}

Scales scales_of(const Scales& all, std::span<const int64_t> series) {
  const auto chosen = [&](const std::vector<data::SeriesStatistics>& from) {
    std::vector<data::SeriesStatistics> some;
    for (const int64_t s : series) some.push_back(from[static_cast<size_t>(s)]);
    return some;
  };
  Scales scales{chosen(all.target), {}, all.statics};
  for (const auto& [name, statistics] : all.features) scales.features[name] = chosen(statistics);
  return scales;
}

std::optional<data::Panel> network_panel(const ForecasterConfig& config, const Scales& scales,
                                         const Vocabularies& vocabularies, const data::Panel& panel,
                                         const char* place) {
  const bool scaled = config.series_scaler != data::SeriesScaler::none;
  if (!scaled && scales.statics.empty() && vocabularies.empty()) return std::nullopt;
  std::optional<data::Panel> copy(panel);
  scale_statics(config.static_scaler, scales, *copy);
  if (scaled) scale_panel(config.series_scaler, scales, *copy);
  encode_categories(vocabularies, *copy, config.refuse_unseen ? place : nullptr);
  return copy;
}

}  // namespace nd::forecast
