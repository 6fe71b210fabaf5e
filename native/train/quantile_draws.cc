#include "train/quantile_draws.h"

#include <algorithm>

#include "losses/distributions/beta.h"
#include "models/network.h"

namespace nd::train {

namespace {
constexpr size_t kTable = 4096;  // steps of the table, linear between
}  // namespace

QuantileFeed::QuantileFeed(const QuantileDraws& draws)
    : draws_(draws), cosines_(static_cast<size_t>(draws.embedding)) {
  if (draws.concentration0 == 1 && draws.concentration1 == 1) return;
  // The order of torch.distributions.Beta: concentration1 belongs to x, concentration0 to 1 - x.
  for (size_t i = 0; i <= kTable; ++i)
    table_.push_back(distribution::beta_quantile(static_cast<double>(i) / kTable,
                                                 draws.concentration1, draws.concentration0));
}

double QuantileFeed::level(double u) const {
  if (table_.empty()) return u;
  const double at = u * kTable;
  const auto i = static_cast<size_t>(at);
  return table_[i] + (at - static_cast<double>(i)) * (table_[i + 1] - table_[i]);
}

void QuantileFeed::feed(Plan& plan, uint64_t seed, uint32_t number) {
  if (!plan.has_input(io_names::kQuantileLevel)) return;
  const std::span<float> levels = plan.input(io_names::kQuantileLevel),
                         cosines = plan.input(io_names::kQuantileCosines);
  const PhiloxKey key{seed, Stream::sampling, 0, number};
  const size_t E = cosines_.size();
  for (size_t i = 0; i < levels.size(); ++i) {
    const double q = level(static_cast<double>(philox_uniform(key, i)));
    levels[i] = static_cast<float>(q);
    quantile_cosines(q, cosines_);
    std::ranges::transform(cosines_, cosines.begin() + static_cast<ptrdiff_t>(i * E),
                           [](double c) { return static_cast<float>(c); });
  }
}

}  // namespace nd::train
