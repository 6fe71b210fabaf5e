// Optimiser updates in one pass over flat buffers, with the formulas of torch.optim. A step is the
// coefficients of its formula; what one element goes through is a kernel in optimizer.cc, and one
// loop runs all of them.
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

/// One step of an optimiser with running means m of g and v of g^2: p -= (learning_rate / bias1 m +
/// gradient_rate g) / (sqrt(v) / bias2_sqrt + epsilon). Adam (Kingma and Ba, ICLR 2015), AdamW
/// (Loshchilov and Hutter, ICLR 2019), AMSGrad, RAdam (Liu et al., ICLR 2020), NAdam (Dozat, 2016).
struct AdamStep {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double bias1;       ///< Adam: 1 - beta1^t
  double bias2_sqrt;  ///< Adam: sqrt(1 - beta2^t)
  bool decoupled;     ///< weight decay shrinks p directly (AdamW) instead of joining the gradient
  float* max_second;  ///< AMSGrad's running maximum of v, aligned with p; nullptr: off
  double gradient_rate = 0;  ///< of NAdam, else 0
  bool divided = true;       ///< false: without the denominator (first steps of RAdam)
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

/// One step of Adagrad (Duchi, Hazan and Singer, JMLR 12, 2011).
struct AdagradStep {
  double learning_rate, epsilon, weight_decay;
  GradientClip clip = {};
};
/// Updates p and the running sum `squares` of g^2. False when any g is NaN or infinite.
bool adagrad(const AdagradStep& s, float* p, const float* g, float* squares, int64_t n);

/// One step of Adadelta (Zeiler, arXiv:1212.5701).
struct AdadeltaStep {
  double learning_rate, rho, epsilon, weight_decay;
  GradientClip clip = {};
};
/// Updates p and the running means `square` of g^2 and `delta` of the squared update. False when
/// any g is NaN or infinite.
bool adadelta(const AdadeltaStep& s, float* p, const float* g, float* square, float* delta,
              int64_t n);

/// x[i] *= factor.
void scale(float* x, float factor, int64_t n);

}  // namespace nd::simd
