#include "models/network.h"

#include <nlohmann/json.hpp>

#include <map>

#include "base/error.h"
#include "graph/differentiate.h"

namespace nd {
namespace {

std::string place_of(const ModelSpec& spec) { return lower_case(spec.name); }

void check_width(const ModelSpec& spec, const char* kind, int64_t width, bool supported) {
  if (width > 0 && !supported)
    throw Error(Code::features, "[" + place_of(spec) + "] received " + std::to_string(width) + " " +
                                    kind + " exogenous column(s), expected none: " +
                                    std::string(spec.name) + " does not use them");
}

void check_geometry(const ModelSpec& spec, const Geometry& g, const Loss& loss) {
  const auto fail = [&](Code code, const std::string& what) {
    throw Error(code, "[" + place_of(spec) + "] received " + what);
  };
  if (g.horizon < 1)
    fail(Code::horizon, "horizon = " + std::to_string(g.horizon) + ", expected at least 1");
  if (g.input_size < 1)
    fail(Code::config, "inputSize = " + std::to_string(g.input_size) + ", expected at least 1");
  const auto weights = static_cast<int64_t>(loss.horizon_weight().size());
  if (weights > 0 && weights != g.horizon)
    fail(Code::config, "horizonWeight with " + std::to_string(weights) +
                           " numbers, expected one per step of the horizon of " +
                           std::to_string(g.horizon));
  check_width(spec, "future", g.futr, spec.capabilities.futr);
  check_width(spec, "historic", g.hist, spec.capabilities.hist);
  check_width(spec, "static", g.stat, spec.capabilities.stat);
}

ModelInputs model_inputs(Graph& graph, const Geometry& g) {
  const int64_t L = g.input_size, H = g.horizon;
  ModelInputs in;
  in.insample_y = graph.input(io_names::kInsampleY, Shape::batched({L}));
  in.insample_mask = graph.input(io_names::kInsampleMask, Shape::batched({L}));
  if (g.futr > 0) in.futr_exog = graph.input(io_names::kFutrExog, Shape::batched({L + H, g.futr}));
  if (g.hist > 0) in.hist_exog = graph.input(io_names::kHistExog, Shape::batched({L, g.hist}));
  if (g.stat > 0) in.stat_exog = graph.input(io_names::kStatExog, Shape::batched({g.stat}));
  return in;
}

}  // namespace

Network::Network(const ModelSpec& spec, Options options, Geometry geometry, Loss loss)
    : spec_(&spec), options_(std::move(options)), geometry_(geometry), loss_(std::move(loss)) {
  geometry_.outputs = loss_.outputs();
  check_geometry(spec, geometry_, loss_);
  // With the loss, so that a loss that does not fit the geometry is an error now and not in the
  // middle of a fit.
  declarations_ = build(Phase::train, true).parameters();
  table_ = ParameterTable(declarations_);
}

Graph Network::build(Phase phase, bool with_loss) const {
  Graph graph;
  graph.set_place(place_of(*spec_));
  const ModelInputs in = model_inputs(graph, geometry_);
  const Var forecast = spec_->build({graph, options_, geometry_, in, phase});
  check_internal(forecast.shape() == Shape::batched({geometry_.horizon, geometry_.outputs}),
                 "a model's output is [B, H, Q]");
  graph.output(io_names::kForecast, forecast);
  if (with_loss) {
    const Shape per_step = Shape::batched({geometry_.horizon, 1});
    const Var y = graph.input(io_names::kOutsampleY, per_step),
              weight = graph.input(io_names::kWeight, per_step);
    const Var inverse_sum = graph.input(io_names::kInverseSum, Shape{});
    graph.output(io_names::kLoss, loss_.build(graph, {y, forecast, in.insample_y, in.insample_mask,
                                                      weight, inverse_sum}));
  }
  return graph;
}

Graph Network::infer_graph() const { return build(Phase::infer, false); }

Graph Network::train_graph(bool input_gradient, Phase phase) const {
  Graph graph = build(phase, true);
  differentiate(
      graph, io_names::kLoss,
      input_gradient ? std::vector<std::string>{io_names::kInsampleY} : std::vector<std::string>{});
  return graph;
}

std::unique_ptr<Plan> Network::compile_infer(int64_t windows) const {
  return compile_cpu(infer_graph(), table_, {.windows = windows});
}

std::unique_ptr<Plan> Network::compile_train(int64_t windows, Split split) const {
  return compile_cpu(train_graph(), table_, {.windows = windows, .split = split});
}

std::vector<std::pair<std::string, std::string>> Network::aliases() const {
  std::map<std::string, std::string> names;  // every name by which a tensor is known, and ours
  for (const ParameterDecl& decl : declarations_) names[decl.name] = decl.name;
  if (spec_->aliases != nullptr) {
    for (const auto& [other, ours] : spec_->aliases(options_)) {
      std::map<std::string, std::string> more;
      if (!other.ends_with('.')) {
        if (const auto found = names.find(ours); found != names.end()) more[other] = found->second;
      } else {
        for (const auto& [name, target] : names)
          if (name.starts_with(ours)) more[other + name.substr(ours.size())] = target;
      }
      names.merge(more);
    }
  }
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, target] : names)
    if (name != target) result.emplace_back(name, target);
  return result;
}

}  // namespace nd
