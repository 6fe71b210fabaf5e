#include "train/config.h"

#include <algorithm>
#include <functional>

#include "base/error.h"

namespace nd::train {
namespace {

int64_t integer_or(const Options& options, std::string_view name, int64_t absent) {
  return options.is_null(name) ? absent : options.integer(name);
}

double number_or(const Options& options, std::string_view name, double absent) {
  return options.is_null(name) ? absent : options.number(name);
}

[[noreturn]] void contradiction(const std::string& message, const std::string& option) {
  throw Error(Code::config, "[training] received " + message, R"({"option":")" + option + R"("})");
}

void check_optimizer(const TrainConfig& c) {
  if (c.nesterov && (c.momentum <= 0 || c.dampening != 0))
    contradiction("nesterov = true with momentum = " + std::to_string(c.momentum) +
                      " and dampening = " + std::to_string(c.dampening) +
                      ", expected a momentum above 0 and dampening 0",
                  "nesterov");
  if (c.centered && c.optimizer != "rmsprop")
    contradiction(
        "centered = true with optimizer = \"" + c.optimizer + "\", expected optimizer \"rmsprop\"",
        "centered");
  if (c.gradient_clip_norm > 0 && c.gradient_clip_value > 0)
    contradiction("gradientClipNorm and gradientClipValue, expected one of them",
                  "gradientClipValue");
}

struct NamedSchedule {
  std::string_view name;
  LrSchedule schedule;
};
constexpr NamedSchedule kSchedules[] = {{"step", LrSchedule::step},
                                        {"multiStep", LrSchedule::multi_step},
                                        {"exponential", LrSchedule::exponential},
                                        {"polynomial", LrSchedule::polynomial},
                                        {"cosine", LrSchedule::cosine},
                                        {"cosineRestarts", LrSchedule::cosine_restarts},
                                        {"cyclic", LrSchedule::cyclic},
                                        {"oneCycle", LrSchedule::one_cycle},
                                        {"plateau", LrSchedule::plateau}};

/// An option that only some schedules read, given with another one, would be without effect.
void check_readers(const TrainConfig& c) {
  using enum LrSchedule;
  struct Reader {
    const char* option;
    bool given;
    std::vector<LrSchedule> schedules;
  };
  const Reader readers[] = {
      {"minLearningRate", c.min_learning_rate > 0, {cosine, cosine_restarts, cyclic, plateau}},
      {"lrFactor", c.lr_factor > 0, {step, multi_step, exponential, plateau}},
      {"lrMilestones", !c.lr_milestones.empty(), {multi_step}},
      {"lrPeriod", c.lr_period > 0, {cosine_restarts, cyclic}},
      {"lrPeriodFactor", c.lr_period_factor > 1, {cosine_restarts}}};
  for (const Reader& reader : readers) {
    const auto reads = [&](LrSchedule s) {
      return std::find(reader.schedules.begin(), reader.schedules.end(), s) !=
             reader.schedules.end();
    };
    if (!reader.given || reads(c.lr_schedule)) continue;
    std::string names;
    for (const NamedSchedule& named : kSchedules) {
      if (reads(named.schedule))
        names += (names.empty() ? "\"" : " or \"") + std::string(named.name) + "\"";
    }
    contradiction(
        std::string(reader.option) + " without lrSchedule = " + names + ", which reads it",
        reader.option);
  }
}

void check_milestones(const TrainConfig& c) {
  if (c.lr_schedule != LrSchedule::multi_step) return;
  const std::vector<int64_t>& m = c.lr_milestones;
  if (m.empty())
    contradiction("lrSchedule = \"multiStep\" without lrMilestones, expected its steps",
                  "lrMilestones");
  if (std::adjacent_find(m.begin(), m.end(), std::greater_equal<>()) != m.end())
    contradiction("lrMilestones that do not ascend, expected each step once, in order",
                  "lrMilestones");
}

void check_schedule(const TrainConfig& c) {
  if (c.lr_schedule == LrSchedule::one_cycle && c.warmup_steps > 0)
    contradiction("warmupSteps = " + std::to_string(c.warmup_steps) +
                      " with lrSchedule = \"oneCycle\", which warms up by itself; expected 0",
                  "warmupSteps");
  if (c.max_steps > 0 && c.max_epochs == 0 && c.warmup_steps >= c.max_steps)
    contradiction("warmupSteps = " + std::to_string(c.warmup_steps) +
                      " with maxSteps = " + std::to_string(c.max_steps) + ", expected fewer",
                  "warmupSteps");
  check_readers(c);
  if (c.min_learning_rate > c.learning_rate)
    contradiction("a minLearningRate above learningRate, expected at most as much",
                  "minLearningRate");
  check_milestones(c);
}

void check(const TrainConfig& c, size_t thresholds) {
  if (thresholds > 2)
    contradiction("trainingDataAvailabilityThreshold with " + std::to_string(thresholds) +
                      " numbers, expected one, or [input, horizon]",
                  "trainingDataAvailabilityThreshold");
  check_optimizer(c);
  check_schedule(c);
}

LrSchedule lr_schedule(const std::string& name) {
  const auto* found = std::find_if(std::begin(kSchedules), std::end(kSchedules),
                                   [&](const NamedSchedule& s) { return s.name == name; });
  check_internal(found != std::end(kSchedules), "a schedule without a name");
  return found->schedule;
}

}  // namespace

TrainConfig train_config(const Options& o) {
  TrainConfig c;
  c.max_steps = o.integer("max_steps");
  c.max_epochs = integer_or(o, "max_epochs", 0);
  c.learning_rate = o.number("learning_rate");
  c.lr_schedule = lr_schedule(o.choice("lr_schedule"));
  c.num_lr_decays = o.integer("num_lr_decays");
  c.min_learning_rate = o.number("min_learning_rate");
  c.lr_factor = number_or(o, "lr_factor", 0);
  if (!o.is_null("lr_milestones")) c.lr_milestones = o.integers("lr_milestones");
  c.lr_period = integer_or(o, "lr_period", 0);
  c.lr_period_factor = o.integer("lr_period_factor");
  c.lr_power = o.number("lr_power");
  c.lr_patience = o.integer("lr_patience");
  c.warmup_steps = o.integer("warmup_steps");
  c.warmup_factor = o.number("warmup_factor");
  c.early_stop_patience_steps = o.integer("early_stop_patience_steps");
  c.val_check_steps = o.integer("val_check_steps");
  c.batch_size = o.integer("batch_size");
  c.valid_batch_size = integer_or(o, "valid_batch_size", 0);
  c.windows_batch_size = integer_or(o, "windows_batch_size", 0);
  c.accumulate_steps = o.integer("accumulate_steps");
  c.inference_windows_batch_size = o.integer("inference_windows_batch_size");
  c.start_padding_enabled = o.boolean("start_padding_enabled");
  const auto thresholds = o.numbers("training_data_availability_threshold");
  c.min_insample_fraction = thresholds.front();
  c.min_outsample_fraction = thresholds.back();
  c.step_size = o.integer("step_size");
  c.scaler_type = o.choice("scaler_type");
  c.random_seed = static_cast<uint64_t>(o.integer("random_seed"));
  c.drop_last_loader = o.boolean("drop_last_loader");
  c.exclude_insample_y = o.boolean("exclude_insample_y");
  c.optimizer = o.choice("optimizer");
  c.beta1 = o.number("beta1");
  c.beta2 = o.number("beta2");
  c.epsilon = number_or(o, "epsilon", -1);
  c.weight_decay = number_or(o, "weight_decay", c.optimizer == "adamw" ? 0.01 : 0.0);
  c.momentum = o.number("momentum");
  c.dampening = o.number("dampening");
  c.alpha = o.number("alpha");
  c.rho = o.number("rho");
  c.momentum_decay = o.number("momentum_decay");
  c.centered = o.boolean("centered");
  c.nesterov = o.boolean("nesterov");
  c.amsgrad = o.boolean("amsgrad");
  c.gradient_clip_norm = number_or(o, "gradient_clip_norm", 0);
  c.gradient_clip_value = number_or(o, "gradient_clip_value", 0);
  c.weight_norm = o.boolean("weight_norm");
  c.gradient_checkpointing = o.boolean("gradient_checkpointing");
  c.precision = o.choice("precision") == "bf16" ? Precision::bf16 : Precision::f32;
  check(c, thresholds.size());
  return c;
}

}  // namespace nd::train
