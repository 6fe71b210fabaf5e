// The plans of a network, compiled from its graphs.
#include <nlohmann/json.hpp>

#include <cmath>

#include "base/error.h"
#include "graph/passes/passes.h"
#include "models/network.h"

namespace nd {

std::unique_ptr<Plan> Network::compile_infer(int64_t windows, Use use) const {
  if (recurrent()) return compile_recurrent(windows, use, feedback(use));
  return compile_cpu(infer_graph(window(use).input_size), table_, {.windows = windows});
}

std::unique_ptr<Plan> Network::compile_draws(int64_t windows, Draws draws) const {
  check_internal(recurrent(), "draws are fed back to recurrent networks");
  Feedback feedback;
  feedback.draws = std::move(draws);
  return compile_recurrent(windows, Use::predict, feedback);
}

std::unique_ptr<Plan> Network::compile_recurrent(int64_t windows, Use use,
                                                 const Feedback& feedback) const {
  const Graph step = step_graph();
  return std::make_unique<RecurrentPlan>(
      compile_cpu(infer_graph(window(use).input_size), table_, {.windows = windows}),
      compile_cpu(step, table_, {.windows = windows * feedback.draws.paths}), step, geometry_,
      feedback);
}

Feedback Network::feedback(Use use) const {
  Feedback feedback{.distribution = loss_.distribution()};
  feedback.replaces_outputs =
      feedback.distribution == nullptr && loss_.compat() && use == Use::predict;
  const nlohmann::ordered_json& options = options_.json();
  const std::string scaler = options.value("scalerType", std::string("identity"));
  if (scaler == "minmax1") feedback.to_network = [](double z) { return 2 * z - 1; };
  if (scaler == "invariant") feedback.to_network = [](double z) { return std::asinh(z); };
  return feedback;
}

std::unique_ptr<Plan> Network::compile_train(int64_t windows, Split split, bool checkpointing,
                                             Precision precision,
                                             const std::vector<std::string>& frozen,
                                             bool random) const {
  const Graph graph = train_graph(false, Phase::train, frozen);
  return compile_cpu(random ? graph : remove_dropout(graph), table_,
                     {.windows = windows,
                      .split = split,
                      .recompute_until = checkpointing ? io_names::kLoss : "",
                      .precision = precision});
}

}  // namespace nd
