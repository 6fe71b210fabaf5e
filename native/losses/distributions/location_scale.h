// Families whose parameters move with the window's scaler: they learn in its space, where a price
// near a million that moves by a hundredth is a number near 1, and forecast outside of it.
#pragma once

#include <vector>

#include "losses/distributions/distribution.h"
#include "losses/distributions/math.h"

namespace nd::distribution {

/// What y ↦ loc + scale·y does to a parameter.
enum class Role : uint8_t { location, scale, shape };

/// `Family` has, for T = Var and double, `static void map(const std::vector<T>& raw,
/// std::vector<T>& parameters)`, the parameters of z = (y - loc) / scale.
template <class Family>
class LocationScale : public Distribution {
 public:
  void parameters(std::span<const double> raw, double loc, double scale,
                  std::span<double> out) const final {
    const auto& family = static_cast<const Family&>(*this);
    family.map(raw.data(), out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      const Role role = family.role(i);
      if (role != Role::shape) out[i] *= scale;
      if (role == Role::location) out[i] += loc;
    }
  }

 protected:
  /// Parameters of z as graph values.
  std::vector<Var> mapped(const LikelihoodInputs& in) const {
    std::vector<Var> parameters(static_cast<size_t>(size()));
    static_cast<const Family&>(*this).map(in.raw.data(), parameters.data());
    return parameters;
  }
};

}  // namespace nd::distribution
