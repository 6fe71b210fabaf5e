// values/optimisers.json: trajectories of the optimisers on recorded gradients, with clipping, and
// schedules.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/options.h"
#include "outcome.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace nd::parity {
namespace {

using nlohmann::json;
constexpr double kFloat32 = 1e-5, kExact = 1e-9;

train::OptimizerOptions options_of(const std::string& name, const json& arguments) {
  train::OptimizerOptions options;
  if (name == "AdamW") options.weight_decay = 0.01;  // torch's default
  const std::map<std::string, double*> numbers = {{"lr", &options.learning_rate},
                                                  {"weight_decay", &options.weight_decay},
                                                  {"momentum", &options.momentum},
                                                  {"alpha", &options.alpha},
                                                  {"dampening", &options.dampening}};
  const std::map<std::string, bool*> switches = {{"nesterov", &options.nesterov},
                                                 {"amsgrad", &options.amsgrad},
                                                 {"centered", &options.centered}};
  for (const auto& [argument, value] : arguments.items()) {
    if (const auto number = numbers.find(argument); number != numbers.end()) {
      *number->second = value.get<double>();
    } else if (const auto flag = switches.find(argument); flag != switches.end()) {
      *flag->second = value.get<bool>();
    } else if (argument == "eps") {
      options.epsilon = value.get<double>();
    } else if (argument == "betas") {
      options.beta1 = value.at(0).get<double>();
      options.beta2 = value.at(1).get<double>();
    } else {
      throw Unavailable("option " + argument + " of " + name + " is not available yet");
    }
  }
  return options;
}

void check_optimiser(const json& file, const json& row, Outcome& outcome) {
  const std::string name = row.at("optimizer");
  const std::vector<double> start = flat(file.at("start"));
  const ParameterTable table({{"w", Shape::fixed({static_cast<int64_t>(start.size())}), {}}});
  FloatBuffer parameters(start.size()), gradients(start.size());
  std::unique_ptr<train::Optimizer> optimizer;
  try {
    optimizer = train::make_optimizer(lower_case(name), options_of(name, row.at("arguments")),
                                      start.size());
  } catch (const Error& error) {
    if (error.code() != Code::config) throw;
    throw Unavailable("optimiser " + name + " is not available yet");
  }
  const json& clip = row.at("clip");
  const auto to_float = [](double v) { return static_cast<float>(v); };
  std::transform(start.begin(), start.end(), parameters.data(), to_float);
  for (size_t t = 0; t < row.at("trajectory").size(); ++t) {
    const std::vector<double> gradient = flat(file.at("gradients").at(t));
    std::transform(gradient.begin(), gradient.end(), gradients.data(), to_float);
    train::GradientClip how;
    if (!clip.is_null()) {
      const double limit = clip.at(1).get<double>();
      if (clip.at(0) == "norm") {
        how.factor = train::clip_factor(train::gradient_norm(table, gradients.span()), limit);
      } else {
        how.limit = limit;
      }
    }
    optimizer->step(parameters.span(), gradients.span(), row.at("arguments").at("lr").get<double>(),
                    nullptr, how);
    const auto reached = parameters.span();
    outcome.check("trajectory",
                  relative_difference(std::vector<double>(reached.begin(), reached.end()),
                                      flat(row.at("trajectory")[t])),
                  kFloat32,
                  row.at("arguments").dump() +
                      (clip.is_null() ? "" : " clipped by " + clip.at(0).get<std::string>()) +
                      " step " + std::to_string(t));
  }
}

/// The rate of each step of one of torch's schedules.
std::function<double(int64_t)> schedule_of(const std::string& name, double base,
                                           const json& arguments) {
  const auto count = [&](const char* key) { return arguments.at(key).get<int64_t>(); };
  if (name == "StepLR") {
    return [=, size = count("step_size"), gamma = arguments.value("gamma", 0.1)](int64_t t) {
      return train::step_lr(base, t, size, gamma);
    };
  }
  if (name == "CosineAnnealingLR") {
    return [=, period = count("T_max"), minimum = arguments.value("eta_min", 0.0)](int64_t t) {
      return train::cosine_lr(base, minimum, t, period);
    };
  }
  if (name == "OneCycleLR") {
    return [peak = arguments.at("max_lr").get<double>(), total = count("total_steps")](int64_t t) {
      return train::one_cycle_lr(peak, t, total);
    };
  }
  if (name == "LinearLR") {
    return [=, factor = arguments.at("start_factor").get<double>(), steps = count("total_iters")](
               int64_t t) { return train::linear_lr(base, factor, t, steps); };
  }
  if (name == "MultiStepLR") {
    return [=, milestones = arguments.at("milestones").get<std::vector<int64_t>>(),
            gamma = arguments.value("gamma", 0.1)](int64_t t) {
      return train::multi_step_lr(base, t, milestones, gamma);
    };
  }
  if (name == "ExponentialLR") {
    return [=, gamma = arguments.at("gamma").get<double>()](int64_t t) {
      return train::exponential_lr(base, t, gamma);
    };
  }
  if (name == "PolynomialLR") {
    return [=, total = count("total_iters"), power = arguments.value("power", 1.0)](int64_t t) {
      return train::polynomial_lr(base, t, total, power);
    };
  }
  if (name == "CosineAnnealingWarmRestarts") {
    return [=, period = count("T_0"), factor = arguments.value("T_mult", int64_t{1}),
            minimum = arguments.value("eta_min", 0.0)](int64_t t) {
      return train::cosine_restarts_lr(base, minimum, t, period, factor);
    };
  }
  if (name == "CyclicLR") {
    return [lowest = arguments.at("base_lr").get<double>(),
            highest = arguments.at("max_lr").get<double>(), rise = count("step_size_up")](
               int64_t t) { return train::cyclic_lr(lowest, highest, t, rise); };
  }
  if (name == "warmup+cosine") {
    train::TrainConfig config;
    config.learning_rate = base;
    config.lr_schedule = train::LrSchedule::cosine;
    config.warmup_steps = count("warmup");
    config.warmup_factor = arguments.at("start_factor").get<double>();
    return [config, steps = config.warmup_steps + count("T_max")](int64_t t) {
      return train::learning_rate(config, t, steps);
    };
  }
  throw Unavailable("schedule " + name + " is not available yet");
}

/// The rate after each of the recorded validation losses.
void check_plateau(const json& row, Outcome& outcome) {
  const json& arguments = row.at("arguments");
  train::Plateau plateau(row.at("base_lr"), arguments.value("factor", 0.1),
                         arguments.value("patience", int64_t{10}), arguments.value("min_lr", 0.0));
  std::vector<double> rates;
  for (const double loss : flat(row.at("metric"))) {
    plateau.validated(loss);
    rates.push_back(plateau.rate());
  }
  outcome.check("learning rate", relative_difference(rates, flat(row.at("lr_after"))), kExact);
}

void check_schedule(const json& row, Outcome& outcome) {
  if (row.at("schedule") == "ReduceLROnPlateau") return check_plateau(row, outcome);
  const auto rate = schedule_of(row.at("schedule"), row.at("base_lr"), row.at("arguments"));
  std::vector<double> rates;
  for (size_t step = 0; step < row.at("lr_per_step").size(); ++step)
    rates.push_back(rate(static_cast<int64_t>(step)));
  outcome.check("learning rate", relative_difference(rates, flat(row["lr_per_step"])), kExact);
}

}  // namespace

void run_optimisers(const std::string& folder, const std::string& filter, const Emit& emit) {
  const json file = read_json(folder, "optimisers.json");
  if (file.is_null()) return;
  const auto run = [&](const char* key, const json& rows, const auto& check) {
    std::vector<std::string> names;
    for (const json& row : rows) {
      const std::string name = row.at(key);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    for (const std::string& name : names) {
      Outcome outcome("values", name);
      if (!matches("values/" + name, filter)) continue;
      for (const json& row : rows)
        if (row.at(key) == name) guarded(outcome, [&] { check(row, outcome); });
      emit(outcome);
    }
  };
  run("optimizer", file.at("optimizers"),
      [&](const json& row, Outcome& outcome) { check_optimiser(file, row, outcome); });
  run("schedule", file.at("schedules"), check_schedule);
}

}  // namespace nd::parity
