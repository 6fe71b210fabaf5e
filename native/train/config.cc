#include "train/config.h"

#include "base/error.h"

namespace nd::train {
namespace {

constexpr double kManySteps = 2147483647;

const std::vector<ParamSpec>& params() {
  using enum ParamType;
  static const std::vector<ParamSpec> kParams = {
      {.name = "max_steps",
       .type = integer,
       .default_json = "1000",
       .doc = "Number of gradient steps.",
       .minimum = 0,
       .maximum = kManySteps},
      {.name = "max_epochs",
       .type = integer,
       .default_json = "null",
       .doc = "Number of passes over all training windows, instead of maxSteps; one pass is "
              "⌈windows / windowsBatchSize⌉ steps.",
       .minimum = 1,
       .maximum = kManySteps,
       .nullable = true},
      {.name = "learning_rate",
       .type = number,
       .default_json = "0.001",
       .doc = "Learning rate at the first step.",
       .minimum = 0,
       .maximum = 1000},
      {.name = "num_lr_decays",
       .type = integer,
       .default_json = "-1",
       .doc =
           "How often the learning rate is halved, evenly spread over the steps; -1 means never.",
       .minimum = -1,
       .maximum = kManySteps},
      {.name = "early_stop_patience_steps",
       .type = integer,
       .default_json = "-1",
       .doc = "Validations without improvement after which training stops and the best weights "
              "return; -1 means never. Needs valSize.",
       .minimum = -1,
       .maximum = kManySteps},
      {.name = "val_check_steps",
       .type = integer,
       .default_json = "100",
       .doc = "Steps between two validations.",
       .minimum = 1,
       .maximum = kManySteps},
      {.name = "batch_size",
       .type = integer,
       .default_json = "32",
       .doc = "Number of series per step, of whose windows the step's windows are drawn.",
       .minimum = 1,
       .maximum = kManySteps},
      {.name = "valid_batch_size",
       .type = integer,
       .default_json = "null",
       .doc = "Accepted for compatibility, without effect on results: validation and prediction "
              "batches are made of windows (inferenceWindowsBatchSize), not of series.",
       .minimum = 1,
       .maximum = kManySteps,
       .nullable = true},
      {.name = "windows_batch_size",
       .type = integer,
       .default_json = "1024",
       .doc = "Number of windows per step; null means all windows of the step's series.",
       .minimum = 1,
       .maximum = 16777216,
       .nullable = true},
      {.name = "accumulate_steps",
       .type = integer,
       .default_json = "1",
       .doc = "Number of batches whose gradients make one step: the descent of one batch with the "
              "windows of all of them, in the memory of one.",
       .minimum = 1,
       .maximum = 65536},
      {.name = "inference_windows_batch_size",
       .type = integer,
       .default_json = "1024",
       .doc = "Number of windows per validation and prediction batch; -1 means all.",
       .minimum = -1,
       .maximum = 16777216},
      {.name = "start_padding_enabled",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether series are padded with inputSize - 1 unobserved steps at their start, so "
              "that short ones have windows."},
      {.name = "training_data_availability_threshold",
       .type = number_list,
       .default_json = "[0]",
       .doc = "Fraction of observed steps that a training window needs: one number, or [input, "
              "horizon].",
       .minimum = 0,
       .maximum = 1,
       .single = true},
      {.name = "step_size",
       .type = integer,
       .default_json = "1",
       .doc = "Steps between the starts of two windows.",
       .minimum = 1,
       .maximum = kManySteps},
      {.name = "scaler_type",
       .type = choice,
       .default_json = "\"identity\"",
       .doc = "Scaling of each window by its own input part.",
       .choices = {"identity", "standard", "robust", "minmax", "minmax1", "invariant", "revin"}},
      {.name = "random_seed",
       .type = integer,
       .default_json = "1",
       .doc = "Seed of initial weights, drawn windows and dropout.",
       .minimum = 0,
       .maximum = 9007199254740991.0},
      {.name = "drop_last_loader",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether a last batch with fewer than batchSize series is left out."},
      {.name = "exclude_insample_y",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether the network sees zeros instead of the target's past, for models driven by "
              "exogenous columns."},
      {.name = "optimizer",
       .type = choice,
       .default_json = "\"adam\"",
       .doc = "Rule that turns gradients into steps.",
       .choices = {"adam", "adamw", "sgd"}},
      {.name = "beta1",
       .type = number,
       .default_json = "0.9",
       .doc = "Decay of the gradient's running mean (adam, adamw).",
       .minimum = 0,
       .maximum = 1,
       .open_maximum = true},
      {.name = "beta2",
       .type = number,
       .default_json = "0.999",
       .doc = "Decay of the squared gradient's running mean (adam, adamw).",
       .minimum = 0,
       .maximum = 1,
       .open_maximum = true},
      {.name = "epsilon",
       .type = number,
       .default_json = "1e-8",
       .doc = "Added to the root of the squared mean (adam, adamw).",
       .minimum = 0,
       .maximum = 1},
      {.name = "weight_decay",
       .type = number,
       .default_json = "null",
       .doc = "L2 penalty, decoupled in adamw; null means 0.01 for adamw and 0 otherwise, as in "
              "torch.",
       .minimum = 0,
       .maximum = 1000,
       .nullable = true},
      {.name = "momentum",
       .type = number,
       .default_json = "0",
       .doc = "Share of the last step that the next one keeps (sgd).",
       .minimum = 0,
       .maximum = 1,
       .open_maximum = true},
      {.name = "dampening",
       .type = number,
       .default_json = "0",
       .doc = "Share of the gradient that momentum leaves out (sgd).",
       .minimum = 0,
       .maximum = 1},
      {.name = "nesterov",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether momentum looks ahead (sgd; needs momentum above 0 and dampening 0)."},
      {.name = "amsgrad",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether the squared mean is the largest so far (adam, adamw)."},
      {.name = "gradient_clip_norm",
       .type = number,
       .default_json = "null",
       .doc = "Largest Euclidean norm of the gradient; null means no limit.",
       .minimum = 0,
       .open_minimum = true,
       .nullable = true},
      {.name = "gradient_checkpointing",
       .type = boolean,
       .default_json = "false",
       .doc = "Whether values inside the network are computed again for the gradient instead of "
              "kept: the same result from less memory and about a quarter more time; a table is in "
              "docs/concepts.md."},
      {.name = "precision",
       .type = choice,
       .default_json = "\"f32\"",
       .doc = "Precision in which training multiplies matrices: \"bf16\" rounds their elements to "
              "bfloat16 and sums in single precision; weights, optimiser and everything else, "
              "validation and prediction included, stay in single precision. Several times faster "
              "on processors with AMX (runtimeInfo().bf16), without gain on others.",
       .choices = {"f32", "bf16"}},
  };
  return kParams;
}

int64_t integer_or(const Options& options, std::string_view name, int64_t absent) {
  return options.is_null(name) ? absent : options.integer(name);
}

double number_or(const Options& options, std::string_view name, double absent) {
  return options.is_null(name) ? absent : options.number(name);
}

void check(const TrainConfig& c, size_t thresholds) {
  if (thresholds > 2)
    throw Error(Code::config,
                "[training] received trainingDataAvailabilityThreshold with " +
                    std::to_string(thresholds) + " numbers, expected one, or [input, horizon]",
                R"({"option":"trainingDataAvailabilityThreshold"})");
  if (c.nesterov && (c.momentum <= 0 || c.dampening != 0))
    throw Error(Code::config,
                "[training] received nesterov = true with momentum = " +
                    std::to_string(c.momentum) + " and dampening = " + std::to_string(c.dampening) +
                    ", expected a momentum above 0 and dampening 0",
                R"({"option":"nesterov"})");
}

}  // namespace

std::span<const ParamSpec> train_params() { return params(); }

TrainConfig train_config(const Options& o) {
  TrainConfig c;
  c.max_steps = o.integer("max_steps");
  c.max_epochs = integer_or(o, "max_epochs", 0);
  c.learning_rate = o.number("learning_rate");
  c.num_lr_decays = o.integer("num_lr_decays");
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
  c.nesterov = o.boolean("nesterov");
  c.amsgrad = o.boolean("amsgrad");
  c.gradient_clip_norm = number_or(o, "gradient_clip_norm", 0);
  c.gradient_checkpointing = o.boolean("gradient_checkpointing");
  c.precision = o.choice("precision") == "bf16" ? Precision::bf16 : Precision::f32;
  check(c, thresholds.size());
  return c;
}

}  // namespace nd::train
