// Weights that a fit leaves as they are: not a bit of them changes, and nothing is computed for
// them.
#include "train/frozen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/glob.h"
#include "graph/differentiate.h"
#include "train/panels.h"
#include "train/trainer.h"

namespace nd::train {
namespace {

using testing::network;
using testing::sine_panel;

FloatBuffer initial(const Network& net) {
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  return parameters;
}

std::vector<std::string> names(const Network& net, const std::string& pattern) {
  std::vector<std::string> found;
  for (const ParameterEntry& entry : net.table().entries())
    if (glob_matches(pattern, entry.name)) found.push_back(entry.name);
  return found;
}

TrainRequest request(const Network& net, const data::Panel& panel, int64_t steps) {
  TrainRequest r;
  r.network = &net;
  r.panel = &panel;
  r.config.max_steps = steps;
  r.config.learning_rate = 1e-2;
  r.config.windows_batch_size = 64;
  r.config.scaler_type = "standard";
  return r;
}

/// Names of the parameters that differ.
std::set<std::string> changed(const Network& net, const FloatBuffer& a, const FloatBuffer& b) {
  std::set<std::string> different;
  for (const ParameterEntry& entry : net.table().entries())
    if (net.table().read(a.span(), entry) != net.table().read(b.span(), entry))
      different.insert(entry.name);
  return different;
}

Network mlp() { return network("MLP", {{"hiddenSize", 40}, {"numLayers", 3}}, 24, 6); }

TEST(Frozen, KeepsEveryBitWhateverTheOptimiser) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = mlp();
  const FloatBuffer before = initial(net);
  for (const std::string_view optimizer : optimizer_names()) {
    for (const char* pattern : {"mlp.0.*", "mlp.1.weight", "*.bias", "out.*"}) {
      TrainRequest r = request(net, panel, 4);
      r.config.optimizer = optimizer;
      r.config.weight_decay = 0.1;
      if (optimizer == "sgd" || optimizer == "rmsprop") r.config.momentum = 0.9;
      r.frozen = names(net, pattern);
      ASSERT_FALSE(r.frozen.empty()) << pattern;
      FloatBuffer after = before;
      OptimizerState state;
      r.optimizer = &state;
      train(r, after);
      const std::set<std::string> learned = changed(net, before, after);
      for (const ParameterEntry& entry : net.table().entries())
        EXPECT_EQ(learned.contains(entry.name), !is_frozen(r.frozen, entry.name))
            << optimizer << " " << pattern << " " << entry.name;
      for (const FloatBuffer& buffer : state.buffers) {
        if (buffer.size() == 0) continue;
        for (const std::string& name : r.frozen)
          for (const float v : net.table().read(buffer.span(), *net.table().find(name)))
            ASSERT_EQ(v, 0) << optimizer << ": nothing is remembered of " << name;
      }
    }
  }
}

TEST(Frozen, LeavesTheGradientOfTheOthersAsItIs) {
  const data::Panel panel = sine_panel({120, 90});
  for (const char* type : {"MLP", "NHITS", "LSTM"}) {
    const Network net =
        type == std::string("MLP")
            ? mlp()
            : network(type,
                      type == std::string("NHITS") ? testing::small_nhits()
                                                   : nlohmann::json{{"encoderHiddenSize", 8}},
                      24, 6);
    const FloatBuffer before = initial(net);
    TrainRequest r = request(net, panel, 1);
    r.config.optimizer = "sgd";
    FloatBuffer all = before, some = before;
    train(r, all);
    r.frozen = {net.table().entries()[0].name, net.table().entries()[1].name};
    train(r, some);
    for (const ParameterEntry& entry : net.table().entries()) {
      if (is_frozen(r.frozen, entry.name)) continue;
      const auto a = net.table().read(all.span(), entry), b = net.table().read(some.span(), entry);
      for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6F) << type << entry.name;
    }
  }
}

TEST(Frozen, ComputesNoGradientForThem) {
  const Network net = mlp();
  const auto first = names(net, "mlp.0.*");
  const Graph graph = net.train_graph(false, Phase::train, first);
  for (const ParameterEntry& entry : net.table().entries())
    EXPECT_EQ(graph.outputs().contains(gradient_name(entry.name)), !is_frozen(first, entry.name));
  EXPECT_LT(graph.nodes().size(), net.train_graph().nodes().size());
}

TEST(Frozen, AnOptimiserReadsOnlyItsRanges) {
  constexpr size_t n = 100;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::string_view name : optimizer_names()) {
    FloatBuffer p(n), g(n), whole(n), clean(n);
    for (size_t i = 0; i < n; ++i) {
      p.data()[i] = whole.data()[i] = std::sin(static_cast<float>(i));
      clean.data()[i] = std::cos(static_cast<float>(3 * i));
      const bool inside = (i >= 16 && i < 40) || i >= 64;
      g.data()[i] = inside ? clean.data()[i] : nan;
    }
    const auto optimizer = make_optimizer(name, {.weight_decay = 0.01}, n),
               other = make_optimizer(name, {.weight_decay = 0.01}, n);
    optimizer->restrict_to({{16, 40}, {64, 100}});
    for (int step = 0; step < 3; ++step) {
      EXPECT_TRUE(optimizer->step(p.span(), g.span(), 1e-2)) << name;
      other->step(whole.span(), clean.span(), 1e-2);
    }
    for (size_t i = 0; i < n; ++i) {
      const bool inside = (i >= 16 && i < 40) || i >= 64;
      EXPECT_EQ(p.data()[i], inside ? whole.data()[i] : std::sin(static_cast<float>(i)))
          << name << " " << i;
    }
    g.data()[70] = nan;
    EXPECT_FALSE(optimizer->step(p.span(), g.span(), 1e-2)) << name;
  }
}

TEST(Frozen, RangesCoverWhatLearnsAndNothingElse) {
  const Network net = mlp();
  const ParameterTable& table = net.table();
  for (const char* pattern : {"*.bias", "mlp.1.*", "nothing", "*"}) {
    const auto frozen = names(net, pattern);
    const auto ranges = learning_ranges(table, frozen);
    for (const ParameterEntry& entry : table.entries()) {
      const auto covers = [&](const FlatRange& r) {
        return r.begin <= entry.offset && entry.offset + entry.extent <= r.end;
      };
      const auto touches = [&](const FlatRange& r) {
        return r.begin < entry.offset + entry.extent && entry.offset < r.end;
      };
      const bool learns = !is_frozen(frozen, entry.name);
      EXPECT_EQ(std::count_if(ranges.begin(), ranges.end(), covers), learns ? 1 : 0);
      EXPECT_EQ(std::count_if(ranges.begin(), ranges.end(), touches), learns ? 1 : 0);
    }
    for (const FlatRange& r : ranges) EXPECT_EQ(r.begin % 16, 0);
    if (frozen.empty()) {
      EXPECT_EQ(ranges.size(), 1U);
    }
  }
}

TEST(Frozen, RunningStatisticsStayAsWell) {
  const data::Panel panel = sine_panel({120, 120});
  const Network net = network("TSMixer", {{"nSeries", 2}, {"ffDim", 4}}, 12, 3);
  ASSERT_FALSE(net.state().empty());
  const FloatBuffer before = initial(net);
  const std::string& name = net.state().front().name;
  FloatBuffer after = before;
  TrainRequest r = request(net, panel, 3);
  train(r, after);
  EXPECT_TRUE(changed(net, before, after).contains(name));
  r.frozen = {name};
  after = before;
  train(r, after);
  EXPECT_FALSE(changed(net, before, after).contains(name));
  EXPECT_TRUE(changed(net, before, after).contains(net.state().back().name));
}

TEST(Frozen, NothingToLearnIsAFitThatChangesNothing) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = mlp();
  const FloatBuffer before = initial(net);
  for (const bool checkpointing : {false, true}) {
    TrainRequest r = request(net, panel, 3);
    r.config.gradient_checkpointing = checkpointing;
    r.config.gradient_clip_norm = 1;
    r.config.accumulate_steps = 2;
    r.val_size = 12;
    r.frozen = names(net, "*");
    FloatBuffer after = before;
    const TrainResult result = train(r, after);
    EXPECT_EQ(result.steps, 3);
    EXPECT_TRUE(std::isfinite(result.train_loss));
    EXPECT_TRUE(changed(net, before, after).empty());
  }
}

TEST(Frozen, GivesTheSameBitsForAnyNumberOfThreads) {
  const data::Panel panel = sine_panel({200, 150, 77, 31});
  const Network net = network("NHITS", testing::small_nhits(), 24, 6);
  const FloatBuffer before = initial(net);
  std::vector<FloatBuffer> trained;
  for (const int threads : {1, 2, 5}) {
    TrainRequest r = request(net, panel, 10);
    r.config.windows_batch_size = 256;
    r.config.gradient_clip_norm = 0.5;
    r.frozen = names(net, "blocks.0.*");
    r.threads = threads;
    trained.push_back(before);
    train(r, trained.back());
  }
  for (const FloatBuffer& one : trained) EXPECT_TRUE(changed(net, trained.front(), one).empty());
}

}  // namespace
}  // namespace nd::train
