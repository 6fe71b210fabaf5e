// Fits that begin from the weights of others, and fits that leave weights as they are.
#include "forecast/transfer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/safetensors.h"
#include "support/failure.h"
#include "support/folder.h"
#include "train/panels.h"

namespace nd::forecast {
namespace {

using nlohmann::json;
using testing::failure;
using testing::shared_sine_panel;

json model(const std::string& type, json options, int64_t steps = 30) {
  options["maxSteps"] = steps;
  options["windowsBatchSize"] = 16;
  return {{"type", type}, {"options", std::move(options)}};
}

json config(const json& models, int64_t horizon = 6) {
  return {{"horizon", horizon}, {"inputSize", 12}, {"models", models}};
}

json mlp(json options = json::object(), int64_t steps = 30) {
  options.emplace("hiddenSize", 8);
  return config(json::array({model("MLP", std::move(options), steps)}));
}

class TransferTest : public testing::FolderTest {
 protected:
  TransferTest() : pretrained_(std::make_shared<Forecaster>(mlp())) {
    pretrained_->fit(panel_, {});
    pretrained_->save(at("pretrained"));
  }

  /// The weights of a saved forecaster by name.
  std::map<std::string, std::vector<float>> weights(const Forecaster& f) const {
    f.save(at("weights"), {.data = false});
    const io::SafetensorsFile file(at("weights"));
    std::map<std::string, std::vector<float>> all;
    for (const auto& [name, tensor] : file.tensors())
      if (!name.starts_with("data/")) all[name] = file.floats(name);
    return all;
  }
  FitRequest from_pretrained() const {
    FitRequest request;
    request.initial_weights.from = pretrained_;
    return request;
  }
  Error refusal(const json& description, const FitRequest& request) const {
    return failure([&] { Forecaster(description).fit(panel_, request); });
  }

  std::shared_ptr<const data::Panel> panel_ = shared_sine_panel({90, 80}),
                                     other_ = shared_sine_panel({70, 60, 50}, 1.5);
  std::shared_ptr<Forecaster> pretrained_;
};

bool says(const Error& error, const char* text) {
  return error.message().find(text) != std::string::npos;
}

TEST_F(TransferTest, BeginsFromAFileOrAnObject) {
  const auto expected = weights(*pretrained_);
  FitRequest from_file;
  from_file.initial_weights.path = at("pretrained");
  for (const FitRequest& request : {from_pretrained(), from_file}) {
    json still =
        mlp({{"alias", "Mine"}, {"randomSeed", 7}}, 0);  // the only model: whatever its alias
    Forecaster f(still);
    f.fit(other_, request);
    const auto begun = weights(f);
    ASSERT_EQ(begun.size(), expected.size());
    for (const auto& [name, values] : expected)
      EXPECT_EQ(begun.at("Mine" + name.substr(name.find('/'))), values) << name;
    // A fit with steps goes on from there, not from where the object was.
    Forecaster learning(mlp({{"randomSeed", 7}}));
    learning.fit(panel_, {});
    const double own = learning.clone().fit(other_, {})[0]["trainHistory"][0][1];
    const double begin = learning.fit(other_, request)[0]["trainHistory"][0][1];
    Forecaster fresh(mlp({{"randomSeed", 7}}));
    EXPECT_EQ(fresh.fit(other_, request)[0]["trainHistory"][0][1], begin);
    EXPECT_NE(begin, own);
    EXPECT_NE(weights(fresh), expected);
  }
}

TEST_F(TransferTest, FrozenWeightsKeepEveryBit) {
  const auto before = weights(*pretrained_);
  FitRequest request = from_pretrained();
  request.freeze = {"mlp.*", "MLP/out.bias"};
  Forecaster f(mlp());
  f.fit(other_, request);
  const auto after = weights(f);
  for (const auto& [name, values] : before)
    EXPECT_EQ(after.at(name) == values, name != "MLP/out.weight") << name;
  // Also those of the object itself, whose optimiser goes on.
  request.initial_weights = {};
  request.freeze = {"*.weight"};
  f.fit(other_, request);
  const auto further = weights(f);
  EXPECT_EQ(further.at("MLP/out.weight"), after.at("MLP/out.weight"));
  EXPECT_NE(further.at("MLP/out.bias"), after.at("MLP/out.bias"));
}

TEST_F(TransferTest, TakesPartOfTheWeights) {
  FitRequest request = from_pretrained();
  const json longer = config(mlp({}, 0)["models"], 9);  // another horizon: another last layer
  const Error whole = refusal(longer, request);
  EXPECT_EQ(whole.code(), Code::config);
  EXPECT_TRUE(says(whole, "out.weight is [6, 8], expected [9, 8]; out.bias is [6], expected [9]"))
      << whole.message();
  request.initial_weights.weights = {"mlp.*"};
  Forecaster f(longer), fresh(longer);
  f.fit(panel_, request);
  fresh.fit(panel_, {});
  const auto given = weights(*pretrained_), begun = weights(f), drawn = weights(fresh);
  for (const auto& [name, values] : begun)
    EXPECT_EQ(values, name.starts_with("MLP/mlp.") ? given.at(name) : drawn.at(name)) << name;
}

TEST_F(TransferTest, SaysEverythingThatDoesNotFit) {
  const Error deeper = refusal(mlp({{"numLayers", 3}}), from_pretrained());
  EXPECT_EQ(deeper.code(), Code::config);
  EXPECT_TRUE(says(deeper, "do not fit MLP: missing mlp.2.weight [8, 8]; missing mlp.2.bias [8]"))
      << deeper.message();
  const Error shallower = refusal(mlp({{"numLayers", 1}}), from_pretrained());
  EXPECT_TRUE(says(shallower, "unexpected mlp.1.weight [8, 8]")) << shallower.message();

  const json two = config({model("MLP", {{"hiddenSize", 8}}), model("NLinear", json::object())});
  const Error missing = refusal(two, from_pretrained());
  EXPECT_TRUE(says(missing, "initialWeights of MLP, expected a model \"NLinear\" among them"))
      << missing.message();

  FitRequest unfitted;
  unfitted.initial_weights.from = std::make_shared<Forecaster>(mlp());
  EXPECT_EQ(refusal(mlp(), unfitted).code(), Code::not_fitted);
  unfitted.initial_weights = {};
  unfitted.initial_weights.path = at("nowhere");
  EXPECT_EQ(refusal(mlp(), unfitted).code(), Code::file);

  FitRequest pattern;
  pattern.freeze = {"mlp.0.*", "mpl.1.weight"};
  const Error nothing = refusal(mlp(), pattern);
  EXPECT_EQ(nothing.code(), Code::config);
  EXPECT_TRUE(says(nothing, "freeze = \"mpl.1.weight\", which matches no weight"))
      << nothing.message();
  EXPECT_TRUE(says(nothing, "did you mean \"mlp.1.weight\"?")) << nothing.message();
  pattern.freeze = {"NLinear/*"};
  EXPECT_EQ(refusal(mlp(), pattern).code(), Code::config);
  FitRequest taken = from_pretrained();
  taken.initial_weights.weights = {"blocks.*"};
  EXPECT_TRUE(says(refusal(mlp(), taken), "initialWeights.weights = \"blocks.*\""));
}

TEST_F(TransferTest, FindsModelsByAliasAndFreezesTheNamedOne) {
  const json two = config({model("MLP", {{"hiddenSize", 8}}),
                           model("MLP", {{"hiddenSize", 8}, {"alias", "B"}, {"randomSeed", 3}})});
  const auto source = std::make_shared<Forecaster>(two);
  source->fit(panel_, {});
  const auto given = weights(*source);
  const json turned = config({two["models"][1], two["models"][0]});
  FitRequest request;
  request.initial_weights.from = source;
  request.freeze = {"B/*"};
  Forecaster f(turned);
  f.fit(other_, request);
  for (const auto& [name, values] : weights(f))
    EXPECT_EQ(values == given.at(name), name.starts_with("B/")) << name;
}

TEST_F(TransferTest, CategoriesMustBeTheSame) {
  const auto panel = [](std::vector<std::string> categories) {
    data::RawPanel raw;
    raw.ids = {"a"};
    raw.features = {{"day", {}, std::move(categories)}};
    for (int64_t t = 0; t < 60; ++t) {
      raw.series.push_back(0);
      raw.times.push_back(t);
      raw.target.push_back(static_cast<double>(t % 5));
      raw.features[0].values.push_back(static_cast<double>(t % 2));
    }
    return std::make_shared<const data::Panel>(std::move(raw), data::PanelOptions{});
  };
  const json description = mlp({{"histExog", {"day"}}, {"catExog", {"day"}}}, 3);
  const auto source = std::make_shared<Forecaster>(description);
  source->fit(panel({"mon", "tue"}), {});
  FitRequest request;
  request.initial_weights.from = source;
  Forecaster same(description), other(description);
  same.fit(panel({"tue", "mon"}), request);  // of the same values, in whatever order
  const Error error = failure([&] { other.fit(panel({"mon", "wed"}), request); });
  EXPECT_TRUE(says(error, "hist_cat_embeddings.0.weight is of other values of the column \"day\""))
      << error.message();
  request.initial_weights.weights = {"mlp.*", "out.*"};
  other.fit(panel({"mon", "wed"}), request);
}

TEST_F(TransferTest, IntervalsAreCalibratedWithTheSameWeights) {
  const auto bounds = [&](int64_t steps, std::vector<std::string> freeze) {
    FitRequest request = from_pretrained();
    request.freeze = std::move(freeze);
    request.intervals = IntervalOptions{};
    Forecaster f(mlp({{"randomSeed", 5}}, steps));
    f.fit(panel_, request);
    PredictRequest ask;
    ask.quantiles.levels = {80};
    return f.predict(nullptr, ask).values;
  };
  // Where everything is frozen, nothing depends on how long it "learned".
  EXPECT_EQ(bounds(1, {"*"}), bounds(25, {"*"}));
  EXPECT_NE(bounds(1, {}), bounds(25, {}));
}

struct Stopped {};

TEST_F(TransferTest, ResumesWithTheSameBitsAndRefusesAnotherTransfer) {
  FitRequest request = from_pretrained();
  request.freeze = {"mlp.0.*"};
  Forecaster whole(mlp());
  whole.fit(other_, request);
  whole.save(at("whole"), {.optimizer = true});

  FitRequest interrupted = request;
  interrupted.checkpoint = {at("checkpoint"), 5, ""};
  interrupted.on_progress = [](const std::string&, const train::Progress& p) {
    if (p.step == 12) throw Stopped();
  };
  EXPECT_THROW(Forecaster(mlp()).fit(other_, interrupted), Stopped);

  FitRequest resume = request;
  resume.resume = at("checkpoint");
  const auto failed = [&](const FitRequest& how) {
    return failure([&] { Forecaster(mlp()).fit(other_, how); });
  };
  FitRequest thawed = resume;
  thawed.freeze = {};
  EXPECT_TRUE(says(failed(thawed), "received freeze for other weights"));
  FitRequest elsewhere = resume;
  Forecaster further = pretrained_->clone();
  further.fit(panel_, {});
  elsewhere.initial_weights.from = std::make_shared<Forecaster>(std::move(further));
  EXPECT_TRUE(says(failed(elsewhere), "other initialWeights"));

  FitRequest without = resume;  // the checkpoint has its weights
  without.initial_weights = {};
  without.freeze = {"mlp.0.weight", "mlp.0.bias"};  // the same ones
  for (const FitRequest& how : {resume, without}) {
    Forecaster resumed(mlp());
    resumed.fit(other_, how);
    resumed.save(at("resumed"), {.optimizer = true});
    EXPECT_EQ(read("whole"), read("resumed"));
  }
}

}  // namespace
}  // namespace nd::forecast
