// values/losses.json and values/distributions.json: values, gradients and output columns in
// float64.
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "graph/differentiate.h"
#include "graph/evaluate.h"
#include "losses/loss.h"
#include "outcome.h"

namespace nd::parity {
namespace {

using nlohmann::json;
constexpr double kExact = 1e-9;

/// Cases of one name, in order of appearance.
std::vector<std::pair<std::string, std::vector<json>>> by_name(const json& rows, const char* key) {
  std::vector<std::pair<std::string, std::vector<json>>> groups;
  for (const json& row : rows) {
    const std::string name = row.at(key);
    if (groups.empty() || groups.back().first != name) {
      auto found = std::find_if(groups.begin(), groups.end(),
                                [&](const auto& group) { return group.first == name; });
      if (found != groups.end()) {
        found->second.push_back(row);
        continue;
      }
      groups.push_back({name, {}});
    }
    groups.back().second.push_back(row);
  }
  return groups;
}

void check_loss(const json& file, const json& row, Outcome& outcome) {
  const Loss loss(our_loss({row.at("loss"), row.at("arguments")}), /*compat=*/true);
  const std::string where =
      row.at("arguments").dump() + " " + row.at("mask_name").get<std::string>();
  const auto windows = static_cast<int64_t>(file.at("y").size());
  const auto horizon = static_cast<int64_t>(file.at("y")[0].size());
  const auto input_size = static_cast<int64_t>(file.at("y_insample")[0].size());
  Graph graph = loss_graph(loss, horizon, input_size);
  differentiate(graph, "loss", {"y_hat"});

  const reference::Tensor y = flat(file.at("y")), y_hat = flat(row.at("y_hat")),
                          insample = flat(file.at("y_insample")),
                          insample_mask(insample.size(), 1.0), mask = flat(row.at("mask"));
  const LossWindows in{windows, horizon, input_size, y, y_hat, mask, insample, insample_mask};
  const auto result = reference::evaluate(graph, loss_arguments(loss, in));
  const std::vector<double> value = {row.at("value").get<double>()};
  outcome.check("value", relative_difference(result.at("loss"), value), kExact, where);
  outcome.check("gradient", relative_difference(result.at("grad.y_hat"), flat(row.at("gradient"))),
                kExact, where);
  const double metric = evaluate_loss(loss, in);
  outcome.check("metric", relative_difference(std::vector<double>{metric}, value), kExact, where);

  if (!row.at("quantiles").is_null())
    outcome.check("quantiles", largest_difference(loss.quantiles(), flat(row.at("quantiles"))),
                  kExact, where);
  const json columns = loss.output_names();
  if (loss.spec().trainable && columns != row.at("output_names"))
    outcome.fail("output names " + columns.dump() + ", expected " + row.at("output_names").dump());
}

/// Columns of the fixture's parameters [[B, H, 1(, K)], …] as ours: one after the other per step.
std::vector<double> by_step(const json& parameters, size_t steps) {
  std::vector<std::vector<double>> columns;
  for (const json& one : parameters)
    if (one.is_array()) columns.push_back(flat(one));
  std::vector<double> values;
  for (size_t step = 0; step < steps; ++step)
    for (const auto& column : columns) {
      const size_t width = column.size() / steps;
      values.insert(values.end(), column.begin() + static_cast<std::ptrdiff_t>(step * width),
                    column.begin() + static_cast<std::ptrdiff_t>((step + 1) * width));
    }
  return values;
}

/// Parameters of ISQF as ours: without the probabilities of its knots and the window's scaler,
/// which the reference hands on, and in the scale of the panel.
json in_panel_scale(json parameters, const json& row) {
  parameters.get_ref<json::array_t&>().resize(5);
  for (size_t window = 0; window < row.at("y").size(); ++window) {
    const double loc = row.at("loc")[window][0][0], scale = row.at("scale")[window][0][0];
    for (const size_t rate : {2, 3})
      for (json& step : parameters[rate][window]) step[0] = step[0].get<double>() / scale;
    for (json& step : parameters[4][window])
      for (json& knot : step[0]) knot = knot.get<double>() * scale + loc;
  }
  return parameters;
}

/// A distribution loss as the JSON that nd::Loss reads.
json distribution_json(const json& row) {
  const std::string name = row.at("distribution");
  const bool mixture = name == "GMM" || name == "PMM" || name == "NBMM";
  json arguments = row.at("arguments");
  if (!mixture) arguments["distribution"] = name;
  return our_loss({mixture ? name : "DistributionLoss", arguments});
}

void check_distribution(const json& row, Outcome& outcome) {
  const Loss loss(distribution_json(row), /*compat=*/true);
  const Distribution& distribution = *loss.distribution();
  const std::string where = row.at("arguments").dump() + (row.at("scaled") ? " scaled " : " ") +
                            row.at("mask_name").get<std::string>();
  const reference::Tensor raw = flat(row.at("raw")), y = flat(row.at("y")),
                          mask = flat(row.at("mask")), loc = flat(row.at("loc")),
                          scale = flat(row.at("scale")), none;
  const auto windows = static_cast<int64_t>(row.at("y").size()),
             horizon = static_cast<int64_t>(row.at("y")[0].size());
  Graph graph = loss_graph(loss, horizon, 0);
  differentiate(graph, "loss", {"y_hat"});
  const LossWindows in{windows, horizon, 0, y, raw, mask, none, none, loc, scale};
  const auto result = reference::evaluate(graph, loss_arguments(loss, in));
  outcome.check(
      "value",
      relative_difference(result.at("loss"), std::vector<double>{row.at("value").get<double>()}),
      kExact, where);
  outcome.check("gradient", relative_difference(result.at("grad.y_hat"), flat(row.at("gradient"))),
                kExact, where);

  const auto steps = static_cast<size_t>(windows * horizon),
             width = static_cast<size_t>(loss.outputs()),
             size = static_cast<size_t>(distribution.size());
  std::vector<double> parameters, means, all(size);
  const std::vector<double> expected =
      by_step(row.at("distribution") == "ISQF" ? in_panel_scale(row.at("parameters"), row)
                                               : row.at("parameters"),
              steps);
  for (size_t step = 0; step < steps; ++step) {
    const size_t window = step / static_cast<size_t>(horizon);
    distribution.parameters(std::span(raw).subspan(step * width, width), loc[window], scale[window],
                            all);
    // Equal weights of a mixture are no parameters of the reference.
    parameters.insert(parameters.end(), all.begin(),
                      all.begin() + static_cast<std::ptrdiff_t>(expected.size() / steps));
    means.push_back(distribution.mean(all));
  }
  outcome.check("parameters", relative_difference(parameters, expected), kExact, where);
  if (row.contains("mean"))  // else one of draws
    outcome.check("mean", relative_difference(means, flat(row.at("mean"))), kExact, where);
  const json columns = loss.output_names();
  if (columns != row.at("output_names"))
    outcome.fail("output names " + columns.dump() + ", expected " + row.at("output_names").dump());
}

void run_group(const std::string& name, const std::vector<json>& rows, const std::string& filter,
               const Emit& emit, const std::function<void(const json&, Outcome&)>& check) {
  Outcome outcome("values", name);
  if (!matches("values/" + name, filter)) return;
  for (const json& row : rows) guarded(outcome, [&] { check(row, outcome); });
  emit(outcome);
}

}  // namespace

void run_losses(const std::string& folder, const std::string& filter, const Emit& emit) {
  const json losses = read_json(folder, "losses.json");
  if (!losses.is_null())
    for (const auto& [name, rows] : by_name(losses.at("cases"), "loss"))
      run_group(name, rows, filter, emit,
                [&](const json& row, Outcome& outcome) { check_loss(losses, row, outcome); });
  const json distributions = read_json(folder, "distributions.json");
  if (!distributions.is_null())
    for (const auto& [name, rows] : by_name(distributions.at("cases"), "distribution"))
      run_group(name, rows, filter, emit, check_distribution);
}

}  // namespace nd::parity
