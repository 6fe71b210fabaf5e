#include <boost/math/distributions/students_t.hpp>
#include <numbers>

#include "losses/distributions/boost_policy.h"
#include "losses/distributions/families.h"
#include "losses/distributions/location_scale.h"
#include "nn/gamma.h"

namespace nd {
namespace {
using namespace distribution;  // NOLINT: the vocabulary of domain maps

class StudentT final : public LocationScale<StudentT> {
 public:
  std::vector<std::string> names() const override { return {"-df", "-loc", "-scale"}; }
  Role role(size_t i) const { return i == 0 ? Role::shape : i == 1 ? Role::location : Role::scale; }

  template <class T>
  void map(const T* raw, T* out) const {
    out[0] = softplus(raw[0]) + 3.0;
    out[1] = raw[1];
    out[2] = softplus(raw[2]) + 0.1;
  }

  double mean(std::span<const double> p) const override { return p[1]; }
  double quantile(std::span<const double> p, double q) const override {
    const boost::math::students_t_distribution<double, BoostPolicy> standard(p[0]);
    return p[1] + p[2] * boost::math::quantile(standard, q);
  }

 protected:
  Var negative_log_likelihood(const LikelihoodInputs& in) const override {
    const std::vector<Var> p = mapped(in);
    const Var df = p[0], t = (in.z - p[1]) / p[2], half = (df + 1.0) * 0.5;
    const Var tail = half * log(t * t / df + 1.0);
    return tail + log(p[2]) + log(in.scale) + log(df) * 0.5 + log_gamma(df * 0.5) -
           log_gamma(half) + 0.5 * std::log(std::numbers::pi);
  }
};
}  // namespace

std::shared_ptr<const Distribution> student_t_distribution() {
  return std::make_shared<StudentT>();
}

}  // namespace nd
