// parity/: one network per file, with the reference's weights, against both executors: the CPU plan
// in float32 and the interpreter in float64.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "io/safetensors.h"
#include "models/network.h"
#include "nn/batch.h"
#include "ops/op.h"
#include "outcome.h"
#include "train/optimizer.h"

namespace nd::parity {
namespace {

using nlohmann::json;

// What passing means, from the description of the fixtures.
constexpr double kForecastFloor = 3e-6, kF32Errors = 4, kLoss = 1e-6, kGradient = 2e-5,
                 kGradientFloor = 1e-8, kAdam = 2e-4;
// The interpreter works in float64 as the reference does; gradients are stored in float32.
constexpr double kExact = 1e-9, kExactGradient = 1e-6, kConstant = 1e-6;
// The reference holds the quantiles and weights of a loss in float32 even then.
constexpr double kRoundedArguments = 1e-7;
constexpr int kAdamSteps = 10;
constexpr double kAdamRate = 1e-2;

/// Options that describe data or shapes and are no parameters of a network.
bool is_geometry(const std::string& name) {
  return name == "h" || name == "input_size" || name.ends_with("_exog_list");
}

const ModelSpec& available_model(const std::string& name) {
  for (const ModelSpec* spec : model_list())
    if (spec->name == name) return *spec;
  throw Unavailable("model " + name + " is not available yet");
}

Options available_options(const ModelSpec& spec, const json& config) {
  json wanted = json::object();
  for (const auto& [name, value] : config.items())
    if (!is_geometry(name)) wanted[name] = value;
  const std::vector<ParamSpec> known = model_and_training_params(spec);
  const json options = our_options(wanted);
  for (const auto& [name, value] : options.items()) {
    const std::string& option = name;
    if (std::none_of(known.begin(), known.end(),
                     [&](const ParamSpec& p) { return camel_case(p.name) == option; }))
      throw Unavailable("option " + name + " of " + std::string(spec.name) +
                        " is not available yet");
  }
  return Options(options, known, lower_case(spec.name));
}

/// `graph` with every dropout, forward and backward, replaced by its operand: the fixtures have
/// probability 0 but keep the layer numbers that come with a probability above 0.
Graph without_dropout(const Graph& graph) {
  GraphRewriter rewriter(graph);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    const Node& node = graph.node(id);
    if (node.kind == NodeKind::op && node.op->name == "dropout")
      rewriter.map(id, rewriter.mapped(node.inputs.front()));
    else
      rewriter.copy(id);
  }
  return rewriter.finish();
}

/// One file, opened, with its network.
class NetworkCase {
 public:
  NetworkCase(const std::string& path, Outcome& outcome)
      : file_(path),
        outcome_(outcome),
        meta_(json::parse(file_.metadata().at("fixture"))),
        spec_(available_model(meta_.at("model"))),
        network_(spec_, available_options(spec_, meta_.at("config")), geometry(),
                 Loss(our_loss(meta_.at("loss")), /*compat=*/true)) {}

  void run() {
    load_weights();
    load_inputs();
    check_interpreter();
    check_plans();
    check_adam();
  }

 private:
  int64_t size(const char* tensor, size_t axis) const {
    return file_.tensors().at(tensor).shape.at(axis);
  }
  int64_t width(const char* kind) const { return meta_.at("exog").value(kind, int64_t{0}); }
  bool recurrent() const { return meta_.value("recurrent", false); }
  /// The inputs of a recurrent network are those of training: longer and with another horizon than
  /// what the user asks for.
  Geometry geometry() const {
    const json& config = meta_.at("config");
    return {.input_size =
                recurrent() ? config.at("input_size").get<int64_t>() : size("input.insample_y", 1),
            .horizon = recurrent() ? config.at("h").get<int64_t>() : size("input.outsample_y", 1),
            .futr = width("futr"),
            .hist = width("hist"),
            .stat = width("stat")};
  }
  int64_t windows() const { return size("input.insample_y", 0); }
  bool multivariate() const { return spec_.capabilities.multivariate; }

  /// Values of [d0, d1, d2, d3] with the axes in another order.
  static std::vector<double> permuted(const std::vector<double>& values,
                                      const std::array<int64_t, 4>& dims,
                                      const std::array<size_t, 4>& order) {
    std::vector<double> result;
    result.reserve(values.size());
    std::array<int64_t, 4> at{};
    std::array<int64_t, 4> strides{dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1};
    const auto& o = order;
    for (at[0] = 0; at[0] < dims[o[0]]; ++at[0])
      for (at[1] = 0; at[1] < dims[o[1]]; ++at[1])
        for (at[2] = 0; at[2] < dims[o[2]]; ++at[2])
          for (at[3] = 0; at[3] < dims[o[3]]; ++at[3]) {
            int64_t from = 0;
            for (size_t k = 0; k < 4; ++k) from += at[k] * strides[o[k]];
            result.push_back(values[static_cast<size_t>(from)]);
          }
    return result;
  }

  /// A tensor of the file in our layout, where the N series of a window are N rows.
  std::vector<double> expected(const std::string& name) const {
    std::vector<double> values = file_.doubles(name);
    if (!multivariate()) return values;
    const std::vector<int64_t> shape = file_.tensors().at(name).shape;
    const int64_t N = network_.geometry().series, Q = network_.geometry().outputs;
    if (name.starts_with("output."))  // [B, H, N·Q], read series by series as the reference does
      return permuted(values, {shape[0], shape[1], N, Q}, {0, 2, 1, 3});
    if (name == "input.stat_exog" ||
        !(name.starts_with("input.") || name.starts_with("grad_input.")))
      return values;
    return shape.size() == 3  // [B, T, N] or [B, X, T, N]
               ? permuted(values, {shape[0], shape[1], shape[2], 1}, {0, 2, 1, 3})
               : permuted(values, {shape[0], shape[1], shape[2], shape[3]}, {0, 3, 2, 1});
  }
  bool has(const std::string& name) const { return file_.tensors().count(name) > 0; }

  std::vector<double> parameter(const ParameterEntry& entry) const {
    return doubles(network_.table().read(parameters_.span(), entry));
  }

  /// Neither trained, nor state, nor drawn at random.
  bool is_constant(const ParameterEntry& entry) const {
    const auto has_name = [&](const auto& one) { return one.name == entry.name; };
    const auto& state = network_.state();
    const auto& all = network_.declarations();
    const Init::Kind init = std::find_if(all.begin(), all.end(), has_name)->init.kind;
    return !entry.trainable && std::none_of(state.begin(), state.end(), has_name) &&
           init != Init::Kind::uniform && init != Init::Kind::normal;
  }

  void load_weights() {
    const ParameterTable& table = network_.table();
    parameters_ = FloatBuffer(static_cast<size_t>(table.total()));
    initialise_parameters(network_.declarations(), table, 0, parameters_.span());
    std::set<std::string> consumed;
    for (const ParameterEntry& entry : table.entries()) {
      const std::string name = "weights." + entry.name;
      consumed.insert(name);
      if (!has(name)) {
        if (entry.trainable) outcome_.fail("no tensor " + name);
        continue;
      }
      if (file_.tensors().at(name).shape != entry.shape.dims) {
        outcome_.fail(name + " has another shape than our " + entry.name);
        continue;
      }
      const auto values = file_.doubles(name);
      if (is_constant(entry))
        outcome_.check("constants", largest_difference(parameter(entry), values),
                       kConstant * std::max(1.0, largest(values)), entry.name);
      table.write(parameters_.span(), entry, std::vector<float>(values.begin(), values.end()));
    }
    const auto aliases = network_.aliases();
    aliases_ = {aliases.begin(), aliases.end()};
    for (const auto& [name, tensor] : file_.tensors())
      if (name.starts_with("weights.") && !consumed.contains(name)) check_extra(name);
  }

  /// A weight that we do not have must belong to the loss or scaler, or repeat one that we have.
  void check_extra(const std::string& name) {
    const std::string bare = name.substr(8);
    for (const char* other : {"loss.", "valid_loss.", "scaler."})
      if (bare.starts_with(other)) return;
    if (bare.ends_with("num_batches_tracked")) return;
    const auto found = aliases_.find(bare);
    const ParameterEntry* entry =
        found == aliases_.end() ? nullptr : network_.table().find(found->second);
    if (entry == nullptr) {
      outcome_.fail("unknown tensor " + name);
      return;
    }
    if (largest_difference(parameter(*entry), file_.doubles(name)) != 0)
      outcome_.fail(name + " differs from " + entry->name + ", with which it is shared");
  }

  void load_inputs() {
    for (const auto& [name, tensor] : file_.tensors())
      if (name.starts_with("input.")) inputs_[name.substr(6)] = expected(name);
    std::vector<double> weight = inputs_.at("outsample_mask");
    const auto& steps = network_.loss().horizon_weight();
    if (!steps.empty())
      for (size_t i = 0; i < weight.size(); ++i) weight[i] *= steps[i % steps.size()];
    double total = 0;
    for (const double w : weight) total += w;
    inputs_[io_names::kInverseSum] = {total > 0 ? 1 / total : 0};
    inputs_[io_names::kWeight] = std::move(weight);
    // A distribution loss sees location 0 and scale 1.
    const auto rows = static_cast<size_t>(windows() * network_.geometry().series);
    inputs_[io_names::kTarget] = inputs_.at("outsample_y");
    inputs_[io_names::kLoc].assign(rows, 0.0);
    inputs_[io_names::kScale].assign(rows, 1.0);
    inputs_[kWindowMask].assign(static_cast<size_t>(windows()), 1.0);
    inputs_[kInverseWindows] = {1.0 / static_cast<double>(windows())};
    train_graph_ = without_dropout(network_.train_graph(/*input_gradient=*/true));
  }

  /// Name of our gradient output for `grad.<x>` or `grad_input.<x>` of the file.
  std::string our_gradient(const std::string& name) const {
    const std::string bare = name.substr(name.find('.') + 1);
    const auto found = aliases_.find(bare);
    return gradient_name(found == aliases_.end() ? bare : found->second);
  }
  bool is_gradient(const std::string& name) const {
    return name.starts_with("grad.") || name.starts_with("grad_input.");
  }

  reference::Tensors interpret(const Graph& graph) const {
    reference::Arguments arguments{.windows = windows()};
    for (const Node& node : graph.nodes())
      if (node.kind == NodeKind::input) arguments.inputs[node.name] = inputs_.at(node.name);
    for (const ParameterEntry& entry : network_.table().entries())
      arguments.parameters[entry.name] = parameter(entry);
    return reference::evaluate(graph, arguments);
  }

  /// The graph that gives `evaluated()` from the inputs of the file.
  Graph infer_graph() const {
    return recurrent() ? network_.infer_graph(size("input.insample_y", 1)) : network_.infer_graph();
  }
  /// The last `steps` of output.eval, all of which a direct network gives.
  std::vector<double> last_steps(int64_t steps) const {
    const std::vector<double> all = expected("output.eval");
    const int64_t row = static_cast<int64_t>(all.size()) / windows(),
                  kept = recurrent() ? steps * network_.geometry().outputs : row;
    std::vector<double> values;
    for (int64_t b = 1; b <= windows(); ++b)
      values.insert(values.end(), all.begin() + b * row - kept, all.begin() + b * row);
    return values;
  }
  std::vector<double> evaluated() const { return last_steps(1); }
  std::vector<double> trained() const {
    return has("output.train") ? expected("output.train")
                               : last_steps(network_.window(Use::train).horizon);
  }

  void check_interpreter() {
    const auto eval = evaluated(), trained = this->trained(), loss = expected("loss.train");
    const auto infer = interpret(infer_graph());
    outcome_.check("f64 output", largest_difference(infer.at(io_names::kForecast), eval),
                   kExact * std::max(1.0, largest(eval)), "output.eval");
    const auto train = interpret(train_graph_);
    outcome_.check("f64 output", largest_difference(train.at(io_names::kForecast), trained),
                   kExact * std::max(1.0, largest(trained)), "output.train");
    outcome_.check("f64 loss", relative_difference(train.at(io_names::kLoss), loss),
                   meta_.at("loss").is_string() ? kExact : kRoundedArguments);
    for (const auto& [name, tensor] : file_.tensors()) {
      if (!is_gradient(name)) continue;
      const auto ours = train.find(our_gradient(name));
      if (ours == train.end()) {
        outcome_.fail("no gradient for " + name);
        continue;
      }
      const auto values = expected(name);
      outcome_.check("f64 grad", largest_difference(ours->second, values),
                     kExactGradient * largest(values) + kGradientFloor, name);
    }
  }

  void feed(Plan& plan) const {
    for (const auto& [name, values] : inputs_) {
      if (!plan.has_input(name)) continue;
      const std::span<float> to = plan.input(name);
      if (to.size() != values.size())
        throw std::runtime_error("input " + name + " has another size than ours");
      std::transform(values.begin(), values.end(), to.begin(),
                     [](double v) { return static_cast<float>(v); });
    }
  }

  static std::vector<double> doubles(std::span<const float> values) {
    return {values.begin(), values.end()};
  }

  void check_forecast(std::span<const float> ours, const std::string& name,
                      const std::vector<double>& values) {
    const double f32 = meta_.at("f32_error").at("output.eval").get<double>();
    outcome_.check("output", largest_difference(doubles(ours), values),
                   std::max(kF32Errors * f32, kForecastFloor * std::max(1.0, largest(values))),
                   name);
  }

  void check_plans() {
    const auto infer = compile_cpu(infer_graph(), network_.table(), {.windows = windows()});
    feed(*infer);
    infer->run({.parameters = parameters_.span(), .gradients = {}});
    check_forecast(infer->output(io_names::kForecast), "output.eval", evaluated());

    const auto train = compile_cpu(train_graph_, network_.table(), {.windows = windows()});
    FloatBuffer gradients(parameters_.size());
    feed(*train);
    train->run({.parameters = parameters_.span(), .gradients = gradients.span()});
    check_forecast(train->output(io_names::kForecast), "output.train", trained());
    outcome_.check(
        "loss",
        relative_difference(doubles(train->output(io_names::kLoss)), expected("loss.train")),
        kLoss);
    for (const auto& [name, tensor] : file_.tensors()) {
      if (!is_gradient(name)) continue;
      const auto values = expected(name);
      const std::string ours = our_gradient(name);
      const ParameterEntry* entry = network_.table().find(ours.substr(5));
      const std::vector<double> found =
          entry == nullptr ? doubles(train->output(ours))
                           : doubles(network_.table().read(gradients.span(), *entry));
      outcome_.check("grad", largest_difference(found, values),
                     kGradient * largest(values) + kGradientFloor, name);
    }
  }

  void check_adam() {
    const auto losses = expected("loss.adam");
    const auto plan = compile_cpu(train_graph_, network_.table(), {.windows = windows()});
    FloatBuffer parameters = parameters_, gradients(parameters_.size());
    const auto trainable = static_cast<size_t>(network_.table().trainable_total());
    const auto optimizer = train::make_optimizer("adam", {.learning_rate = kAdamRate}, trainable);
    for (int step = 0; step < kAdamSteps; ++step) {
      feed(*plan);
      plan->run({.parameters = parameters.span(), .gradients = gradients.span()});
      const double loss = plan->output(io_names::kLoss)[0];
      const double reference = losses.at(static_cast<size_t>(step));
      outcome_.check("adam", std::abs(loss - reference) / std::abs(reference), kAdam,
                     "step " + std::to_string(step));
      optimizer->step(parameters.span().first(trainable), gradients.span().first(trainable),
                      kAdamRate);
      network_.commit_state(*plan, parameters.span());
    }
  }

  io::SafetensorsFile file_;
  Outcome& outcome_;
  json meta_;
  const ModelSpec& spec_;
  Network network_;
  FloatBuffer parameters_;
  Graph train_graph_;
  std::map<std::string, std::vector<double>> inputs_;
  std::map<std::string, std::string> aliases_;
};

}  // namespace

void run_networks(const std::string& folder, const std::string& filter, const Emit& emit) {
  std::set<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors") files.insert(entry.path());
  for (const auto& path : files) {
    Outcome outcome("parity", path.stem());
    if (!matches("parity/" + outcome.name(), filter)) continue;
    guarded(outcome, [&] { NetworkCase(path, outcome).run(); });
    emit(outcome);
  }
}

}  // namespace nd::parity
