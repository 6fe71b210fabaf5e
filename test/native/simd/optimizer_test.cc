#include "simd/optimizer.h"

#include "simd/every_target.h"

namespace nd::simd {
namespace {

class Optimizer : public EveryTarget {};
ND_FOR_EVERY_TARGET(Optimizer);

/// torch.optim.Adam and AdamW, one element, in double.
void adam_reference(const AdamStep& s, bool amsgrad, double& p, double g, double& m, double& v,
                    double& top) {
  if (s.decoupled) {
    p *= 1 - s.learning_rate * s.weight_decay;
  } else {
    g += s.weight_decay * p;
  }
  m = s.beta1 * m + (1 - s.beta1) * g;
  v = s.beta2 * v + (1 - s.beta2) * g * g;
  top = std::max(top, v);
  p -= s.learning_rate / s.bias1 * m / (std::sqrt(amsgrad ? top : v) / s.bias2_sqrt + s.epsilon);
}

TEST_P(Optimizer, AdamFollowsTheFormulaForTenSteps) {
  for (const int64_t n : {1, 5, 16, 33}) {
    for (int variant = 0; variant < 8; ++variant) {
      const bool decoupled = variant & 1, amsgrad = variant & 2;
      AdamStep s{.learning_rate = 1e-2,
                 .beta1 = 0.9,
                 .beta2 = 0.999,
                 .epsilon = 1e-8,
                 .weight_decay = variant & 4 ? 0.01 : 0.0,
                 .bias1 = 1,
                 .bias2_sqrt = 1,
                 .decoupled = decoupled,
                 .max_second = nullptr};
      std::vector<float> p = normal_values(n), m(n), v(n), top(n);
      std::vector<double> rp(p.begin(), p.end()), rm(n), rv(n), rt(n);
      if (amsgrad) s.max_second = top.data();
      for (int step = 1; step <= 10; ++step) {
        s.bias1 = 1 - std::pow(s.beta1, step);
        s.bias2_sqrt = std::sqrt(1 - std::pow(s.beta2, step));
        const std::vector<float> g = normal_values(n, 100 + step);
        adam(s, p.data(), g.data(), m.data(), v.data(), n);
        for (int64_t i = 0; i < n; ++i)
          adam_reference(s, amsgrad, rp[i], g[i], rm[i], rv[i], rt[i]);
      }
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(p[i], rp[i], 2e-6) << "variant " << variant;
        ASSERT_NEAR(m[i], rm[i], 1e-6);
        ASSERT_NEAR(v[i], rv[i], 1e-8);  // 1 - beta2 rounded as a float would be off by 1e-5 of v
      }
    }
  }
}

/// torch.optim.RMSprop, one element, in double.
void rmsprop_reference(const RmspropStep& s, bool centered, double& p, double g, double& square,
                       double& mean, double& buffer) {
  g = std::clamp(g * s.clip.factor, -s.clip.limit, s.clip.limit) + s.weight_decay * p;
  square = s.alpha * square + (1 - s.alpha) * g * g;
  mean = s.alpha * mean + (1 - s.alpha) * g;
  const double variance = centered ? square - mean * mean : square;
  buffer = s.momentum * buffer + g / (std::sqrt(variance) + s.epsilon);
  p -= s.learning_rate * buffer;
}

TEST_P(Optimizer, RmspropFollowsTheFormulaForTenSteps) {
  for (const int64_t n : {1, 5, 16, 33}) {
    for (int variant = 0; variant < 16; ++variant) {
      const bool centered = variant & 1;
      RmspropStep s{.learning_rate = 1e-2,
                    .alpha = 0.9,
                    .epsilon = 1e-8,
                    .weight_decay = variant & 2 ? 0.1 : 0.0,
                    .momentum = variant & 4 ? 0.9 : 0.0};
      if (variant & 8) s.clip = {.factor = 0.5, .limit = 0.3};
      std::vector<float> p = normal_values(n), square(n), mean(n), buffer(n);
      std::vector<double> rp(p.begin(), p.end()), rs(n), rm(n), rb(n);
      for (int step = 0; step < 10; ++step) {
        const std::vector<float> g = normal_values(n, 300 + step);
        EXPECT_TRUE(rmsprop(s, p.data(), g.data(), square.data(), centered ? mean.data() : nullptr,
                            s.momentum > 0 ? buffer.data() : nullptr, n));
        for (int64_t i = 0; i < n; ++i)
          rmsprop_reference(s, centered, rp[i], g[i], rs[i], rm[i], rb[i]);
      }
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(p[i], rp[i], 1e-5) << "variant " << variant;
        ASSERT_NEAR(square[i], rs[i], 1e-6);
      }
    }
  }
}

TEST_P(Optimizer, CentredRmspropStaysFiniteWhereTheGradientIsConstant) {
  const int64_t n = 19;
  const std::vector<float> g(n, 0.1F);
  std::vector<float> p(n), square(n), mean(n);
  for (int step = 0; step < 4000; ++step)
    rmsprop({1e-3, 0.99, 1e-8, 0, 0}, p.data(), g.data(), square.data(), mean.data(), nullptr, n);
  for (const float value : p) ASSERT_TRUE(std::isfinite(value));
}

TEST_P(Optimizer, SgdFollowsTheFormula) {
  for (const double momentum : {0.0, 0.9}) {
    for (const double decay : {0.0, 0.1}) {
      for (const bool nesterov : {false, true}) {
        const double dampening = nesterov ? 0.0 : 0.5;
        const int64_t n = 37;
        std::vector<float> p = normal_values(n), buffer(n, 99.0f);
        std::vector<double> rp(p.begin(), p.end()), rb(n);
        for (int step = 0; step < 5; ++step) {
          const std::vector<float> g = normal_values(n, 200 + step);
          sgd({0.1, momentum, dampening, decay, nesterov, step == 0}, p.data(), g.data(),
              momentum > 0 ? buffer.data() : nullptr, n);
          for (int64_t i = 0; i < n; ++i) {
            double d = g[i] + decay * rp[i];
            if (momentum > 0) {
              rb[i] = step == 0 ? d : momentum * rb[i] + (1 - dampening) * d;
              d = nesterov ? d + momentum * rb[i] : rb[i];
            }
            rp[i] -= 0.1 * d;
          }
        }
        for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(p[i], rp[i], 3e-6);
      }
    }
  }
}

/// torch.optim.Adagrad and Adadelta, one element, in double.
void adagrad_reference(const AdagradStep& s, double& p, double g, double& squares) {
  g = std::clamp(g * s.clip.factor, -s.clip.limit, s.clip.limit) + s.weight_decay * p;
  squares += g * g;
  p -= s.learning_rate * g / (std::sqrt(squares) + s.epsilon);
}
void adadelta_reference(const AdadeltaStep& s, double& p, double g, double& square, double& delta) {
  g = std::clamp(g * s.clip.factor, -s.clip.limit, s.clip.limit) + s.weight_decay * p;
  square = s.rho * square + (1 - s.rho) * g * g;
  const double step = std::sqrt(delta + s.epsilon) / std::sqrt(square + s.epsilon) * g;
  delta = s.rho * delta + (1 - s.rho) * step * step;
  p -= s.learning_rate * step;
}

TEST_P(Optimizer, AdagradAndAdadeltaFollowTheirFormulasForTenSteps) {
  for (const int64_t n : {1, 5, 16, 33}) {
    for (int variant = 0; variant < 4; ++variant) {
      AdagradStep a{0.1, 1e-10, variant & 1 ? 0.1 : 0.0};
      AdadeltaStep d{1.0, 0.9, 1e-6, variant & 1 ? 0.1 : 0.0};
      if (variant & 2) a.clip = d.clip = {.factor = 0.5, .limit = 0.3};
      std::vector<float> pa = normal_values(n), pd = pa, squares(n), square(n), delta(n);
      std::vector<double> ra(pa.begin(), pa.end()), rd = ra, r_squares(n), r_square(n), r_delta(n);
      for (int step = 0; step < 10; ++step) {
        const std::vector<float> g = normal_values(n, 400 + step);
        EXPECT_TRUE(adagrad(a, pa.data(), g.data(), squares.data(), n));
        EXPECT_TRUE(adadelta(d, pd.data(), g.data(), square.data(), delta.data(), n));
        for (int64_t i = 0; i < n; ++i) {
          adagrad_reference(a, ra[i], g[i], r_squares[i]);
          adadelta_reference(d, rd[i], g[i], r_square[i], r_delta[i]);
        }
      }
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(pa[i], ra[i], 1e-5) << "variant " << variant;
        ASSERT_NEAR(pd[i], rd[i], 1e-5) << "variant " << variant;
      }
    }
  }
}

TEST_P(Optimizer, PaddingStaysZero) {
  std::vector<float> p(48), g(48), m(48), v(48), top(48);
  for (const double epsilon : {0.0, 1e-8}) {
    AdamStep s{1e-3, 0.9, 0.999, epsilon, 0.1, 0.1, 0.03, false, top.data()};
    adam(s, p.data(), g.data(), m.data(), v.data(), 48);
    s.decoupled = true;
    s.max_second = nullptr;
    adam(s, p.data(), g.data(), m.data(), v.data(), 48);
  }
  sgd({0.1, 0.9, 0, 0.1, true, false}, p.data(), g.data(), m.data(), 48);
  for (const auto& buffer : {p, m, v, top}) {
    for (const float x : buffer) EXPECT_EQ(x, 0.0f);
  }
}

TEST_P(Optimizer, Scale) {
  for (const int64_t n : lengths()) {
    const std::vector<float> before = normal_values(static_cast<size_t>(n) + 1);
    std::vector<float> x = before;
    scale(x.data(), 0.25f, n);
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(x[i], before[i] * 0.25f);
    ASSERT_EQ(x[n], before[n]);
  }
}

}  // namespace
}  // namespace nd::simd
