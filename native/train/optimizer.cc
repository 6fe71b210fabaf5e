#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/spec.h"
#include "simd/optimizer.h"
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

std::vector<float> in_norm_panels(const ParameterEntry& entry, const float* packed) {
  const auto [k, n, row, column] = entry.form();
  std::vector<float> wide(static_cast<size_t>((n + kNormPanel - 1) / kNormPanel * kNormPanel * k));
  for (int64_t first = 0; first < n; first += entry.panel, packed += k * entry.panel) {
    float* out = wide.data() + first / kNormPanel * kNormPanel * k + first % kNormPanel;
    for (int64_t i = 0; i < k; ++i)
      std::copy_n(packed + i * entry.panel, entry.panel, out + i * kNormPanel);
  }
  return wide;
}

class Adam final : public Optimizer {
 public:
  Adam(const OptimizerOptions& options, bool decoupled, size_t size)
      : options_(options), decoupled_(decoupled), mean_(size), second_(size) {
    if (options.amsgrad) max_second_ = FloatBuffer(size);
  }

  void step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team) override {
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
    const auto n = static_cast<int64_t>(parameters.size());
    for_ranges(team, n, kAlignment, kGrain, [&](int64_t begin, int64_t end) {
      simd::AdamStep part = s;
      part.max_second = options_.amsgrad ? max_second_.data() + begin : nullptr;
      simd::adam(part, parameters.data() + begin, gradients.data() + begin, mean_.data() + begin,
                 second_.data() + begin, end - begin);
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

  void step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team) override {
    simd::SgdStep s{};
    s.learning_rate = learning_rate;
    s.momentum = options_.momentum;
    s.dampening = options_.dampening;
    s.weight_decay = options_.weight_decay;
    s.nesterov = options_.nesterov;
    s.first = first_;
    first_ = false;
    float* buffer = options_.momentum != 0 ? buffer_.data() : nullptr;
    for_ranges(team, static_cast<int64_t>(parameters.size()), kAlignment, kGrain,
               [&](int64_t begin, int64_t end) {
                 simd::sgd(s, parameters.data() + begin, gradients.data() + begin,
                           buffer == nullptr ? nullptr : buffer + begin, end - begin);
               });
  }

 private:
  OptimizerOptions options_;
  bool first_ = true;
  FloatBuffer buffer_;
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
  const std::array<std::string, 3> known = {"adam", "adamw", "sgd"};
  const std::string near = closest_name(name, known);
  throw Error(Code::config, "[optimizer] received \"" + std::string(name) +
                                "\", expected one of adam, adamw, sgd" +
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
      const std::vector<float> wide = in_norm_panels(entry, values);
      total += simd::sum_of_squares(wide.data(), static_cast<int64_t>(wide.size()));
    }
  }
  return std::sqrt(total);
}

double clip_by_norm(const ParameterTable& table, std::span<float> gradients, double max_norm) {
  const double norm = gradient_norm(table, gradients);
  const double factor = max_norm / (norm + kClipEpsilon);
  if (factor < 1)
    simd::scale(gradients.data(), static_cast<float>(factor),
                static_cast<int64_t>(gradients.size()));
  return norm;
}

bool all_finite(std::span<const float> values, parallel::Team* team) {
  std::atomic<bool> finite{true};
  for_ranges(team, static_cast<int64_t>(values.size()), kAlignment, kGrain,
             [&](int64_t begin, int64_t end) {
               if (!simd::all_finite(values.data() + begin, end - begin))
                 finite.store(false, std::memory_order_relaxed);
             });
  return finite.load(std::memory_order_relaxed);
}

double step_lr(double base, int64_t step, int64_t step_size, double gamma) {
  return base * std::pow(gamma, static_cast<double>(step / step_size));
}

}  // namespace nd::train
