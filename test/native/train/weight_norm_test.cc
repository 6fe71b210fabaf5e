// Weight normalisation: against torch, against finite differences of a network, and inside of fits.
#include "train/weight_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "graph/differentiate.h"
#include "nn/linear.h"
#include "ops/ops.h"
#include "parallel/team.h"
#include "support/evaluate.h"
#include "train/panels.h"
#include "train/trainer.h"
#include "train/weight_update.h"

namespace nd::train {
namespace {

using testing::network;
using testing::sine_panel;

/// A packed matrix, a vector, a stack of small matrices, state.
ParameterTable small_table(int64_t rows = 3, int64_t columns = 4) {
  return ParameterTable(
      {{"linear", Shape::fixed({rows, columns}), {}, true, Layout::matmul, /*units=*/true},
       {"bias", Shape::fixed({3}), {}},
       {"conv", Shape::fixed({2, 2, 2}), {}, true, Layout::canonical, /*units=*/true},
       {"state", Shape::fixed({2, 2}), {}, false}});
}

double sine(size_t i, size_t a) {
  return std::sin(1.7 * static_cast<double>(i + 1) + 0.9 * static_cast<double>(a));
}

/// Fills every tensor with f(index of the tensor, index of the element).
template <class F>
void fill(const ParameterTable& table, FloatBuffer& flat, const F& f) {
  for (size_t e = 0; e < table.entries().size(); ++e) {
    const ParameterEntry& entry = table.entries()[e];
    std::vector<float> values(static_cast<size_t>(entry.size));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(f(e, i));
    table.write(flat.span(), entry, values);
  }
}

std::vector<float> read(const ParameterTable& table, const FloatBuffer& flat,
                        const std::string& name) {
  return table.read(flat.span(), *table.find(name));
}

FloatBuffer buffer(const ParameterTable& table) {
  return FloatBuffer(static_cast<size_t>(table.total()));
}

struct Golden {
  const char* label;
  TrainConfig config;
  std::array<double, 23> expected;
};

TrainConfig config(const char* optimizer, double rate) {
  TrainConfig c;
  c.weight_norm = true;
  c.optimizer = optimizer;
  c.learning_rate = rate;
  return c;
}

// Made by torch 2 in float64: Linear(4, 3) and Conv1d(2, 2, 2, bias=False), both in
// torch.nn.utils.parametrizations.weight_norm; the weights w (linear, its bias, conv; numbers 0, 1
// and 2) start at sine(i, number); 20 steps of torch.optim down the sum over them of
// 0.5·(w_i - sine(i, 3 + number))²·(1 + sine(i, 6 + number)²), clip_grad_norm_ and
// clip_grad_value_ over the parameters that torch optimises: original0 (g) and original1 (v).
std::vector<Golden> goldens() {
  std::vector<Golden> all = {
      {"sgd",
       config("sgd", 0.05),
       {-0.466047460, 0.157538642,  0.394947155,  -0.286039354, -0.209657490, 0.321841002,
        0.139642032,  -0.382534941, -0.055125131, 0.370965782,  -0.008333377, -0.344423356,
        -0.664512515, 0.135293952,  0.526989405,  0.233055274,  0.484166207,  -0.389629927,
        -0.387429173, 0.095924213,  0.005722134,  -0.104992867, 0.007467974}},
      {"sgd with momentum and decay",
       config("sgd", 0.02),
       {-1.360359060, -0.163018764, 1.419351300,  -0.433177506, -1.004341563, 0.875555725,
        0.916399313,  -1.115323639, -0.782877927, 1.156894093,  0.511514959,  -1.097562566,
        -1.124687244, 1.096972920,  0.891770532,  0.045903587,  1.298031661,  -0.613565960,
        -1.315660066, 0.696430577,  0.180841567,  -0.765657945, -0.093966197}},
      {"adam",
       config("adam", 0.02),
       {0.501909930,  -0.513605883, -0.399087364, 0.696589030,  0.259540890,  -0.707489313,
        -0.142905938, 0.807588418,  -0.000478632, -0.912281852, 0.170557719,  0.513709325,
        0.123896999,  -0.523173229, 0.107579695,  -0.525403937, -0.328410805, 0.681671360,
        0.227986898,  -0.639081548, -0.083017817, 0.700742666,  -0.050171056}},
      {"adamw",
       config("adamw", 0.02),
       {0.471742697,  -0.495646000, -0.373629919, 0.669742750,  0.241563004,  -0.677197652,
        -0.130698197, 0.772128104,  -0.005853578, -0.872708111, 0.167828685,  0.484094242,
        0.111471208,  -0.495289836, 0.110916924,  -0.504590496, -0.306056351, 0.652786489,
        0.210787368,  -0.610043610, -0.074535845, 0.667801253,  -0.051976596}},
      {"adam, norm clipped",
       config("adam", 0.02),
       {0.495452266,  -0.511589532, -0.388892180, 0.692297550,  0.250104104,  -0.702609123,
        -0.135037459, 0.801100014,  -0.006664087, -0.904560987, 0.173718972,  0.504666966,
        0.113667384,  -0.513123958, 0.118304703,  -0.521926896, -0.320080191, 0.675777429,
        0.219712790,  -0.633027315, -0.075789533, 0.691637791,  -0.054813727}},
      {"sgd, norm clipped",
       config("sgd", 0.05),
       {0.850799896,  -0.246318798, -0.769264638, 0.457748933,  0.643570417,  -0.643627341,
        -0.484250843, 0.782993083,  0.299850578,  -0.863337773, -0.096088973, 0.875115993,
        0.390411578,  -0.835257398, -0.197606817, -0.328172764, -0.723183829, 0.530955466,
        0.583911698,  -0.706999613, -0.415613584, 0.824411263,  0.222847238}},
      {"sgd, values clipped",
       config("sgd", 0.05),
       {0.893274441,  -0.341077881, -0.792220985, 0.569945139,  0.642187271,  -0.735402749,
        -0.476373940, 0.881850928,  0.274197537,  -0.980764357, -0.045276627, 0.885592778,
        0.415501372,  -0.816165937, -0.179415498, -0.428929582, -0.745473339, 0.645549494,
        0.603641984,  -0.760120485, -0.382451821, 0.881248487,  0.177938169}},
  };
  all[1].config.momentum = 0.9, all[1].config.weight_decay = 0.1;
  all[3].config.weight_decay = 0.1;
  all[4].config.gradient_clip_norm = all[5].config.gradient_clip_norm = 0.5;
  all[6].config.gradient_clip_value = 0.1;
  return all;
}

TEST(WeightNorm, StepsAsTorch) {
  const ParameterTable table = small_table();
  for (const Golden& golden : goldens()) {
    FloatBuffer weights = buffer(table), gradients = buffer(table);
    fill(table, weights, [](size_t e, size_t i) { return sine(i, e); });
    const auto trained = static_cast<size_t>(table.trainable_total());
    WeightUpdate update(golden.config, table);
    for (int step = 0; step < 20; ++step) {
      std::vector<std::vector<float>> now;
      for (const ParameterEntry& entry : table.entries())
        now.push_back(table.read(weights.span(), entry));
      fill(table, gradients, [&](size_t e, size_t i) {
        const double slope = 1 + sine(i, 6 + e) * sine(i, 6 + e);
        return (static_cast<double>(now[e][i]) - sine(i, 3 + e)) * slope;
      });
      ASSERT_TRUE(update.step(weights.span().first(trained), gradients.span().first(trained),
                              golden.config.learning_rate, nullptr));
    }
    size_t at = 0;
    for (const char* name : {"linear", "bias", "conv"})
      for (const float got : read(table, weights, name))
        EXPECT_NEAR(got, golden.expected[at++], 3e-6) << golden.label << " " << name;
    FloatBuffer start = buffer(table);
    fill(table, start, [](size_t e, size_t i) { return sine(i, e); });
    EXPECT_EQ(read(table, weights, "state"), read(table, start, "state")) << "is not trained";
  }
}

// d loss / d(g, v) of a network, in the places where they are learned.
TEST(WeightNorm, GradientsAreThoseOfLengthsAndDirections) {
  Graph graph;
  const Var x = graph.input("x", Shape::batched({19}));
  const Var h = tanh(linear(graph, x, 41, "first"));
  const Var y = linear(graph, h, 3, "second");
  graph.output("loss", sum_all(y * y));
  differentiate(graph, "loss", {});
  const ParameterTable table(graph.parameters());
  WeightNorm norm(table, {});
  fill(norm.table(), norm.learned(), [](size_t e, size_t i) { return 0.5 * sine(i, e); });
  FloatBuffer weights = buffer(table), gradients = buffer(table);
  norm.write(weights.span(), nullptr);

  reference::Arguments args{.windows = 2};
  args.inputs["x"] = test::random_values(38, -1, 1, 3);
  using Values = std::map<std::string, std::vector<double>>;
  Values learned;
  for (const ParameterEntry& entry : norm.table().entries()) {
    const std::vector<float> values = norm.table().read(norm.learned().span(), entry);
    learned[entry.name].assign(values.begin(), values.end());
  }
  // The definition, in double precision.
  const auto weight_of = [&](const ParameterEntry& entry) {
    std::vector<double> w = learned.at(entry.name);
    if (!entry.units) return w;
    const std::vector<double>& g = learned.at(entry.name + "_g");
    const size_t columns = w.size() / g.size();
    for (size_t r = 0; r < g.size(); ++r) {
      double squares = 0;
      for (size_t c = 0; c < columns; ++c) squares += w[r * columns + c] * w[r * columns + c];
      for (size_t c = 0; c < columns; ++c) w[r * columns + c] *= g[r] / std::sqrt(squares);
    }
    return w;
  };
  const auto evaluate = [&] {
    for (const ParameterEntry& entry : table.entries())
      args.parameters[entry.name] = weight_of(entry);
    return reference::evaluate(graph, args);
  };
  const auto out = evaluate();
  for (const ParameterEntry& entry : table.entries()) {
    const std::vector<double>& gradient = out.at("grad." + entry.name);
    table.write(gradients.span(), entry, std::vector<float>(gradient.begin(), gradient.end()));
    const std::vector<double>& w = args.parameters.at(entry.name);
    const std::vector<float> written = table.read(weights.span(), entry);
    for (size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(written[i], w[i], 1e-6) << entry.name;
  }
  const auto got = norm.gradients(gradients.span(), nullptr);
  constexpr double kStep = 1e-5;
  for (const ParameterEntry& entry : norm.table().entries()) {
    const std::vector<float> analytic = norm.table().read(got, entry);
    for (size_t i = 0; i < analytic.size(); i += 1 + analytic.size() / 60) {
      double& value = learned.at(entry.name)[i];
      const double before = value;
      value = before + kStep;
      const double above = evaluate().at("loss")[0];
      value = before - kStep;
      const double below = evaluate().at("loss")[0];
      value = before;
      const double expected = (above - below) / (2 * kStep);
      ASSERT_NEAR(analytic[i], expected, 2e-6 * std::max(1.0, std::abs(expected)))
          << entry.name << " " << i;
    }
  }
}

TEST(WeightNorm, ARowOfZerosLearnsAlongItsFirstGradient) {
  const ParameterTable table = small_table();
  FloatBuffer weights = buffer(table), gradients = buffer(table);
  const auto trained = static_cast<size_t>(table.trainable_total());
  const TrainConfig c = config("sgd", 0.25);
  WeightUpdate update(c, table);
  // No gradient, no direction: nothing happens.
  ASSERT_TRUE(
      update.step(weights.span().first(trained), gradients.span().first(trained), 0.25, nullptr));
  for (const float w : read(table, weights, "linear")) ASSERT_EQ(w, 0);
  fill(table, gradients, [](size_t e, size_t i) { return i < 4 ? sine(i, e) : 0; });
  ASSERT_TRUE(
      update.step(weights.span().first(trained), gradients.span().first(trained), 0.25, nullptr));
  for (const auto& [name, e] : {std::pair("linear", 0), std::pair("conv", 2)}) {
    const std::vector<float> w = read(table, weights, name);
    for (size_t i = 0; i < w.size(); ++i)
      EXPECT_NEAR(w[i], i < 4 ? -0.25 * sine(i, static_cast<size_t>(e)) : 0, 1e-6) << name << i;
  }
}

TEST(WeightNorm, BeginsAnewWithRowsThatWereReplaced) {
  const ParameterTable table = small_table(41, 19);
  FloatBuffer weights = buffer(table);
  WeightNorm norm(table, {});
  fill(norm.table(), norm.learned(), [](size_t e, size_t i) { return sine(i, e); });
  norm.write(weights.span(), nullptr);
  const FloatBuffer known = norm.learned();
  norm.begin(weights.span(), nullptr);
  EXPECT_EQ(0, std::memcmp(known.data(), norm.learned().data(), known.size() * sizeof(float)))
      << "what v and g stand for goes on";

  std::vector<float> linear = read(table, weights, "linear");
  linear[19 * 5 + 3] += 0.5F;
  table.write(weights.span(), *table.find("linear"), linear);
  norm.begin(weights.span(), nullptr);
  const std::vector<float> v = read(norm.table(), norm.learned(), "linear"),
                           g = read(norm.table(), norm.learned(), "linear_g"),
                           v_before = read(norm.table(), known, "linear"),
                           g_before = read(norm.table(), known, "linear_g");
  for (size_t r = 0; r < 41; ++r) {
    double squares = 0;
    for (size_t i = 19 * r; i < 19 * (r + 1); ++i) {
      squares += static_cast<double>(linear[i]) * static_cast<double>(linear[i]);
      ASSERT_EQ(v[i], r == 5 ? linear[i] : v_before[i]);
    }
    if (r == 5) {
      ASSERT_NEAR(g[r], std::sqrt(squares), 1e-6);
    } else {
      ASSERT_EQ(g[r], g_before[r]);
    }
  }
}

TEST(WeightNorm, ReportsGradientsThatAreNotFinite) {
  const ParameterTable table = small_table();
  const auto trained = static_cast<size_t>(table.trainable_total());
  const TrainConfig c = config("adam", 0.01);
  for (const bool zeros : {false, true}) {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      FloatBuffer weights = buffer(table), gradients = buffer(table);
      if (!zeros) fill(table, weights, [](size_t e, size_t i) { return sine(i, e); });
      fill(table, gradients, [&](size_t e, size_t i) { return e == 0 && i == 5 ? bad : 0.1F; });
      WeightUpdate update(c, table);
      EXPECT_FALSE(update.step(weights.span().first(trained), gradients.span().first(trained), 0.01,
                               nullptr));
    }
  }
}

FloatBuffer initial(const Network& net) {
  FloatBuffer parameters(static_cast<size_t>(net.table().total()));
  initialise_parameters(net.declarations(), net.table(), 1, parameters.span());
  return parameters;
}

TrainRequest request(const Network& net, const data::Panel& panel, int64_t steps) {
  TrainRequest r;
  r.network = &net;
  r.panel = &panel;
  r.config = config("adam", 1e-2);
  r.config.max_steps = steps;
  r.config.windows_batch_size = 64;
  r.config.scaler_type = "standard";
  return r;
}

bool same_bits(const FloatBuffer& a, const FloatBuffer& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct Model {
  const char* type;
  nlohmann::json options;
  std::vector<std::string>
      not_units;  ///< beginnings of names of matrices that are learned as they are
};

std::vector<Model> models() {
  return {{"MLP", {{"hiddenSize", 40}}, {}},
          {"NHITS", testing::small_nhits(), {}},
          {"NBEATS", {{"mlpUnits", {{16, 16}, {16, 16}, {16, 16}}}}, {}},
          {"LSTM", {{"encoderHiddenSize", 8}, {"decoderHiddenSize", 8}}, {}},
          {"PatchTST",
           {{"hiddenSize", 16}, {"nHeads", 2}, {"linearHiddenSize", 16}, {"patchLen", 8}},
           {"model.backbone.W_pos"}},
          {"Autoformer", {{"hiddenSize", 16}, {"nHead", 2}, {"convHiddenSize", 8}}, {}},
          {"DLinear", nlohmann::json::object(), {}}};
}

TEST(WeightNorm, SplitsTheWeightsOfLayers) {
  for (const Model& model : models()) {
    const Network net = network(model.type, model.options, 24, 6);
    for (const ParameterEntry& entry : net.table().entries()) {
      const bool left = std::find(model.not_units.begin(), model.not_units.end(), entry.name) !=
                        model.not_units.end();
      EXPECT_EQ(entry.units, entry.trainable && entry.shape.dims.size() >= 2 && !left)
          << model.type << " " << entry.name;
    }
  }
}

TEST(WeightNorm, LearnsWithTheSameBitsForAnyNumberOfThreads) {
  const data::Panel panel = sine_panel({200, 150, 77, 60});
  for (const Model& model : models()) {
    const Network net = network(model.type, model.options, 24, 6);
    TrainRequest r = request(net, panel, 24);
    r.config.gradient_clip_norm = 0.5;
    r.config.accumulate_steps = 2;
    std::vector<FloatBuffer> trained;
    double early_losses = 0, late_losses = 0;
    r.on_progress = [&](const Progress& p) {
      (p.step <= 12 ? early_losses : late_losses) += p.train_loss;
    };
    for (const int threads : {1, 3}) {
      r.threads = threads;
      train(r, trained.emplace_back(initial(net)));
    }
    EXPECT_TRUE(same_bits(trained[0], trained[1])) << model.type;
    EXPECT_LT(late_losses, early_losses) << model.type;
    r.config.weight_norm = false;
    train(r, trained.emplace_back(initial(net)));
    EXPECT_FALSE(same_bits(trained[0], trained[2])) << model.type;
  }
}

TEST(WeightNorm, LargeMatricesHaveTheSameBitsForAnyNumberOfThreads) {
  const ParameterTable table = small_table(301, 257);
  const auto trained = static_cast<size_t>(table.trainable_total());
  std::vector<FloatBuffer> results;
  for (const int threads : {1, 2, 5}) {
    parallel::Team team(threads);
    FloatBuffer weights = buffer(table), gradients = buffer(table);
    fill(table, weights, [](size_t e, size_t i) { return sine(i, e); });
    const TrainConfig c = config("adam", 0.01);
    WeightUpdate update(c, table);
    for (size_t step = 0; step < 3; ++step) {
      fill(table, gradients, [&](size_t e, size_t i) { return sine(i, e + 5 * step + 3); });
      update.step(weights.span().first(trained), gradients.span().first(trained), 0.01, &team);
    }
    results.push_back(std::move(weights));
  }
  EXPECT_TRUE(same_bits(results[0], results[1]));
  EXPECT_TRUE(same_bits(results[0], results[2]));
}

TEST(WeightNorm, LeavesFrozenWeightsAndWhatIsKnownOfThem) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = network("MLP", {{"hiddenSize", 40}, {"numLayers", 3}}, 24, 6);
  const FloatBuffer before = initial(net);
  for (const std::string_view optimizer : optimizer_names()) {
    TrainRequest r = request(net, panel, 4);
    r.config.optimizer = optimizer;
    r.config.weight_decay = 0.1;
    r.frozen = {"mlp.1.weight", "mlp.0.bias"};
    OptimizerState state;
    r.optimizer = &state;
    FloatBuffer after = before;
    train(r, after);
    for (const ParameterEntry& entry : net.table().entries()) {
      const bool changed =
          read(net.table(), before, entry.name) != read(net.table(), after, entry.name);
      EXPECT_EQ(changed, !std::count(r.frozen.begin(), r.frozen.end(), entry.name))
          << optimizer << " " << entry.name;
    }
    const ParameterTable table = weight_norm_table(net.table());
    for (const FloatBuffer& kept : state.buffers) {
      if (kept.size() == 0) continue;
      for (const float v : read(table, kept, "mlp.1.weight_g")) ASSERT_EQ(v, 0);
      for (const float v : read(table, kept, "mlp.1.weight")) ASSERT_EQ(v, 0);
    }
  }
}

// Weights of the best step, states that go on, and fits that are cut in two.
TEST(WeightNorm, GoesOnWhereAFitWasInterrupted) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = network("NHITS", testing::small_nhits(), 24, 6);
  for (const char* optimizer : {"adam", "sgd", "nadam", "adadelta"}) {
    TrainRequest r = request(net, panel, 30);
    r.config.optimizer = optimizer;
    if (optimizer == std::string("sgd")) r.config.momentum = 0.9;
    r.config.early_stop_patience_steps = 50;
    r.config.val_check_steps = 5;
    r.val_size = 12;
    FloatBuffer whole = initial(net), broken = initial(net);
    TrainingState middle;
    r.checkpoints.every = 13;
    r.checkpoints.write = [&](const TrainingState& state, const FloatBuffer& weights) {
      if (state.result.steps == 13) middle = state, broken = weights;
    };
    train(r, whole);
    ASSERT_EQ(middle.result.steps, 13);
    r.resume = &middle;
    train(r, broken);
    EXPECT_TRUE(same_bits(whole, broken)) << optimizer;
  }
}

TEST(WeightNorm, ASecondFitGoesOnWithLengthsAndDirections) {
  const data::Panel panel = sine_panel({120, 90});
  const Network net = network("MLP", {{"hiddenSize", 40}}, 24, 6);
  TrainRequest r = request(net, panel, 20);
  FloatBuffer kept = initial(net), fresh = kept;
  OptimizerState state;
  r.optimizer = &state;
  train(r, kept);
  const OptimizerState after_first = state;
  const FloatBuffer first = kept;
  const ParameterTable table = weight_norm_table(net.table());
  const auto learned = [&](const OptimizerState& of) {
    return read(table, of.buffers.back(), "mlp.0.weight_g");
  };
  // Lengths of the rows of v, which are not g any more.
  const std::vector<float> v = read(table, state.buffers.back(), "mlp.0.weight");
  double squares = 0;
  for (size_t i = 0; i < v.size() / 40; ++i)
    squares += static_cast<double>(v[i]) * static_cast<double>(v[i]);
  EXPECT_GT(std::abs(std::sqrt(squares) - static_cast<double>(learned(state)[0])), 1e-4);

  train(r, kept);
  OptimizerState none;
  fresh = first;
  r.optimizer = &none;
  train(r, fresh);
  EXPECT_FALSE(same_bits(kept, fresh));
  // A state does not bring back weights that have been replaced since.
  OptimizerState other = after_first;
  FloatBuffer replaced = initial(net);
  r.optimizer = &other;
  r.config.learning_rate = 0;
  train(r, replaced);
  const FloatBuffer start = initial(net);
  for (size_t i = 0; i < start.size(); ++i)
    ASSERT_NEAR(replaced.data()[i], start.data()[i], 1e-6) << i;
}

}  // namespace
}  // namespace nd::train
