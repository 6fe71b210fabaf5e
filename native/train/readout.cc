#include "train/readout.h"

#include <algorithm>
#include <numeric>

#include "losses/distributions/math.h"

namespace nd::train {

Readout::Readout(const Loss& loss, ForecastColumns columns, data::WindowScaler scaler)
    : distribution_(loss.distribution()),
      columns_(std::move(columns)),
      scaler_(scaler),
      outputs_(static_cast<size_t>(loss.outputs())) {
  const std::vector<double>& trained = loss.trained_quantiles();
  if (distribution_ != nullptr || trained.size() < 2) return;
  const bool asked = columns_.quantiles != trained;
  if (loss.compat() && !asked) return;
  ascending_.resize(trained.size());
  std::iota(ascending_.begin(), ascending_.end(), size_t{0});
  std::ranges::sort(ascending_, {}, [&](size_t i) { return trained[i]; });
  if (!asked) return;
  // Linear in the quantiles of the normal distribution, so that a normal one is met exactly.
  for (const double q : columns_.quantiles) {
    size_t high = 0;
    while (high + 1 < ascending_.size() && trained[ascending_[high]] < q) ++high;
    const size_t low = high == 0 || trained[ascending_[high]] == q ? high : high - 1;
    const auto z = [&](double p) { return distribution::normal_quantile(p); };
    const double from = trained[ascending_[low]], to = trained[ascending_[high]];
    between_.push_back({low, high, low == high ? 0 : (z(q) - z(from)) / (z(to) - z(from))});
  }
}

// Sorting the quantiles brings none of them further from the truth (Chernozhukov, Fernández-Val and
// Galichon, "Quantile and probability curves without crossing", 2010).
void Readout::read_quantiles(std::span<double> trained, std::span<double> out) const {
  if (ascending_.empty()) {
    std::ranges::copy(trained, out.begin());
    return;
  }
  std::ranges::sort(trained);
  if (between_.empty()) {
    for (size_t i = 0; i < trained.size(); ++i) out[ascending_[i]] = trained[i];
    return;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    const auto [low, high, weight] = between_[i];
    out[i] = trained[low] + weight * (trained[high] - trained[low]);
  }
}

void Readout::read_distribution(const data::WindowStatistics& statistics,
                                std::span<const double> raw, std::span<double> out) const {
  double buffer[512];
  std::vector<double> large;
  const auto size = static_cast<size_t>(distribution_->size());
  if (size > std::size(buffer)) large.resize(size);
  const std::span<double> parameters(size > std::size(buffer) ? large.data() : buffer, size);
  distribution_->parameters(raw, statistics.shift, statistics.scale, parameters);
  size_t column = 0;
  if (columns_.mean) out[column++] = distribution_->mean(parameters);
  for (const double q : columns_.quantiles) out[column++] = distribution_->quantile(parameters, q);
  if (columns_.parameters)
    std::ranges::copy(parameters.first(out.size() - column), out.begin() + column);
}

void Readout::read(const data::WindowStatistics& statistics, std::span<const float> raw,
                   std::span<double> out) const {
  const size_t steps = raw.size() / outputs_, width = size();
  double buffer[512];
  std::vector<double> large;
  if (outputs_ > std::size(buffer)) large.resize(outputs_);
  const std::span<double> values(large.empty() ? buffer : large.data(), outputs_);
  for (size_t step = 0; step < steps; ++step) {
    const auto own = raw.subspan(step * outputs_, outputs_);
    const auto to = out.subspan(step * width, width);
    if (distribution_ != nullptr) {
      std::ranges::copy(own, values.begin());
      read_distribution(statistics, values, to);
      continue;
    }
    for (size_t q = 0; q < outputs_; ++q)
      values[q] = data::unscale_value(scaler_, statistics, static_cast<double>(own[q]));
    read_quantiles(values, to);
  }
}

}  // namespace nd::train
