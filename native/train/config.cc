#include "train/config.h"

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

void check_schedule(const TrainConfig& c) {
  if (c.lr_schedule == LrSchedule::one_cycle && c.warmup_steps > 0)
    contradiction("warmupSteps = " + std::to_string(c.warmup_steps) +
                      " with lrSchedule = \"oneCycle\", which warms up by itself; expected 0",
                  "warmupSteps");
  if (c.max_steps > 0 && c.max_epochs == 0 && c.warmup_steps >= c.max_steps)
    contradiction("warmupSteps = " + std::to_string(c.warmup_steps) +
                      " with maxSteps = " + std::to_string(c.max_steps) + ", expected fewer",
                  "warmupSteps");
  if (c.min_learning_rate > 0 && c.lr_schedule != LrSchedule::cosine)
    contradiction("a minLearningRate without lrSchedule = \"cosine\", which alone reads it",
                  "minLearningRate");
  if (c.min_learning_rate > c.learning_rate)
    contradiction("a minLearningRate above learningRate, expected at most as much",
                  "minLearningRate");
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
  if (name == "cosine") return LrSchedule::cosine;
  return name == "oneCycle" ? LrSchedule::one_cycle : LrSchedule::step;
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
  c.epsilon = o.number("epsilon");
  c.weight_decay = number_or(o, "weight_decay", c.optimizer == "adamw" ? 0.01 : 0.0);
  c.momentum = o.number("momentum");
  c.dampening = o.number("dampening");
  c.alpha = o.number("alpha");
  c.centered = o.boolean("centered");
  c.nesterov = o.boolean("nesterov");
  c.amsgrad = o.boolean("amsgrad");
  c.gradient_clip_norm = number_or(o, "gradient_clip_norm", 0);
  c.gradient_clip_value = number_or(o, "gradient_clip_value", 0);
  c.gradient_checkpointing = o.boolean("gradient_checkpointing");
  c.precision = o.choice("precision") == "bf16" ? Precision::bf16 : Precision::f32;
  check(c, thresholds.size());
  return c;
}

}  // namespace nd::train
