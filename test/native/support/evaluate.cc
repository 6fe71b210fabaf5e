#include "support/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "graph/differentiate.h"
#include "parallel/team.h"

namespace nd::test {

std::vector<double> random_values(size_t count, double low, double high, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(static_cast<float>(low), static_cast<float>(high));
  std::vector<double> values(count);
  for (double& v : values) v = uniform(generator);
  return values;
}

reference::Tensors run_cpu(const Graph& graph, const reference::Arguments& args, Split split,
                           int threads) {
  const ParameterTable table(graph.parameters());
  const std::unique_ptr<Plan> plan = compile_cpu(graph, table, {args.windows, split});
  FloatBuffer parameters(static_cast<size_t>(table.total())),
      gradients(static_cast<size_t>(table.total()));
  for (const ParameterEntry& entry : table.entries()) {
    const reference::Tensor& values = args.parameters.at(entry.name);
    table.write(parameters.span(), entry, std::vector<float>(values.begin(), values.end()));
  }
  for (const auto& [name, values] : args.inputs) {
    if (!plan->has_input(name)) continue;
    std::copy(values.begin(), values.end(), plan->input(name).begin());
  }
  parallel::Team team(threads);
  RunArgs run{.parameters = parameters.span(),
              .gradients = gradients.span(),
              .seed = args.seed,
              .step = args.step};
  run.team = &team;
  plan->run(run);
  reference::Tensors outputs;
  for (const auto& [name, id] : graph.outputs()) {
    const ParameterEntry* entry = name.starts_with(gradient_name(""))
                                      ? table.find(name.substr(gradient_name("").size()))
                                      : nullptr;
    if (entry != nullptr) {
      const std::vector<float> values = table.read(gradients.span(), *entry);
      outputs[name] = reference::Tensor(values.begin(), values.end());
    } else {
      const std::span<const float> values = plan->output(name);
      outputs[name] = reference::Tensor(values.begin(), values.end());
    }
  }
  return outputs;
}

double max_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(a[i] - b[i]);
    worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(worst, d);
  }
  return worst;
}

double max_magnitude(const std::vector<double>& a) {
  double worst = 0;
  for (double v : a) worst = std::max(worst, std::fabs(v));
  return worst;
}

double gradient_error(const Graph& graph, reference::Arguments args,
                      const std::vector<std::string>& names, double epsilon) {
  const reference::Tensors analytic = reference::evaluate(graph, args);
  double worst = 0;
  for (const std::string& name : names) {
    reference::Tensor& values =
        args.inputs.contains(name) ? args.inputs.at(name) : args.parameters.at(name);
    const reference::Tensor& expected = analytic.at(gradient_name(name));
    for (size_t i = 0; i < values.size(); ++i) {
      const double saved = values[i];
      const auto loss_at = [&](double shift) {
        values[i] = saved + shift;
        const double loss = reference::evaluate(graph, args).at("loss")[0];
        values[i] = saved;
        return loss;
      };
      // The five-point rule: its error is of fourth order, so that 1e-9 is reached in double.
      const double slope = (8 * (loss_at(epsilon) - loss_at(-epsilon)) -
                            (loss_at(2 * epsilon) - loss_at(-2 * epsilon))) /
                           (12 * epsilon);
      worst = std::max(worst, std::fabs(slope - expected[i]));
    }
  }
  return worst;
}

}  // namespace nd::test
