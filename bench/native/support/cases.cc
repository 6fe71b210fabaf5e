#include "support/cases.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "graph/passes/passes.h"
#include "nn/batch.h"
#include "ops/op.h"
#include "support/measure.h"

namespace nd::bench {

namespace {

using nlohmann::json;

constexpr char kSmall[] = R"({"mlpUnits":[[64,64],[64,64],[64,64]]})";
constexpr char kLstm[] =
    R"({"encoderHiddenSize":128,"encoderNLayers":2,"decoderHiddenSize":128,"decoderLayers":2})";

constexpr Case rounded(Case c) {
  c.precision = Precision::bf16;
  return c;
}

/// 336 steps in patches of 16, a step of 8 apart: 42 patches; the other options are the defaults
/// (width 128, 16 heads, feed-forward 256, 3 layers).
constexpr Case kCases[] = {
    {"NHITS-512 b1024", "NHITS", 168, 24, 1024},
    rounded({"NHITS-512 b1024 bf16", "NHITS", 168, 24, 1024}),
    {"NHITS-512 b32", "NHITS", 168, 24, 32},
    rounded({"NHITS-512 b32 bf16", "NHITS", 168, 24, 32}),
    {"NHITS-64 b32", "NHITS", 168, 24, 32, kSmall},
    {"NBEATS-512 b1024", "NBEATS", 168, 24, 1024},
    {"NBEATS-512 b32", "NBEATS", 168, 24, 32},
    {"MLP-1024 b1024", "MLP", 168, 24, 1024},
    {"MLP-1024 b32", "MLP", 168, 24, 32},
    {"DLinear b1024", "DLinear", 168, 24, 1024},
    {"DLinear b32", "DLinear", 168, 24, 32},
    {"DLinear L336 h96 b1024", "DLinear", 336, 96, 1024},
    {"NLinear b1024", "NLinear", 168, 24, 1024},
    {"NLinear b32", "NLinear", 168, 24, 32},
    {"LSTM-128x2 b32", "LSTM", 96, 24, 32, kLstm},
    rounded({"LSTM-128x2 b32 bf16", "LSTM", 96, 24, 32, kLstm}),
    {"LSTM-128x2 b32 inference", "LSTM", 96, 24, 32, kLstm, Phase::infer},
    {"PatchTST b32", "PatchTST", 336, 24, 32},
    rounded({"PatchTST b32 bf16", "PatchTST", 336, 24, 32}),
    {"PatchTST b128", "PatchTST", 336, 24, 128},
    {"TSMixer b32", "TSMixer", 96, 24, 32, "{}", Phase::train, 7},
    {"Autoformer b32", "Autoformer", 96, 24, 32},
};

bool is_known(const Case& c) {
  const auto models = model_list();
  return std::any_of(models.begin(), models.end(),
                     [&](const ModelSpec* spec) { return spec->name == c.model; });
}

Network network_of(const Case& c) {
  const ModelSpec& spec = find_model(c.model);
  json options = json::parse(c.options);
  if (spec.capabilities.multivariate) options["nSeries"] = c.series;
  return Network(spec, Options(options, model_and_training_params(spec), c.name),
                 {.input_size = c.input_size, .horizon = c.horizon}, Loss(json("MAE")));
}

/// Ops that declare a cost of their own: matrix products and what contains them. One operation per
/// element of the others is not counted.
double flop_of(const Graph& graph, int64_t windows) {
  double flop = 0;
  for (const Node& node : graph.nodes()) {
    if (node.kind != NodeKind::op || node.op->cost == nullptr) continue;
    std::vector<Shape> shapes;
    for (const NodeId id : node.inputs) shapes.push_back(graph.node(id).shape);
    flop += node.op->cost({shapes, node.shape, node.attrs, windows}).flops;
  }
  return flop;
}

}  // namespace

std::span<const Case> cases() {
  static const std::vector<Case> known = [] {
    std::vector<Case> found;
    std::copy_if(std::begin(kCases), std::end(kCases), std::back_inserter(found), is_known);
    return found;
  }();
  return known;
}

Step::Step(const Case& c, int threads) : trains_(c.phase == Phase::train), team_(threads) {
  const Network network = network_of(c);
  plan_ = trains_ ? network.compile_train(c.windows, Split::automatic, c.checkpointing, c.precision)
                  : network.compile_infer(c.windows);
  flop_ = flop_of(eliminate_dead_code(trains_ ? network.train_graph() : network.infer_graph()),
                  c.windows);
  const ParameterTable& table = network.table();
  parameters_count_ = table.trainable_count();
  trainable_ = static_cast<size_t>(table.trainable_total());
  weights_ = FloatBuffer(static_cast<size_t>(table.total()));
  initialise_parameters(network.declarations(), table, 1, weights_.span());
  if (trains_) {
    gradients_ = FloatBuffer(weights_.size());
    optimizer_ = train::make_optimizer("adam", {}, trainable_);
  }
  feed(network, c.windows);
}

void Step::feed(const Network& network, int64_t windows) {
  const auto fill = [&](const char* name, auto value) {
    if (!plan_->has_input(name)) return;
    const std::span<float> values = plan_->input(name);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(value(i));
  };
  const auto wave = [](size_t i) { return std::sin(0.37 * static_cast<double>(i)); };
  const auto constant = [](double value) { return [value](size_t) { return value; }; };
  const Geometry& g = network.geometry();
  fill(io_names::kInsampleY, wave);
  fill(io_names::kOutsampleY, wave);
  fill(io_names::kInsampleMask, constant(1));
  fill(io_names::kWeight, constant(1));
  fill(io_names::kInverseSum, constant(1.0 / static_cast<double>(windows * g.series * g.horizon)));
  fill(kWindowMask, constant(1));
  fill(kInverseWindows, constant(1.0 / static_cast<double>(windows)));
}

void Step::run() {
  run_plan();
  update();
}

void Step::run_plan() {
  RunArgs args{.parameters = weights_.span(), .gradients = {}, .seed = 1, .step = step_++};
  args.team = &team_;
  if (trains_) {
    args.gradients = gradients_.span();
  } else {
    args.parameters_changed = step_ == 1;
  }
  plan_->run(args);
}

void Step::update() {
  if (!trains_) return;
  optimizer_->step(weights_.span().first(trainable_), gradients_.span().first(trainable_), 1e-4,
                   &team_);
}

double Step::optimizer_bytes() const {
  return trains_ ? kAdamBytes * static_cast<double>(parameters_count_) : 0;
}

double Step::optimizer_bandwidth() {
  return trains_ ? update_bandwidth(team_, parameters_count_) : 1;
}

}  // namespace nd::bench
