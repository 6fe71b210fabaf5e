#include "models/network.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "graph/differentiate.h"
#include "graph/passes/passes.h"
#include "models/recurrent_plan.h"
#include "nn/embedding.h"
#include "ops/ops.h"

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

int64_t embedded_width(const std::vector<CategoricalInput>& categories) {
  int64_t width = 0;
  for (const CategoricalInput& category : categories) width += category.dim;
  return width;
}

/// One kind of exogenous input as the model sees it: the numbers, then the vector of each category.
struct ExogenousKind {
  const char *numbers, *places, *embeddings;
  int64_t width;
  const std::vector<CategoricalInput>& categories;

  /// `shape(columns)` of each input; invalid without columns.
  template <class ShapeOf>
  Var read(Graph& graph, const ShapeOf& shape) const {
    std::vector<Var> parts;
    const int64_t numeric = width - embedded_width(categories);
    if (numeric > 0) parts.push_back(graph.input(numbers, shape(numeric)));
    if (!categories.empty()) {
      const auto columns = static_cast<int64_t>(categories.size());
      const Var all = graph.input(places, shape(columns));
      const int64_t last = all.shape().rank() - 1;
      for (int64_t c = 0; c < columns; ++c) {
        const CategoricalInput& category = categories[static_cast<size_t>(c)];
        parts.push_back(category_embedding(graph, slice(all, last, c, c + 1), category.cardinality,
                                           category.dim, embeddings + ("." + std::to_string(c))));
      }
    }
    if (parts.empty()) return {};
    const int64_t last = parts.front().shape().rank() - 1;
    return parts.size() == 1 ? parts.front() : concat(std::move(parts), last);
  }
};

ExogenousKind futr_kind(const Geometry& g) {
  return {io_names::kFutrExog, io_names::kFutrCategories, "futr_cat_embeddings", g.futr,
          g.futr_categories};
}
ExogenousKind hist_kind(const Geometry& g) {
  return {io_names::kHistExog, io_names::kHistCategories, "hist_cat_embeddings", g.hist,
          g.hist_categories};
}
ExogenousKind stat_kind(const Geometry& g) {
  return {io_names::kStatExog, io_names::kStatCategories, "stat_cat_embeddings", g.stat,
          g.stat_categories};
}

ModelInputs univariate_inputs(Graph& graph, const Geometry& g, bool recurrent) {
  const int64_t L = g.input_size, H = recurrent ? 0 : g.horizon;
  ModelInputs in;
  in.insample_y = graph.input(io_names::kInsampleY, Shape::batched({L}));
  in.insample_mask = graph.input(io_names::kInsampleMask, Shape::batched({L}));
  in.futr_exog = futr_kind(g).read(graph, [&](int64_t columns) {
    return Shape::batched({L + H, columns});
  });
  in.hist_exog = hist_kind(g).read(graph, [&](int64_t columns) {
    return Shape::batched({L, columns});
  });
  in.stat_exog =
      stat_kind(g).read(graph, [&](int64_t columns) { return Shape::batched({columns}); });
  return in;
}

/// The rows of each window side by side.
ModelInputs multivariate_inputs(Graph& graph, const Geometry& g) {
  const int64_t L = g.input_size, H = g.horizon, N = g.series;
  const auto steps = [&](const char* name) {  // [B, L, N]
    const Var rows = graph.input(name, Shape::batched({L}, N));
    return transpose(reshape(rows, Shape::batched({N, L})), {0, 2, 1});
  };
  const auto exogenous = [&](const ExogenousKind& kind, int64_t length) {
    const Var rows = kind.read(graph, [&](int64_t columns) {
      return Shape::batched({length, columns}, N);
    });
    if (!rows.valid()) return rows;
    return transpose(reshape(rows, Shape::batched({N, length, kind.width})), {0, 3, 2, 1});
  };
  ModelInputs in;
  in.insample_y = steps(io_names::kInsampleY);
  in.insample_mask = steps(io_names::kInsampleMask);
  in.futr_exog = exogenous(futr_kind(g), L + H);
  in.hist_exog = exogenous(hist_kind(g), L);
  in.stat_exog = stat_kind(g).read(graph, [&](int64_t columns) {
    return Shape::fixed({N, columns});
  });
  return in;
}

/// The output [B, H, Q·N] of a multivariate model as rows [N·B, H, Q]. The reference's MQLoss reads
/// the last axis, which its models write output by output, as if it were written series by series.
Var rows_of(Var forecast, const Geometry& g, bool mixed) {
  const int64_t H = g.horizon, N = g.series, Q = g.outputs;
  const Var by_series = mixed
                            ? transpose(reshape(forecast, Shape::batched({H, N, Q})), {0, 2, 1, 3})
                            : transpose(reshape(forecast, Shape::batched({H, Q, N})), {0, 3, 1, 2});
  return reshape(by_series, Shape::batched({H, Q}, N));
}

}  // namespace

Network::Network(const ModelSpec& spec, Options options, Geometry geometry, Loss loss)
    : spec_(&spec), options_(std::move(options)), geometry_(geometry), loss_(std::move(loss)) {
  geometry_.outputs = loss_.outputs();
  if (spec.capabilities.multivariate) geometry_.series = options_.integer("n_series");
  check_geometry(spec, geometry_, loss_);
  if (recurrent() && loss_.spec().implicit != nullptr) {
    throw Error(Code::config, "[" + place_of(spec) + "] received the loss " +
                                  std::string(loss_.spec().name) +
                                  " with recurrent = true, expected another loss: which quantile "
                                  "such a network would read back is not said");
  }
  // With the loss, so that a loss that does not fit the geometry is an error now and not in the
  // middle of a fit.
  const Graph graph = build(Phase::train, true, window(Use::train).input_size);
  declarations_ = graph.parameters();
  table_ = ParameterTable(declarations_);
  for (const ParameterEntry& entry : table_.entries())
    if (graph.outputs().contains(next_name(entry.name))) state_.push_back(entry);
}

void Network::commit_state(const Plan& plan, std::span<float> parameters,
                           const std::vector<std::string>& frozen) const {
  for (const ParameterEntry& entry : state_) {
    if (std::find(frozen.begin(), frozen.end(), entry.name) != frozen.end()) continue;
    const std::span<const float> next = plan.output(next_name(entry.name));
    table_.write(parameters, entry, next);
  }
}

WindowSize Network::window(Use use) const {
  if (!recurrent()) return {geometry_.input_size, geometry_.horizon};
  if (use == Use::train && loss_.horizon_weight().empty())
    return {geometry_.input_size + 1, options_.integer("h_train")};
  const bool asked = use == Use::predict && !options_.is_null("inference_input_size");
  const int64_t context = asked ? options_.integer("inference_input_size") : 0;
  return {(context > 0 ? context : geometry_.input_size) + 1, geometry_.horizon};
}

Graph Network::build(Phase phase, bool with_loss, int64_t input_size) const {
  Graph graph;
  graph.set_place(place_of(*spec_));
  Geometry g = geometry_;
  g.outputs = loss_.model_outputs();
  g.input_size = input_size;
  if (recurrent()) {
    // In training the targets of all but the last step are read as inputs.
    g.horizon = with_loss ? window(Use::train).horizon : 1;
    g.input_size += g.horizon - 1;
  }
  const bool multivariate = spec_->capabilities.multivariate;
  const ModelInputs in =
      multivariate ? multivariate_inputs(graph, g) : univariate_inputs(graph, g, recurrent());
  Var forecast = spec_->build({graph, options_, g, in, phase});
  check_internal(forecast.shape() == Shape::batched({g.horizon, g.outputs * g.series}),
                 "a model's output is [B, H, Q·N]");
  if (multivariate) forecast = rows_of(forecast, g, loss_.mixes_series());
  graph.output(io_names::kForecast, with_loss ? forecast : loss_.forecast(graph, forecast));
  if (with_loss) {
    const Shape per_step = Shape::batched({g.horizon, 1}, g.series);
    const auto row_input = [&](const char* name) { return graph.var(graph.find_input(name)); };
    const Var y = graph.input(io_names::kOutsampleY, per_step),
              weight = graph.input(io_names::kWeight, per_step);
    const Var inverse_sum = graph.input(io_names::kInverseSum, Shape{});
    LossInputs inputs{y,
                      forecast,
                      row_input(io_names::kInsampleY),
                      row_input(io_names::kInsampleMask),
                      weight,
                      inverse_sum,
                      {},
                      {},
                      {},
                      {},
                      {},
                      {},
                      {}};
    if (loss_.spec().implicit != nullptr) {
      inputs.level = graph.input(io_names::kQuantileLevel, per_step);
      inputs.cosines = graph.input(io_names::kQuantileCosines,
                                   Shape::batched({g.horizon, loss_.draws().embedding}, g.series));
    }
    if (loss_.distribution() != nullptr) {
      const Shape per_row = Shape::batched({1, 1}, g.series);
      inputs.target = graph.input(io_names::kTarget, per_step);
      inputs.loc = graph.input(io_names::kLoc, per_row);
      inputs.scale = graph.input(io_names::kScale, per_row);
    }
    if (loss_.distillation()) {
      const auto numbers = static_cast<int64_t>(loss_.distillation()->masses.size());
      const Shape taught = Shape::batched({g.horizon, numbers}, g.series);
      inputs.teacher = graph.input(io_names::kTeacher, taught);
      if (loss_.distribution() != nullptr)
        inputs.teacher_target = graph.input(io_names::kTeacherTarget, taught);
    }
    graph.output(io_names::kLoss, loss_.build_training(graph, inputs));
  }
  return graph;
}

Graph Network::infer_graph(int64_t input_size) const {
  return build(Phase::infer, false, input_size > 0 ? input_size : window(Use::predict).input_size);
}

Graph Network::step_graph() const { return build(Phase::step, false, 1); }

Graph Network::train_graph(bool input_gradient, Phase phase,
                           const std::vector<std::string>& frozen) const {
  Graph graph = build(phase, true, window(Use::train).input_size);
  differentiate(
      graph, io_names::kLoss,
      input_gradient ? std::vector<std::string>{io_names::kInsampleY} : std::vector<std::string>{},
      frozen);
  return graph;
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
