// A family of distributions, declared once: how raw network outputs become its parameters, its
// likelihood as a graph for training, and its mean and quantiles for forecasts. Draws are quantiles
// of uniform numbers, so whoever has the quantile function can sample.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "ops/graph.h"

namespace nd {

/// What a likelihood reads. Every Var is [R, H, 1] but loc and scale [R, 1, 1]; where `weight` is 0
/// the target and the outputs are 0.
struct LikelihoodInputs {
  Var outputs;           ///< [R, H, P], of the network
  std::vector<Var> raw;  ///< the same one by one
  Var target;            ///< in the scale of the panel
  Var z;                 ///< (target - loc) / scale, computed in float64
  Var loc, scale;        ///< of the window's scaler; 0 and 1 without one
  Var weight;            ///< mask ⊙ horizon weight ⊙ multiplicity of the window
  Var inverse_sum;       ///< 1 / Σ weight
};

class Distribution {
 public:
  virtual ~Distribution() = default;

  /// Suffixes of the parameter columns ("-loc", "-scale"), one per raw output.
  virtual std::vector<std::string> names() const = 0;
  int64_t outputs() const { return static_cast<int64_t>(names().size()); }
  /// Numbers that parameters() writes.
  virtual int64_t size() const { return outputs(); }

  /// Weighted mean of the negative log likelihoods, a scalar.
  Var loss(const LikelihoodInputs& in) const;

  /// Parameters, in the scale of the panel, of one step from its raw outputs [outputs()] and the
  /// window's scaler; `out` has room for size().
  virtual void parameters(std::span<const double> raw, double loc, double scale,
                          std::span<double> out) const = 0;
  virtual double mean(std::span<const double> parameters) const = 0;
  /// The smallest y with P(Y <= y) >= q, 0 < q < 1.
  virtual double quantile(std::span<const double> parameters, double q) const = 0;

  /// Whether a target may be y, and what it must be, for the message of the refusal.
  virtual bool supports(double /*y*/) const { return true; }
  virtual std::string_view support() const { return "a number"; }
  /// The number closest to y at which the likelihood is defined: what somebody expects, as 2.5 of a
  /// count, need not be a target.
  virtual double nearest(double y) const { return y; }
  /// Whether -log p(y) is linear in y but for what no parameter is in: then its expectation is its
  /// value at the mean of y.
  virtual bool linear() const { return false; }

 protected:
  /// Negative log likelihood of every step, [R, H, 1].
  virtual Var negative_log_likelihood(const LikelihoodInputs& in) const = 0;
};

}  // namespace nd
