#include "losses/distributions/mixture.h"

#include "ops/ops.h"

namespace nd::distribution {
namespace {

/// log Σ e^x over values of one shape.
Var log_sum_exp(const std::vector<Var>& values) {
  Var most = values.front();
  for (const Var value : values) most = maximum(most, value);
  most = detach(most);
  Var sum;
  for (const Var value : values) sum = sum.valid() ? sum + exp(value - most) : exp(value - most);
  return log(sum) + most;
}

}  // namespace

std::vector<std::string> Mixture::names_of(const std::vector<std::string>& kinds) const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& kind) {
    for (size_t k = 1; k <= components(); ++k) names.push_back(kind + "-" + std::to_string(k));
  };
  for (const std::string& kind : kinds) add(kind);
  if (options_.weighted) add("-weight");
  return names;
}

/// log π_k + log p_k(y) of every component, [R, H, 1].
std::vector<Var> Mixture::joint(const LikelihoodInputs& in) const {
  Graph& graph = *in.z.graph;
  const size_t K = components();
  std::vector<Var> logits(in.raw.begin() + static_cast<std::ptrdiff_t>(kinds_ * K), in.raw.end());
  Var normaliser =
      options_.weighted ? log_sum_exp(logits) : graph.constant(std::log(static_cast<double>(K)));
  std::vector<Var> values;
  for (size_t k = 0; k < K; ++k) {
    std::vector<Var> own;
    for (size_t kind = 0; kind < kinds_; ++kind) own.push_back(in.raw[kind * K + k]);
    values.push_back(log_likelihood(in, own.data()));
    // What holds for a whole horizon or batch is the product of the likelihoods of its steps.
    const Shape rows = in.z.shape();
    const Shape windows = Shape::batched({rows.batch, rows.dims[0]});
    Var& value = values.back();
    const auto sum_over = [&](int64_t axis) {
      const Var seen = options_.compat ? value : value * greater(in.weight, graph.constant(0.0));
      const Var total = sum(reshape(seen, windows), {axis}, true);
      value = reshape(
          broadcast(axis == 0 ? reshape(total, Shape::fixed(windows.dims)) : total, windows), rows);
    };
    if (options_.batch_correlation) sum_over(0);
    if (options_.horizon_correlation) sum_over(2);
    value = value - normaliser;
    if (options_.weighted) value = value + logits[k];
  }
  return values;
}

Var Mixture::negative_log_likelihood(const LikelihoodInputs& in) const {
  return neg(log_sum_exp(joint(in)));
}

void Mixture::parameters(std::span<const double> raw, double loc, double scale,
                         std::span<double> out) const {
  const size_t K = components();
  double most = 0, total = 0;
  for (size_t k = 0; k < K && options_.weighted; ++k)
    most = k == 0 ? raw[kinds_ * K] : std::max(most, raw[kinds_ * K + k]);
  for (size_t k = 0; k < K; ++k) {
    std::array<double, 2> own{}, mapped{};
    for (size_t kind = 0; kind < kinds_; ++kind) own[kind] = raw[kind * K + k];
    map_component(own.data(), loc, scale, mapped.data());
    for (size_t kind = 0; kind < kinds_; ++kind) out[kind * K + k] = mapped[kind];
    double& weight = out[kinds_ * K + k];
    weight = options_.weighted ? std::exp(raw[kinds_ * K + k] - most) : 1;
    total += weight;
  }
  for (size_t k = 0; k < K; ++k) out[kinds_ * K + k] /= total;
}

double Mixture::mean(std::span<const double> p) const {
  double sum = 0;
  for (size_t k = 0; k < components(); ++k)
    sum += weight(p, k) * component_mean(component(p, k).data());
  return sum;
}

}  // namespace nd::distribution
