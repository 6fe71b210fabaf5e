#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>

#include "base/error.h"
#include "models/spec.h"
#include "simd/reduce.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kAlignment = 16;  // floats of a cache line: members never share one
constexpr int64_t kGrain =
    1 << 15;  // below this many floats waking a team costs more than it saves
constexpr double kClipEpsilon = 1e-6;  // of torch.nn.utils.clip_grad_norm_

// Norms sum packed weights as if their panels were of the widest target, whatever they are here.
constexpr int64_t kNormPanel = 32;

// Runs body(begin, end) over ranges of [0, n); whether it was true for all.
template <class Body>
bool all_ranges(parallel::Team* team, size_t n, const Body& body) {
  std::atomic<bool> all{true};
  for_ranges(team, static_cast<int64_t>(n), kAlignment, kGrain, [&](int64_t begin, int64_t end) {
    if (!body(begin, end)) all.store(false, std::memory_order_relaxed);
  });
  return all.load(std::memory_order_relaxed);
}

class Adam final : public Optimizer {
 public:
  Adam(const OptimizerOptions& options, bool decoupled, size_t size)
      : options_(options), decoupled_(decoupled), mean_(size), second_(size) {
    if (options.amsgrad) max_second_ = FloatBuffer(size);
  }

  bool step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team, GradientClip clip) override {
    ++count_;
    const double t = static_cast<double>(count_);
    simd::AdamStep s{};
    s.learning_rate = learning_rate;
    s.beta1 = options_.beta1;
    s.beta2 = options_.beta2;
    s.epsilon = options_.epsilon;
    s.weight_decay = options_.weight_decay;
    s.bias1 = 1 - std::pow(options_.beta1, t);
    s.bias2_sqrt = std::sqrt(1 - std::pow(options_.beta2, t));
    s.decoupled = decoupled_;
    s.clip = clip;
    return all_ranges(team, parameters.size(), [&](int64_t begin, int64_t end) {
      simd::AdamStep part = s;
      part.max_second = options_.amsgrad ? max_second_.data() + begin : nullptr;
      return simd::adam(part, parameters.data() + begin, gradients.data() + begin,
                        mean_.data() + begin, second_.data() + begin, end - begin);
    });
  }

 private:
  OptimizerOptions options_;
  bool decoupled_;
  int64_t count_ = 0;
  FloatBuffer mean_, second_, max_second_;
};

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerOptions& options, size_t size) : options_(options) {
    if (options.momentum != 0) buffer_ = FloatBuffer(size);
  }

  bool step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team, GradientClip clip) override {
    simd::SgdStep s{};
    s.learning_rate = learning_rate;
    s.momentum = options_.momentum;
    s.dampening = options_.dampening;
    s.weight_decay = options_.weight_decay;
    s.nesterov = options_.nesterov;
    s.first = first_;
    s.clip = clip;
    first_ = false;
    float* buffer = options_.momentum != 0 ? buffer_.data() : nullptr;
    return all_ranges(team, parameters.size(), [&](int64_t begin, int64_t end) {
      return simd::sgd(s, parameters.data() + begin, gradients.data() + begin,
                       buffer == nullptr ? nullptr : buffer + begin, end - begin);
    });
  }

 private:
  OptimizerOptions options_;
  bool first_ = true;
  FloatBuffer buffer_;
};

class Rmsprop final : public Optimizer {
 public:
  Rmsprop(const OptimizerOptions& options, size_t size) : options_(options), square_(size) {
    if (options.centered) mean_ = FloatBuffer(size);
    if (options.momentum != 0) buffer_ = FloatBuffer(size);
  }

  bool step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team, GradientClip clip) override {
    simd::RmspropStep s{};
    s.learning_rate = learning_rate;
    s.alpha = options_.alpha;
    s.epsilon = options_.epsilon;
    s.weight_decay = options_.weight_decay;
    s.momentum = options_.momentum;
    s.clip = clip;
    return all_ranges(team, parameters.size(), [&](int64_t begin, int64_t end) {
      return simd::rmsprop(s, parameters.data() + begin, gradients.data() + begin,
                           square_.data() + begin,
                           options_.centered ? mean_.data() + begin : nullptr,
                           options_.momentum != 0 ? buffer_.data() + begin : nullptr, end - begin);
    });
  }

 private:
  OptimizerOptions options_;
  FloatBuffer square_, mean_, buffer_;
};
}  // namespace

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options,
                                          size_t size) {
  if (name == "adam") return std::make_unique<Adam>(options, false, size);
  if (name == "adamw") return std::make_unique<Adam>(options, true, size);
  if (name == "sgd") {
    if (options.nesterov && (options.momentum <= 0 || options.dampening != 0)) {
      throw Error(Code::config, "[optimizer] received nesterov = true with momentum = " +
                                    std::to_string(options.momentum) +
                                    " and dampening = " + std::to_string(options.dampening) +
                                    ", expected momentum > 0 and dampening = 0");
    }
    return std::make_unique<Sgd>(options, size);
  }
  if (name == "rmsprop") return std::make_unique<Rmsprop>(options, size);
  const std::array<std::string, 4> known = {"adam", "adamw", "sgd", "rmsprop"};
  const std::string near = closest_name(name, known);
  throw Error(Code::config, "[optimizer] received \"" + std::string(name) +
                                "\", expected one of adam, adamw, sgd, rmsprop" +
                                (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

double gradient_norm(const ParameterTable& table, std::span<const float> gradients) {
  double total = 0;
  for (const ParameterEntry& entry : table.entries()) {
    if (!entry.trainable) continue;
    const float* values = gradients.data() + entry.offset;
    if (!entry.packed() || entry.panel == kNormPanel) {
      total += simd::sum_of_squares(values, entry.extent);
    } else {
      const auto [k, n, row, column] = entry.form();
      total +=
          simd::sum_of_squares_panels(values, (n + entry.panel - 1) / entry.panel, k, entry.panel);
    }
  }
  return std::sqrt(total);
}

double clip_factor(double norm, double max_norm) {
  return std::min(1.0, max_norm / (norm + kClipEpsilon));
}

bool all_finite(std::span<const float> values, parallel::Team* team) {
  return all_ranges(team, values.size(), [&](int64_t begin, int64_t end) {
    return simd::all_finite(values.data() + begin, end - begin);
  });
}

}  // namespace nd::train
