#include "base/options.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "losses/loss.h"
#include "models/spec.h"
#include "train/config.h"

namespace nd {
namespace {

using nlohmann::json;

std::vector<ParamSpec> all_types() {
  return {
      {.name = "max_steps",
       .type = ParamType::integer,
       .default_json = "10",
       .minimum = 0,
       .maximum = 2147483647},
      {.name = "rate",
       .type = ParamType::number,
       .default_json = "0.5",
       .minimum = 0,
       .maximum = 1,
       .open_maximum = true},
      {.name = "shared", .type = ParamType::boolean, .default_json = "false"},
      {.name = "pooling_mode",
       .type = ParamType::choice,
       .default_json = "\"max\"",
       .choices = {"max", "mean", "cubic-*"}},
      {.name = "n_blocks", .type = ParamType::integer_list, .default_json = "[1]", .minimum = 1},
      {.name = "levels",
       .type = ParamType::number_list,
       .default_json = "null",
       .nullable = true,
       .single = true},
      {.name = "kinds",
       .type = ParamType::choice_list,
       .default_json = "[\"a\"]",
       .choices = {"a", "b"}},
      {.name = "mlp_units",
       .type = ParamType::integer_matrix,
       .default_json = "[[1,2]]",
       .minimum = 1},
  };
}

std::string refusal(const json& received) {
  const auto specs = all_types();
  try {
    Options(received, specs, "nhits");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::config);
    EXPECT_TRUE(json::accept(e.details()));
    return e.message();
  }
  return "accepted";
}

TEST(Options, DefaultsFillInInTheOrderOfTheSpecs) {
  const Options options(json::object(), all_types(), "nhits");
  EXPECT_EQ(
      options.json().dump(),
      R"({"maxSteps":10,"rate":0.5,"shared":false,"poolingMode":"max","nBlocks":[1],"levels":null,"kinds":["a"],"mlpUnits":[[1,2]]})");
  EXPECT_EQ(options.integer("max_steps"), 10);
  EXPECT_TRUE(options.is_null("levels"));
}

TEST(Options, ValuesAreReadByTheirSnakeCaseNames) {
  const json received = {
      {"maxSteps", 5.0},     {"rate", 0},    {"shared", true},      {"poolingMode", "mean"},
      {"nBlocks", {3, 4.0}}, {"levels", 80}, {"kinds", {"b", "a"}}, {"mlpUnits", {{8, 4}, {4, 2}}}};
  const Options options(received, all_types(), "nhits");
  EXPECT_EQ(options.integer("max_steps"), 5);
  EXPECT_EQ(options.number("rate"), 0);
  EXPECT_TRUE(options.boolean("shared"));
  EXPECT_EQ(options.choice("pooling_mode"), "mean");
  EXPECT_EQ(options.integers("n_blocks"), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(options.numbers("levels"), std::vector<double>{80});
  EXPECT_EQ(options.choices("kinds"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(options.matrix("mlp_units"), (std::vector<std::vector<int64_t>>{{8, 4}, {4, 2}}));
  EXPECT_EQ(options.json()["maxSteps"].dump(), "5");
  EXPECT_EQ(Options(json(options.json()), all_types(), "nhits").json(), options.json());
}

TEST(Options, CopiesAreIndependent) {
  Options first(json{{"maxSteps", 3}}, all_types(), "nhits");
  const Options second = first;
  first = Options(json::object(), all_types(), "nhits");
  EXPECT_EQ(second.integer("max_steps"), 3);
  EXPECT_EQ(first.integer("max_steps"), 10);
}

TEST(Options, RefusalsNameOptionValueAndExpectation) {
  EXPECT_EQ(refusal({{"maxSteps", -3}}),
            "[nhits] received maxSteps = -3, expected an integer in [0, 2147483647]");
  EXPECT_EQ(refusal({{"maxSteps", 2.5}}),
            "[nhits] received maxSteps = 2.5, expected an integer in [0, 2147483647]");
  EXPECT_EQ(refusal({{"maxSteps", "7"}}),
            "[nhits] received maxSteps = \"7\", expected an integer in [0, 2147483647]");
  EXPECT_EQ(refusal({{"maxSteps", nullptr}}),
            "[nhits] received maxSteps = null, expected an integer in [0, 2147483647]");
  EXPECT_EQ(refusal({{"maxSteps", 1e300}}),
            "[nhits] received maxSteps = 1e+300, expected an integer in [0, 2147483647]");
  EXPECT_EQ(refusal({{"rate", 1}}), "[nhits] received rate = 1, expected a number in [0, 1)");
  EXPECT_EQ(refusal({{"shared", 1}}), "[nhits] received shared = 1, expected true or false");
  EXPECT_EQ(refusal({{"poolingMode", "maxx"}}),
            "[nhits] received poolingMode = \"maxx\", expected \"max\", \"mean\" or \"cubic-*\"; "
            "did you mean \"max\"?");
  EXPECT_TRUE(refusal({{"poolingMode", "cubic-"}}).starts_with("[nhits] received poolingMode"));
  EXPECT_EQ(refusal({{"poolingMode", "cubic-2"}}), "accepted");
  EXPECT_EQ(refusal({{"nBlocks", {1, 0}}}),
            "[nhits] received nBlocks = [1,0], expected a list of integers, each of at least 1");
  EXPECT_EQ(refusal({{"nBlocks", json::array()}}),
            "[nhits] received nBlocks = [], expected a list of integers, each of at least 1");
  EXPECT_EQ(refusal({{"nBlocks", 1}}),
            "[nhits] received nBlocks = 1, expected a list of integers, each of at least 1");
  EXPECT_EQ(
      refusal({{"levels", "x"}}),
      "[nhits] received levels = \"x\", expected a list of numbers, or one such element, or null");
  EXPECT_EQ(refusal({{"kinds", {"a", "c"}}}),
            "[nhits] received kinds = [\"a\",\"c\"], expected a list, each element \"a\" or \"b\"; "
            "did you mean \"a\"?");
  EXPECT_EQ(refusal({{"mlpUnits", {1, 2}}}),
            "[nhits] received mlpUnits = [1,2], expected a list of lists of integers, each of at "
            "least 1");
  EXPECT_EQ(refusal(json::array()), "[nhits] received array as options, expected an object");
}

TEST(Options, UnknownNamesNameTheClosestKnownOne) {
  const std::string near = "\", which does not exist here; did you mean \"maxSteps\"?";
  for (const char* name : {"max_steps", "maxstep", "MaxSteps", "maxSetps"})
    EXPECT_EQ(refusal({{name, 1}}), "[nhits] received option \"" + std::string(name) + near);
  EXPECT_EQ(refusal({{"colour", 1}}),
            "[nhits] received option \"colour\", which does not exist here; known options: "
            "maxSteps, rate, shared, "
            "poolingMode, nBlocks, levels, kinds, mlpUnits");
}

TEST(Options, RequiredOnesMustBeThere) {
  const std::vector<ParamSpec> specs = {{.name = "q", .type = ParamType::number, .minimum = 0}};
  try {
    Options(json::object(), specs, "quantileloss");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(),
              "[quantileloss] received no q, expected a number of at least 0; it has no default");
  }
}

TEST(Names, CamelCaseIsMechanical) {
  EXPECT_EQ(camel_case("n_pool_kernel_size"), "nPoolKernelSize");
  EXPECT_EQ(camel_case("beta1"), "beta1");
}

TEST(Names, ClosestIgnoresCaseAndSeparators) {
  const std::vector<std::string> known = {"horizon", "inputSize", "maxSteps"};
  EXPECT_EQ(closest_name("input_size", known), "inputSize");
  EXPECT_EQ(closest_name("Horizont", known), "horizon");
  EXPECT_EQ(closest_name("zzz", known), "");
}

TEST(TrainConfig, DefaultsAreTheReferences) {
  const auto specs = train::train_params();
  const train::TrainConfig c = train::train_config(Options(json::object(), specs, "training")), d;
  EXPECT_EQ(c.max_steps, d.max_steps);
  EXPECT_EQ(c.max_epochs, d.max_epochs);
  EXPECT_EQ(c.learning_rate, d.learning_rate);
  EXPECT_EQ(c.num_lr_decays, d.num_lr_decays);
  EXPECT_EQ(c.early_stop_patience_steps, d.early_stop_patience_steps);
  EXPECT_EQ(c.val_check_steps, d.val_check_steps);
  EXPECT_EQ(c.batch_size, d.batch_size);
  EXPECT_EQ(c.valid_batch_size, d.valid_batch_size);
  EXPECT_EQ(c.windows_batch_size, d.windows_batch_size);
  EXPECT_EQ(c.inference_windows_batch_size, d.inference_windows_batch_size);
  EXPECT_EQ(c.scaler_type, d.scaler_type);
  EXPECT_EQ(c.random_seed, d.random_seed);
  EXPECT_EQ(c.optimizer, d.optimizer);
  EXPECT_EQ(c.beta1, d.beta1);
  EXPECT_EQ(c.beta2, d.beta2);
  EXPECT_EQ(c.epsilon, d.epsilon);
  EXPECT_EQ(c.weight_decay, d.weight_decay);
  EXPECT_EQ(c.alpha, d.alpha);
  EXPECT_EQ(c.lr_schedule, d.lr_schedule);
  EXPECT_EQ(c.min_learning_rate, d.min_learning_rate);
  EXPECT_EQ(c.warmup_steps, d.warmup_steps);
  EXPECT_EQ(c.warmup_factor, d.warmup_factor);
  EXPECT_EQ(c.gradient_clip_norm, d.gradient_clip_norm);
  EXPECT_EQ(c.gradient_clip_value, d.gradient_clip_value);
}

TEST(TrainConfig, RefusesOptionsThatContradictEachOther) {
  struct Row {
    json received;
    const char* option;
  };
  const Row rows[] = {
      {{{"nesterov", true}}, "nesterov"},
      {{{"centered", true}}, "centered"},
      {{{"gradientClipNorm", 1}, {"gradientClipValue", 1}}, "gradientClipValue"},
      {{{"lrSchedule", "oneCycle"}, {"warmupSteps", 10}}, "warmupSteps"},
      {{{"maxSteps", 10}, {"warmupSteps", 10}}, "warmupSteps"},
      {{{"minLearningRate", 1e-5}}, "minLearningRate"},
      {{{"lrSchedule", "cosine"}, {"minLearningRate", 1}}, "minLearningRate"},
      {{{"lrSchedule", "oneCycle"}, {"lrFactor", 0.5}}, "lrFactor"},
      {{{"lrMilestones", {5}}}, "lrMilestones"},
      {{{"lrSchedule", "multiStep"}}, "lrMilestones"},
      {{{"lrSchedule", "multiStep"}, {"lrMilestones", {5, 5}}}, "lrMilestones"},
      {{{"lrSchedule", "cosine"}, {"lrPeriod", 10}}, "lrPeriod"},
      {{{"lrSchedule", "cyclic"}, {"lrPeriodFactor", 2}}, "lrPeriodFactor"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.received.dump());
    try {
      train::train_config(Options(row.received, train::train_params(), "training"));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::config);
      EXPECT_EQ(json::parse(error.details()).at("option"), row.option);
    }
  }
  const json fine = {{"optimizer", "rmsprop"},  {"centered", true},        {"maxSteps", 11},
                     {"warmupSteps", 10},       {"lrSchedule", "cosine"},  {"learningRate", 0.01},
                     {"minLearningRate", 0.01}, {"gradientClipValue", 0.5}};
  const auto c = train::train_config(Options(fine, train::train_params(), "training"));
  EXPECT_TRUE(c.centered);
  EXPECT_EQ(c.lr_schedule, train::LrSchedule::cosine);
  EXPECT_EQ(c.min_learning_rate, 0.01);
  EXPECT_EQ(c.warmup_steps, 10);
  EXPECT_EQ(c.gradient_clip_value, 0.5);
}

TEST(TrainConfig, SchedulesHaveTheirNamesAndOptions) {
  const auto config = [](const json& received) {
    return train::train_config(Options(received, train::train_params(), "training"));
  };
  using enum train::LrSchedule;
  const auto restarts = config({{"lrSchedule", "cosineRestarts"},
                                {"lrPeriod", 50},
                                {"lrPeriodFactor", 2},
                                {"minLearningRate", 1e-5}});
  EXPECT_EQ(restarts.lr_schedule, cosine_restarts);
  EXPECT_EQ(restarts.lr_period, 50);
  EXPECT_EQ(restarts.lr_period_factor, 2);
  const auto steps = config({{"lrSchedule", "multiStep"}, {"lrMilestones", {3, 9}}});
  EXPECT_EQ(steps.lr_schedule, multi_step);
  EXPECT_EQ(steps.lr_milestones, (std::vector<int64_t>{3, 9}));
  EXPECT_EQ(steps.lr_factor, 0);
  const auto waits = config({{"lrSchedule", "plateau"}, {"lrFactor", 0.5}, {"lrPatience", 3}});
  EXPECT_EQ(waits.lr_schedule, plateau);
  EXPECT_EQ(waits.lr_factor, 0.5);
  EXPECT_EQ(waits.lr_patience, 3);
  const auto power = config({{"lrSchedule", "polynomial"}, {"lrPower", 2}});
  EXPECT_EQ(power.lr_schedule, polynomial);
  EXPECT_EQ(power.lr_power, 2);
}

TEST(TrainConfig, NullsAndShorthandsHaveTheirMeaning) {
  const auto config = [](const json& received) {
    return train::train_config(Options(received, train::train_params(), "training"));
  };
  EXPECT_EQ(config({{"windowsBatchSize", nullptr}}).windows_batch_size, 0);
  EXPECT_EQ(config({{"optimizer", "adamw"}}).weight_decay, 0.01);
  EXPECT_EQ(config({{"optimizer", "adamw"}, {"weightDecay", 0}}).weight_decay, 0);
  const auto one = config({{"trainingDataAvailabilityThreshold", 0.25}});
  EXPECT_EQ(one.min_insample_fraction, 0.25);
  EXPECT_EQ(one.min_outsample_fraction, 0.25);
  const auto two = config({{"trainingDataAvailabilityThreshold", {0.25, 1}}});
  EXPECT_EQ(two.min_insample_fraction, 0.25);
  EXPECT_EQ(two.min_outsample_fraction, 1);
  EXPECT_THROW(config({{"trainingDataAvailabilityThreshold", {0, 0, 0}}}), Error);
  EXPECT_THROW(config({{"nesterov", true}}), Error);
  EXPECT_EQ(config({{"nesterov", true}, {"momentum", 0.9}}).momentum, 0.9);
}

TEST(Registry, FlatOptionsCarryTheModelsTrainingDefaults) {
  const auto params = model_and_training_params(find_model("dlinear"));
  const Options options(json{{"movingAvgWindow", 3}}, params, "dlinear");
  EXPECT_EQ(options.integer("moving_avg_window"), 3);
  EXPECT_EQ(options.integer("max_steps"), 5000);
  EXPECT_EQ(options.number("learning_rate"), 1e-4);
  EXPECT_EQ(train::train_config(options).max_steps, 5000);
}

TEST(Registry, UnknownModelsNameTheClosest) {
  EXPECT_EQ(find_model("NHits").name, "NHITS");
  try {
    find_model("nhit");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message().find("[models] received model \"nhit\", expected one of MLP, DLinear, "),
              0u);
    EXPECT_TRUE(e.message().ends_with("; did you mean \"NHITS\"?")) << e.message();
  }
}

TEST(Registry, EverythingIsDescribed) {
  const auto registry = registry_json();
  EXPECT_EQ(registry["models"].size(), model_list().size());
  EXPECT_EQ(registry["losses"].size(), loss_list().size());
  EXPECT_EQ(registry["errors"].size(), 14u);
  EXPECT_EQ(registry["errors"][9]["number"], "E0010");
  EXPECT_EQ(registry["errors"][9]["code"], "ERR_ND_CONFIG");
  const auto check_params = [](const auto& params, const std::string& owner) {
    std::vector<std::string> names;
    for (const auto& p : params) {
      const auto name = p["name"].template get<std::string>(),
                 doc = p["doc"].template get<std::string>();
      EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << owner << "." << name;
      names.push_back(name);
      EXPECT_GT(doc.size(), 15u) << owner << "." << name;
      EXPECT_EQ(doc.back(), '.') << owner << "." << name;
    }
  };
  check_params(registry["training"], "training");
  check_params(registry["common"], "common");
  for (const auto& model : registry["models"]) {
    const auto name = model["name"].get<std::string>();
    EXPECT_NE(model["paper"].get<std::string>().find("https://"), std::string::npos) << name;
    EXPECT_GT(model["summary"].get<std::string>().size(), 20u) << name;
    check_params(model["params"], name);
    for (const auto& param : model["params"])
      for (const auto& train : registry["training"])
        EXPECT_NE(param["name"], train["name"]) << name;
    for (const auto& [option, value] : model["trainDefaults"].items()) {
      const auto& training = registry["training"];
      EXPECT_TRUE(std::any_of(training.begin(), training.end(),
                              [&](const auto& t) { return t["name"] == option; }))
          << name << "." << option;
    }
    // The defaults must pass the model's own validation.
    const ModelSpec& spec = find_model(name);
    const json required = spec.capabilities.multivariate ? json{{"nSeries", 2}} : json::object();
    EXPECT_NO_THROW(Options(required, model_and_training_params(spec), name));
  }
  for (const auto& loss : registry["losses"])
    check_params(loss["params"], loss["name"].get<std::string>());
}

}  // namespace
}  // namespace nd
