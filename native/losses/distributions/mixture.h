// Mixtures of K components of one family: the likelihood, which may hold a component for a whole
// horizon or batch, and mean and quantiles, which belong to one step alone.
#pragma once

#include <array>

#include "losses/distributions/families.h"
#include "losses/distributions/math.h"

namespace nd::distribution {

/// Raw outputs and parameters come by kind: those of one kind of all components, then the next
/// kind; last, with `weighted`, the weights.
class Mixture : public Distribution {
 public:
  Mixture(const MixtureOptions& options, size_t kinds) : options_(options), kinds_(kinds) {}

  int64_t size() const override { return static_cast<int64_t>((kinds_ + 1) * components()); }
  void parameters(std::span<const double> raw, double loc, double scale,
                  std::span<double> out) const override;
  double mean(std::span<const double> p) const override;

 protected:
  size_t components() const { return static_cast<size_t>(options_.components); }
  const MixtureOptions& options() const { return options_; }
  std::vector<std::string> names_of(const std::vector<std::string>& kinds) const;
  double weight(std::span<const double> p, size_t k) const { return p[kinds_ * components() + k]; }
  /// Σ weight · cdf(component).
  template <class Cdf>
  double mixed(std::span<const double> p, const Cdf& cdf) const {
    double sum = 0;
    for (size_t k = 0; k < components(); ++k) sum += weight(p, k) * cdf(component(p, k));
    return sum;
  }
  /// Parameters of component k, by kind.
  std::array<double, 2> component(std::span<const double> p, size_t k) const {
    return {p[k], kinds_ > 1 ? p[components() + k] : 0};
  }

  /// log p(y) of component k, [R, H, 1], from the outputs of its kinds.
  virtual Var log_likelihood(const LikelihoodInputs& in, const Var* raw) const = 0;
  /// Its parameters and its mean in the scale of the panel.
  virtual void map_component(const double* raw, double loc, double scale, double* out) const = 0;
  virtual double component_mean(const double* p) const = 0;

 private:
  Var negative_log_likelihood(const LikelihoodInputs& in) const final;
  std::vector<Var> joint(const LikelihoodInputs& in) const;

  MixtureOptions options_;
  size_t kinds_;
};

}  // namespace nd::distribution
