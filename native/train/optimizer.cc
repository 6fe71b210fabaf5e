#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>

#include "base/error.h"
#include "models/spec.h"
#include "simd/reduce.h"
#include "train/config.h"
#include "train/ranges.h"

namespace nd::train {

namespace {
constexpr int64_t kAlignment = 16;  // floats of a cache line: members never share one
constexpr int64_t kGrain =
    1 << 15;  // below this many floats waking a team costs more than it saves
constexpr double kClipEpsilon = 1e-6;  // of torch.nn.utils.clip_grad_norm_

constexpr size_t kMostBuffers = 3;

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

using Buffers = std::array<float*, kMostBuffers>;

/// An optimiser from a rule: `at(count, rate)`, the coefficients of a step, and `pass`, the update
/// of part of the buffers. `kept` says which of its buffers are in use.
template <class Rule>
class Elementwise final : public Optimizer {
 public:
  Elementwise(Rule rule, std::initializer_list<bool> kept, size_t size) : rule_(std::move(rule)) {
    for (const bool in_use : kept) state_.buffers.emplace_back(in_use ? size : 0);
  }

  bool step(std::span<float> parameters, std::span<const float> gradients, double learning_rate,
            parallel::Team* team, GradientClip clip) override {
    auto s = rule_.at(++state_.count, learning_rate);
    s.clip = clip;
    const FlatRange all{0, static_cast<int64_t>(parameters.size())};
    const std::span<const FlatRange> ranges =
        ranges_ ? std::span<const FlatRange>(*ranges_) : std::span(&all, 1);
    bool finite = true;
    for (const FlatRange& range : ranges)
      finite = update(s, range, parameters, gradients, team) && finite;
    return finite;
  }

 private:
  template <class Step>
  bool update(const Step& s, FlatRange range, std::span<float> parameters,
              std::span<const float> gradients, parallel::Team* team) {
    return all_ranges(team, static_cast<size_t>(range.end - range.begin),
                      [&](int64_t first, int64_t last) {
                        const int64_t begin = range.begin + first, end = range.begin + last;
                        Buffers buffers{};
                        for (size_t b = 0; b < state_.buffers.size(); ++b) {
                          if (FloatBuffer& buffer = state_.buffers[b]; buffer.size() > 0)
                            buffers[b] = buffer.data() + begin;
                        }
                        return Rule::pass(s, parameters.data() + begin, gradients.data() + begin,
                                          buffers, end - begin);
                      });
  }

  Rule rule_;
};

/// What Adam and its relatives have in common; buffers: running means of g and g^2, the largest.
struct Moments {
  OptimizerOptions o;
  bool decoupled = false;

  simd::AdamStep at(int64_t count, double learning_rate) const {
    simd::AdamStep s{};
    s.learning_rate = learning_rate;
    s.beta1 = o.beta1;
    s.beta2 = o.beta2;
    s.epsilon = *o.epsilon;
    s.weight_decay = o.weight_decay;
    s.bias1 = 1 - std::pow(o.beta1, static_cast<double>(count));
    s.bias2_sqrt = std::sqrt(1 - std::pow(o.beta2, static_cast<double>(count)));
    s.decoupled = decoupled;
    return s;
  }
  static bool pass(simd::AdamStep s, float* p, const float* g, const Buffers& b, int64_t n) {
    s.max_second = b[2];
    return simd::adam(s, p, g, b[0], b[1], n);
  }
};

/// Adam without division as long as the variance of its denominator is not tractable.
struct RectifiedAdam : Moments {
  simd::AdamStep at(int64_t count, double learning_rate) const {
    constexpr double kTractable = 5;
    simd::AdamStep s = Moments::at(count, learning_rate);
    const double t = static_cast<double>(count), limit = 2 / (1 - o.beta2) - 1,
                 beta2_t = std::pow(o.beta2, t), length = limit - 2 * t * beta2_t / (1 - beta2_t);
    s.divided = length > kTractable;
    if (s.divided) {
      const double rectification =
          std::sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
      s.bias1 /= rectification * s.bias2_sqrt;
    }
    s.bias2_sqrt = 1;
    return s;
  }
};

/// Adam with the momentum of the next step.
struct NesterovAdam : Moments {
  int64_t known = 0;  // steps whose momenta are in `product`
  double product = 1;

  double momentum(int64_t count) const {
    constexpr double kBase = 0.96;
    return o.beta1 * (1 - 0.5 * std::pow(kBase, static_cast<double>(count) * o.momentum_decay));
  }
  simd::AdamStep at(int64_t count, double learning_rate) {
    if (known >= count) known = 0, product = 1;  // another state has been restored
    while (known < count) product *= momentum(++known);
    simd::AdamStep s = Moments::at(count, learning_rate);
    const double next = momentum(count + 1);
    s.gradient_rate = learning_rate * (1 - momentum(count)) / (1 - product);
    s.bias1 = (1 - product * next) / next;
    return s;
  }
};

struct Sgd {
  OptimizerOptions o;
  simd::SgdStep at(int64_t count, double learning_rate) const {
    return {learning_rate, o.momentum, o.dampening, o.weight_decay, o.nesterov, count == 1};
  }
  static bool pass(const simd::SgdStep& s, float* p, const float* g, const Buffers& b, int64_t n) {
    return simd::sgd(s, p, g, b[0], n);
  }
};

struct Rmsprop {
  OptimizerOptions o;
  simd::RmspropStep at(int64_t /*count*/, double learning_rate) const {
    return {learning_rate, o.alpha, *o.epsilon, o.weight_decay, o.momentum};
  }
  static bool pass(const simd::RmspropStep& s, float* p, const float* g, const Buffers& b,
                   int64_t n) {
    return simd::rmsprop(s, p, g, b[0], b[1], b[2], n);
  }
};

struct Adagrad {
  OptimizerOptions o;
  simd::AdagradStep at(int64_t /*count*/, double learning_rate) const {
    return {learning_rate, *o.epsilon, o.weight_decay};
  }
  static bool pass(const simd::AdagradStep& s, float* p, const float* g, const Buffers& b,
                   int64_t n) {
    return simd::adagrad(s, p, g, b[0], n);
  }
};

struct Adadelta {
  OptimizerOptions o;
  simd::AdadeltaStep at(int64_t /*count*/, double learning_rate) const {
    return {learning_rate, o.rho, *o.epsilon, o.weight_decay};
  }
  static bool pass(const simd::AdadeltaStep& s, float* p, const float* g, const Buffers& b,
                   int64_t n) {
    return simd::adadelta(s, p, g, b[0], b[1], n);
  }
};

template <class Rule>
std::unique_ptr<Optimizer> make(Rule rule, std::initializer_list<bool> kept, size_t size) {
  return std::make_unique<Elementwise<Rule>>(std::move(rule), kept, size);
}

std::unique_ptr<Optimizer> make_sgd(const OptimizerOptions& o, size_t size) {
  if (o.nesterov && (o.momentum <= 0 || o.dampening != 0)) {
    throw Error(Code::config, "[optimizer] received nesterov = true with momentum = " +
                                  std::to_string(o.momentum) +
                                  " and dampening = " + std::to_string(o.dampening) +
                                  ", expected momentum > 0 and dampening = 0");
  }
  return make(Sgd{o}, {o.momentum != 0}, size);
}

struct Named {
  std::string_view name;
  std::unique_ptr<Optimizer> (*make)(const OptimizerOptions& o, size_t size);
};

constexpr Named kOptimizers[] = {
    {"adam",
     [](const OptimizerOptions& o, size_t size) {
       return make(Moments{o}, {true, true, o.amsgrad}, size);
     }},
    {"adamw",
     [](const OptimizerOptions& o, size_t size) {
       return make(Moments{o, true}, {true, true, o.amsgrad}, size);
     }},
    {"radam",
     [](const OptimizerOptions& o, size_t size) {
       return make(RectifiedAdam{{o}}, {true, true}, size);
     }},
    {"nadam",
     [](const OptimizerOptions& o, size_t size) {
       return make(NesterovAdam{{o}}, {true, true}, size);
     }},
    {"sgd", make_sgd},
    {"rmsprop",
     [](const OptimizerOptions& o, size_t size) {
       return make(Rmsprop{o}, {true, o.centered, o.momentum != 0}, size);
     }},
    {"adagrad",
     [](const OptimizerOptions& o, size_t size) { return make(Adagrad{o}, {true}, size); }},
    {"adadelta",
     [](const OptimizerOptions& o, size_t size) {
       return make(Adadelta{o}, {true, true}, size);
     }},
};
}  // namespace

double default_epsilon(std::string_view optimizer) {
  if (optimizer == "adagrad") return 1e-10;
  return optimizer == "adadelta" ? 1e-6 : 1e-8;
}

std::span<const std::string_view> optimizer_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    for (const Named& named : kOptimizers) names.push_back(named.name);
    return names;
  }();
  return kNames;
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options,
                                          size_t size) {
  OptimizerOptions filled = options;
  if (!filled.epsilon) filled.epsilon = default_epsilon(name);
  std::string all;
  std::vector<std::string> known;
  for (const Named& named : kOptimizers) {
    if (named.name == name) return named.make(filled, size);
    known.emplace_back(named.name);
    all += (all.empty() ? "" : ", ") + known.back();
  }
  const std::string near = closest_name(name, known);
  throw Error(Code::config, "[optimizer] received \"" + std::string(name) + "\", expected one of " +
                                all + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& c, size_t size) {
  OptimizerOptions o;
  o.learning_rate = c.learning_rate;
  o.beta1 = c.beta1, o.beta2 = c.beta2;
  if (c.epsilon >= 0) o.epsilon = c.epsilon;
  o.weight_decay = c.weight_decay, o.momentum = c.momentum, o.dampening = c.dampening;
  o.alpha = c.alpha, o.centered = c.centered;
  o.rho = c.rho, o.momentum_decay = c.momentum_decay;
  o.nesterov = c.nesterov, o.amsgrad = c.amsgrad;
  return make_optimizer(c.optimizer, o, size);
}

double squared_norm(const ParameterEntry& entry, std::span<const float> gradients) {
  const float* values = gradients.data() + entry.offset;
  if (!entry.packed() || entry.panel == kNormPanel)
    return simd::sum_of_squares(values, entry.extent);
  const auto [k, n, row, column] = entry.form();
  return simd::sum_of_squares_panels(values, (n + entry.panel - 1) / entry.panel, k, entry.panel);
}

double gradient_norm(const ParameterTable& table, std::span<const float> gradients) {
  double total = 0;
  for (const ParameterEntry& entry : table.entries())
    if (entry.trainable) total += squared_norm(entry, gradients);
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
