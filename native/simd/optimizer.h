// Optimiser updates in one pass over flat buffers, with the formulas of torch.optim.
// Hyperparameters are double: 1 - beta is rounded once (1 - 0.999f would be off by 1e-5). Lanes
// whose gradient, parameter and state are zero (padding) stay zero, whatever the options.
#pragma once

#include <cstdint>
#include <limits>

namespace nd::simd {

/// What happens to every gradient before it is used, so that clipping needs no pass of its own:
/// times `factor`, then into [-limit, limit].
struct GradientClip {
  double factor = 1, limit = std::numeric_limits<double>::infinity();
};

/// One step of Adam (Kingma and Ba, ICLR 2015), AdamW (Loshchilov and Hutter, ICLR 2019) or
/// AMSGrad.
struct AdamStep {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double bias1;       ///< 1 - beta1^t
  double bias2_sqrt;  ///< sqrt(1 - beta2^t)
  bool decoupled;     ///< weight decay shrinks p directly (AdamW) instead of joining the gradient
  float* max_second;  ///< AMSGrad's running maximum of v, aligned with p; nullptr: off
  GradientClip clip = {};
};
/// Updates p, m and v from the gradient g. False when any g is NaN or infinite.
bool adam(const AdamStep& s, float* p, const float* g, float* m, float* v, int64_t n);

/// One step of stochastic gradient descent with momentum.
struct SgdStep {
  double learning_rate, momentum, dampening, weight_decay;
  bool nesterov;
  bool first;  ///< the momentum buffer is set to the gradient instead of being averaged
  GradientClip clip = {};
};
/// Updates p and `buffer`, which is nullptr when momentum is 0. False when any g is NaN or
/// infinite.
bool sgd(const SgdStep& s, float* p, const float* g, float* buffer, int64_t n);

/// One step of RMSprop (Tieleman and Hinton, Lecture 6.5 of "Neural Networks for Machine Learning",
/// 2012; centred: Graves, arXiv:1308.0850).
struct RmspropStep {
  double learning_rate, alpha, epsilon, weight_decay, momentum;
  GradientClip clip = {};
};
/// Updates p, the running mean `square` of g^2, the running mean `mean` of g (nullptr: not centred)
/// and `buffer`, which is nullptr when momentum is 0. False when any g is NaN or infinite.
bool rmsprop(const RmspropStep& s, float* p, const float* g, float* square, float* mean,
             float* buffer, int64_t n);

/// x[i] *= factor.
void scale(float* x, float factor, int64_t n);

}  // namespace nd::simd
